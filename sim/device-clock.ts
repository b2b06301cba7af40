import type { Cancel, Clock, ClockState } from "#lib/clock";

/** The clocks of one simulated computer: it may be started anew, and its wall clock may be wrong, while time itself goes on. */
export class DeviceClock implements Clock {
  readonly #time: Clock;
  #bootId: string;
  #wallOffsetMs = 0;

  constructor(time: Clock) {
    this.#time = time;
    this.#bootId = time.bootId;
  }

  get bootId(): string {
    return this.#bootId;
  }

  nowMs(): number {
    return this.#time.nowMs();
  }

  wallMs(): number {
    return this.#time.wallMs() + this.#wallOffsetMs;
  }

  state(): ClockState {
    return this.#time.state();
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#time.after(delayMs, run);
  }

  /** The computer boots: times counted from before do not compare with those to come. */
  boot(bootId: string): void {
    this.#bootId = bootId;
  }

  /** The wall clock of this computer alone jumps. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}
