import { tickOf, type Column, type Series } from "#contract/telemetry-columns";
import { quantitiesOf, type ChannelName, type ChannelSettings, type Reading } from "./channels.ts";

/** A channel says something at least this often, so that a silent one is told from a dead one. */
const SILENCE_MS_MAX = 60_000;

interface Sample {
  readonly atMs: number;
  readonly ticks: readonly (number | null)[];
}

/**
 * Turns readings of one channel into samples. A reading that differs from the last recorded one by no more than the deadband is
 * left out; when the next one differs, the last that was left out is recorded first, so that a line through the samples
 * stays flat where the quantity did. Pure.
 */
export class Sampler {
  readonly #channel: ChannelName;
  readonly #quantities: readonly (readonly [name: string, resolution: number, isAngle: boolean])[];
  /** In ticks. */
  readonly #deadbands: readonly number[];
  #recorded: Sample | undefined;
  #skipped: Sample | undefined;
  #angles: (number | undefined)[] = [];
  #samples: Sample[] = [];

  constructor(channel: ChannelName, { deadband = {} }: Pick<ChannelSettings, "deadband">) {
    this.#channel = channel;
    this.#quantities = Object.entries(quantitiesOf(channel)).map(
      ([name, { resolution, kind }]) => [name, resolution, kind === "angle"] as const,
    );
    this.#deadbands = this.#quantities.map(([name, resolution]) => (deadband[name] ?? 0) / resolution);
  }

  /** A reading at a moment after the last one; `undefined` when there is nothing to read. */
  offer(atMs: number, reading: Reading | undefined): void {
    if (!reading) return;
    const ticks = this.#quantities.map(([name, resolution, isAngle], at) => {
      const value = reading[name];
      return tickOf(isAngle ? this.#follow(at, value) : value, resolution);
    });
    const sample = { atMs: Math.round(atMs), ticks };
    const before = this.#recorded;
    if (before && sample.atMs <= before.atMs) return;
    if (before && sample.atMs - before.atMs < SILENCE_MS_MAX && !this.#differs(before, sample)) {
      this.#skipped = sample;
      return;
    }
    if (this.#skipped) this.#samples.push(this.#skipped);
    this.#skipped = undefined;
    this.#recorded = sample;
    this.#samples.push(sample);
  }

  /** The samples since the last call, or undefined when there are none. */
  take(): Series | undefined {
    const samples = this.#samples;
    if (samples.length === 0) return undefined;
    this.#samples = [];
    const columns = this.#quantities.map(([name, resolution], at): Column => {
      return { name, resolution, ticks: samples.map(({ ticks }) => ticks[at]!) };
    });
    return {
      channel: this.#channel,
      atMs: samples.map(({ atMs }) => atMs),
      columns: columns.filter(({ ticks }) => ticks.some((tick) => tick !== null)),
    };
  }

  /** The angle nearest to the last one that is the same direction. */
  #follow(at: number, value: number | undefined): number | undefined {
    if (value === undefined || !Number.isFinite(value)) return undefined;
    const before = this.#angles[at];
    const turns = before === undefined ? 0 : Math.round((before - value) / (2 * Math.PI));
    this.#angles[at] = value + turns * 2 * Math.PI;
    return this.#angles[at];
  }

  #differs(before: Sample, after: Sample): boolean {
    return after.ticks.some((tick, at) => {
      const known = before.ticks[at]!;
      if (tick === null || known === null) return tick !== known;
      return Math.abs(tick - known) > this.#deadbands[at]!;
    });
  }
}
