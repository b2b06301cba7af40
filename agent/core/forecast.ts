import { type Point, polylineLength } from "#lib/geometry";
import type { Metres, Seconds } from "#lib/units";
import type { Stage } from "#contract/contract";
import { DRIVE_OVERHEAD_SECONDS, placeOf, type LearnedDuration } from "./durations.ts";
import type { Outlook } from "./estimate.ts";

/** A time to come, with its standard deviation. */
export interface Forecast {
  readonly seconds: Seconds;
  readonly sigmaSeconds: Seconds;
}

/** A drive under way: how far it has come, how long that took, and what is left. */
export interface DriveSoFar {
  readonly driven: Metres;
  readonly seconds: Seconds;
  readonly left: Metres;
}

/** What an action takes when neither the contract nor a route nor experience tells. */
const USUAL_SECONDS: Readonly<Record<string, number>> = { pick: 6, place: 6, scan: 3, navigate: 30, clean: 600 };
/** Standard deviation of a time that nobody has measured yet, as a share of it. */
const SPREAD_UNLEARNED = { drive: 0.25, other: 0.4 };
/** Metres after which the speed of a drive itself says something about the rest of it. */
const TELLING_WAY = 2;
/** An estimate is called right when the truth is within this share of it. */
const RIGHT_WITHIN = 0.2;

/** How long a whole stage takes: by its way for a drive, else by what the contract and experience say. */
export function forecastStage(stage: Stage, outlook: Outlook, way: readonly Point[] | undefined): Forecast {
  if (stage.action === "wait" && typeof stage.inputs["seconds"] === "number") {
    return { seconds: stage.inputs["seconds"], sigmaSeconds: 0 };
  }
  if (way) return overWay(polylineLength(way), DRIVE_OVERHEAD_SECONDS, paceOf(stage, outlook));
  const guess = stage.nominalSeconds ?? USUAL_SECONDS[stage.action] ?? 0;
  // What is known of a drive is a pace, which says nothing without a way.
  const known =
    stage.action === "navigate" || stage.action === "clean" ? undefined : outlook.learned(stage.action, placeOf(stage));
  return weighed({ seconds: guess, sigmaSeconds: guess * SPREAD_UNLEARNED.other }, known);
}

/** What is left of a drive; the longer it has been under way, the more its own speed counts. */
export function forecastDrive(stage: Stage, outlook: Outlook, { driven, seconds, left }: DriveSoFar): Forecast {
  const planned = paceOf(stage, outlook);
  const share = driven < TELLING_WAY ? 0 : driven / (driven + left);
  const pace = share === 0 ? planned.seconds : (1 - share) * planned.seconds + share * (seconds / driven);
  return overWay(left, DRIVE_OVERHEAD_SECONDS / 2, { ...planned, seconds: pace });
}

/** Probability that the truth is within a fifth of the forecast, if errors are normally distributed. */
export function confidenceOf({ seconds, sigmaSeconds }: Forecast): number {
  return sigmaSeconds === 0 ? 1 : errorFunction((RIGHT_WITHIN * seconds) / (sigmaSeconds * Math.SQRT2));
}

/** Seconds per metre. */
function paceOf(stage: Stage, outlook: Outlook): Forecast {
  const pace = 1 / outlook.speed;
  const known = outlook.learned(stage.action, placeOf(stage));
  return weighed({ seconds: pace, sigmaSeconds: pace * SPREAD_UNLEARNED.drive }, known);
}

function overWay(length: Metres, overhead: Seconds, pace: Forecast): Forecast {
  return { seconds: overhead + length * pace.seconds, sigmaSeconds: length * pace.sigmaSeconds };
}

/** Prior and experience, as if the prior were one more sample. */
function weighed(prior: Forecast, known: LearnedDuration | undefined): Forecast {
  if (!known) return prior;
  const share = known.count / (known.count + 1);
  const variance = share * known.variance + (1 - share) * prior.sigmaSeconds ** 2;
  return { seconds: share * known.mean + (1 - share) * prior.seconds, sigmaSeconds: Math.sqrt(variance) };
}

/** Good to 1.5e-7. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, formula 7.1.26. */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.327_591_1 * x);
  const terms = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
  const polynomial = terms.reduceRight((sum, term) => (sum + term) * t, 0);
  return 1 - polynomial * Math.exp(-x * x);
}
