import type { Lease } from "#contract/contract";
import type { Seconds } from "#lib/units";

/** Rate error allowed between the two clocks, and a margin for what a program takes to act. */
const CLOCK_RATE = 1.001;
const MARGIN_SECONDS: Seconds = 5;

/**
 * When a task may be given to somebody else, on the cloud's monotonic clock: after the device's lease and wind-down have
 * surely ended. `countedFromMs` is the receipt of the `stored` reply or the sending of the last renewal, which are always
 * later than the moments that the device counts from (wire format, §3.5).
 */
export function reassignableAtMs(lease: Lease, countedFromMs: number): number {
  const seconds = (lease.durationSeconds + lease.windDownSeconds) * CLOCK_RATE + MARGIN_SECONDS;
  return countedFromMs + seconds * 1000;
}
