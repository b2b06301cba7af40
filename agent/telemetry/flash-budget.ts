import type { BoardReading } from "#lib/board";

/** What a device's disk is made for and has had. */
export interface FlashBudget {
  /** Bytes that this program has written to disk in an hour, over the time it was watched. */
  readonly programBytesPerHour: number;
  /** The same for everything that writes to the device; absent where the kernel does not count it. */
  readonly deviceBytesPerHour?: number;
  /** Years until the stated endurance is used up at this pace, by the larger figure; absent without a stated endurance. */
  readonly years?: number;
  /** Share of its life that the device itself says is used (eMMC and SD that tell); in tenths. */
  readonly deviceLifeUsed?: number;
  /** How long was watched. */
  readonly hours: number;
}

const HOUR_MS = 3_600_000;
const HOURS_A_YEAR = 8766;
/** A shorter time says too little. */
const WATCHED_MS_MIN = 60_000;

/** Follows what is written from reading to reading. Pure; times are monotonic milliseconds. */
export class FlashWatch {
  readonly #enduranceBytes: number | undefined;
  #first: { readonly atMs: number; readonly reading: BoardReading } | undefined;
  #last: { readonly atMs: number; readonly reading: BoardReading } | undefined;

  /** `enduranceBytes`: what the maker says can be written to the device in its life (TBW). */
  constructor(enduranceBytes: number | undefined) {
    this.#enduranceBytes = enduranceBytes;
  }

  note(reading: BoardReading, atMs: number): void {
    if (reading.writtenBytes === undefined) return;
    this.#first ??= { atMs, reading };
    this.#last = { atMs, reading };
  }

  /** Undefined until it was watched for a minute, and where the system does not count. */
  budget(): FlashBudget | undefined {
    const [first, last] = [this.#first, this.#last];
    if (!first || !last || last.atMs - first.atMs < WATCHED_MS_MIN) return undefined;
    const hours = (last.atMs - first.atMs) / HOUR_MS;
    const program = perHour(first.reading.writtenBytes, last.reading.writtenBytes, hours) ?? 0;
    const device = perHour(first.reading.deviceWrittenBytes, last.reading.deviceWrittenBytes, hours);
    const pace = Math.max(program, device ?? 0);
    const { deviceLifeUsed } = last.reading;
    return {
      programBytesPerHour: program,
      ...(device === undefined ? {} : { deviceBytesPerHour: device }),
      ...(this.#enduranceBytes === undefined || pace === 0
        ? {}
        : { years: this.#enduranceBytes / (pace * HOURS_A_YEAR) }),
      ...(deviceLifeUsed === undefined ? {} : { deviceLifeUsed }),
      hours,
    };
  }
}

function perHour(before: number | undefined, after: number | undefined, hours: number): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  return Math.max(0, after - before) / hours;
}
