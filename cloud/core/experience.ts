import type { Estimator, StageSample, StageWork } from "./estimator.ts";

/**
 * Experience with the fleet: for each kind of device, how long drives take from landmark to landmark and other work at its
 * place, what it takes elsewhere, and what it drains. Samples are weighted exponentially, so that a site that changes is learned anew.
 */
export function createExperience(): Estimator {
  const known = new Map<string, Mean>();
  const learn = (key: string, value: number): void => void known.set(key, withSample(known.get(key), value));
  return {
    learn(sample) {
      const { seconds, batteryUsed } = sample;
      learn(placeKey(sample), seconds);
      if (!isDrive(sample)) learn(actionKey("time", sample), seconds);
      else if (isFar(sample)) learn(actionKey("pace", sample), seconds / sample.metres);
      if (seconds > 0) learn(actionKey("drain", sample), Math.max(0, batteryUsed) / seconds);
    },
    forecast(work) {
      const time = known.get(placeKey(work));
      const spread = time ? spreadOf(time) : elsewhere(work);
      const drainPerSecond = known.get(actionKey("drain", work))?.mean ?? 0;
      return spread && { seconds: spread.mean, sigmaSeconds: spread.sigma, drainPerSecond };
    },
  };

  /** What such work took at other places. */
  function elsewhere(work: StageWork): Spread | undefined {
    const factor = isDrive(work) ? work.metres : 1;
    const general = known.get(actionKey(isDrive(work) ? "pace" : "time", work));
    if (!general || factor === undefined) return undefined;
    const { mean, sigma } = spreadOf(general);
    return { mean: mean * factor, sigma: sigma * factor };
  }
}

/** Mean and variance of what was seen. */
interface Mean {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

interface Spread {
  readonly mean: number;
  readonly sigma: number;
}

/** Share of the newest sample once there are many. */
const NEWEST_SHARE = 0.2;
/** Standard deviation of what was seen never, as a share; it counts as one more sample. */
const SPREAD_UNLEARNED = 0.3;
/** Drives over less, in metres, take most of their time for turning and say nothing about longer ones. */
const WAY_WORTH_LEARNING = 1;

/** T. Finch, "Incremental calculation of weighted mean and variance", 2009, equations 124 and 143. */
function withSample(before: Mean | undefined, value: number): Mean {
  const { count, mean, variance } = before ?? { count: 0, mean: value, variance: 0 };
  const share = Math.max(NEWEST_SHARE, 1 / (count + 1));
  const difference = value - mean;
  const step = share * difference;
  return { count: count + 1, mean: mean + step, variance: (1 - share) * (variance + difference * step) };
}

function spreadOf({ count, mean, variance }: Mean): Spread {
  const share = count / (count + 1);
  return { mean, sigma: Math.sqrt(share * variance + (1 - share) * (SPREAD_UNLEARNED * mean) ** 2) };
}

function isDrive({ action }: StageWork): boolean {
  return action === "navigate";
}

function isFar(sample: StageSample): sample is StageSample & { readonly metres: number } {
  return (sample.metres ?? 0) >= WAY_WORTH_LEARNING;
}

/** A drive is told by both ends; other work is the same from wherever its device came. */
function placeKey(work: StageWork): string {
  const { deviceKind, action, from = "", to = "" } = work;
  return JSON.stringify(["place", deviceKind, action, isDrive(work) ? from : "", to]);
}

function actionKey(what: "time" | "pace" | "drain", { deviceKind, action }: StageWork): string {
  return JSON.stringify([what, deviceKind, action]);
}
