import type { Metres, Seconds, Share } from "#lib/units";

/** A stage by what its time depends on. Two devices of one kind need the same time for the same work. */
export interface StageWork {
  readonly deviceKind: string;
  readonly action: string;
  /** Landmark at which a drive begins; absent where the contract does not tell. */
  readonly from?: string;
  /** Landmark, or other place, at which the work is done. */
  readonly to?: string;
  /** Of a drive between landmarks: how far they are apart in a straight line. */
  readonly metres?: Metres;
}

/** A stage that ended well at its first try, and what it took. */
export interface StageSample extends StageWork {
  readonly seconds: Seconds;
  readonly batteryUsed: Share;
}

/** What a stage should take. */
export interface StageForecast {
  readonly seconds: Seconds;
  /** Standard deviation. */
  readonly sigmaSeconds: Seconds;
  /** Share of the battery. */
  readonly drainPerSecond: number;
}

/**
 * Knows from the past what work takes. Asked where a device did not estimate its work itself, or too long ago; told of every
 * stage that ends.
 */
export interface Estimator {
  learn(sample: StageSample): void;
  /** Undefined where nothing is known of such work. */
  forecast(work: StageWork): StageForecast | undefined;
}
