import type { Share } from "#lib/units";
import type { Attempt } from "./situation.ts";

/** What an attempt has been charged with so far, and how full the battery was then. */
export interface BatteryMeter {
  readonly used: Share;
  readonly level: Share;
}

/**
 * What an attempt has taken of a battery that is this full now. Attempts that run side by side share what the battery loses
 * evenly, so what stages have used adds up to what was used; one that has ended takes nothing more.
 */
export function chargeOf(attempt: Attempt, attempts: readonly Attempt[], level: Share | undefined): Share {
  const { used, level: before } = meterOf(attempt, level);
  if (attempt.result || level === undefined) return used;
  const running = attempts.filter(({ result }) => result === undefined);
  return used + (before - level) / Math.max(1, running.length);
}

/** The attempt, charged up to now; to be done whenever one begins or ends beside it. */
export function charged(attempt: Attempt, attempts: readonly Attempt[], level: Share | undefined): Attempt {
  return level === undefined ? attempt : { ...attempt, meter: { used: chargeOf(attempt, attempts, level), level } };
}

function meterOf({ meter, batteryAtStart }: Attempt, level: Share = 0): BatteryMeter {
  return meter ?? { used: 0, level: batteryAtStart ?? level };
}
