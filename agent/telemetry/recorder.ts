import { repeat, type Cancel, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { LogRecord, TimeBase } from "#contract/telemetry-block";
import type { Series } from "#contract/telemetry-columns";
import type { Journal } from "../core/ports.ts";
import { isStored, type ChannelName, type ChannelSettings, type Reading, type TelemetryProfile } from "./channels.ts";
import { Sampler } from "./sampler.ts";
import type { Recording, TelemetryStore, Thinning } from "./store.ts";

export interface RecorderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TelemetryStore;
  readonly journal: Pick<Journal, "append">;
  readonly profile: TelemetryProfile;
  /** The newest reading of a channel. */
  readonly read: (channel: ChannelName) => Reading | undefined;
  /** Lines of the log since the last call. */
  readonly takeLines: () => readonly LogRecord[];
}

/** A power cut costs what was sampled since the last of these. */
const COMMIT_EVERY_MS = 1000;
/** What waits for a slow disk longer than this is given up. */
const BUFFER_MS_MAX = 60_000;
/** Wall and monotonic clock run beside each other; a step beyond this begins a new block. */
const DRIFT_MS_MAX = 20;
/** What was thinned is told in sums. */
const TELL_EVERY_MS = 600_000;

/** Samples the channels of the profile and stores them, until it is disposed of; then it stores the rest. */
export function startRecorder(deps: RecorderDeps): AsyncDisposable {
  return new Recorder(deps);
}

class Recorder implements AsyncDisposable {
  readonly #deps: RecorderDeps;
  readonly #log: Log;
  readonly #samplers = new Map<ChannelName, Sampler>();
  readonly #stops: Cancel[] = [];
  #base: TimeBase;
  #writing: Promise<void> | undefined;
  #writtenAtMs: number;
  #disk: "well" | "in trouble" = "well";
  #thinned: readonly Thinning[] = [];
  #toldAtMs = -Infinity;

  constructor(deps: RecorderDeps) {
    const { clock, profile } = deps;
    this.#deps = deps;
    this.#log = deps.log.child({ module: "telemetry" });
    this.#base = baseOf(clock);
    this.#writtenAtMs = clock.nowMs();
    for (const [everyMs, channels] of byPeriod(profile)) {
      this.#stops.push(repeat(clock, everyMs, () => this.#sample(channels)));
    }
    this.#stops.push(repeat(clock, COMMIT_EVERY_MS, () => this.#commit()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await this.#writing;
    await this.#write(this.#collect(), true);
  }

  #sample(channels: readonly (readonly [ChannelName, ChannelSettings])[]): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const [channel, settings] of channels) {
      const sampler = this.#samplers.get(channel) ?? new Sampler(channel, settings);
      this.#samplers.set(channel, sampler);
      sampler.offer(nowMs, this.#deps.read(channel));
    }
  }

  #commit(): void {
    const nowMs = this.#deps.clock.nowMs();
    if (this.#writing) {
      if (nowMs - this.#writtenAtMs < BUFFER_MS_MAX) return;
      const lost = this.#collect();
      this.#log.warn({ recordings: lost.length }, "the disk is too slow, telemetry is given up");
      this.#writtenAtMs = nowMs;
      return;
    }
    const recordings = this.#collect();
    this.#writtenAtMs = nowMs;
    if (recordings.length === 0) return;
    this.#writing = this.#write(recordings, false).finally(() => {
      this.#writing = undefined;
    });
  }

  /** What was sampled since the last time, told in the times that held then. */
  #collect(): Recording[] {
    const { clock, takeLines } = this.#deps;
    const base = this.#base;
    const now = baseOf(clock);
    const isSame = now.clock === base.clock && Math.abs(now.wallAtZeroMs - base.wallAtZeroMs) <= DRIFT_MS_MAX;
    if (!isSame) this.#base = now;
    const series = [...this.#samplers.values()].map((sampler) => sampler.take());
    const known = series.filter((one): one is Series => one !== undefined);
    const lines = takeLines();
    return [
      ...(known.length > 0 ? [{ lane: "backfill", base, content: { kind: "series", series: known } } as const] : []),
      ...(lines.length > 0 ? [{ lane: "logs", base, content: { kind: "log", lines } } as const] : []),
    ];
  }

  async #write(recordings: readonly Recording[], closes: boolean): Promise<void> {
    try {
      const thinned = await this.#deps.store.record(recordings, { close: closes });
      if (this.#disk !== "well") this.#log.info({}, "telemetry is recorded again");
      this.#disk = "well";
      await this.#tell(thinned, closes);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      if (this.#disk === "well") this.#log.warn({ err: thrown }, "telemetry can't be recorded and is dropped");
      this.#disk = "in trouble";
    }
  }

  /** Says in the journal what had to be thinned: at once, then in sums. */
  async #tell(thinned: readonly Thinning[], isLast: boolean): Promise<void> {
    this.#thinned = summed([...this.#thinned, ...thinned]);
    const nowMs = this.#deps.clock.nowMs();
    const isDue = isLast || nowMs - this.#toldAtMs >= TELL_EVERY_MS;
    if (this.#thinned.length === 0 || !isDue) return;
    const told = this.#thinned;
    this.#thinned = [];
    this.#toldAtMs = nowMs;
    this.#log.info({ thinned: told }, "telemetry was thinned");
    await this.#deps.journal.append(told.map((thinning) => ({ type: "telemetry.thinned", data: { ...thinning } })));
  }
}

function baseOf(clock: Clock): TimeBase {
  return { bootId: clock.bootId, wallAtZeroMs: Math.round(clock.wallMs() - clock.nowMs()), clock: clock.state() };
}

function byPeriod({ channels }: TelemetryProfile): Map<number, (readonly [ChannelName, ChannelSettings])[]> {
  const stored = (Object.entries(channels) as [ChannelName, ChannelSettings][]).filter(([, one]) => isStored(one));
  return Map.groupBy(stored, ([, { everyMs }]) => everyMs);
}

function summed(thinned: readonly Thinning[]): Thinning[] {
  return [...Map.groupBy(thinned, ({ lane, reason }) => `${lane} ${reason}`).values()].map((group) =>
    group.reduce((sum, { samples, dropped }) => ({
      ...sum,
      samples: sum.samples + samples,
      dropped: sum.dropped + dropped,
    })),
  );
}
