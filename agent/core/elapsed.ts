import type { Instant } from "./situation.ts";

/** When something began: on the boot clock while it has not been rebooted since, and by the wall. */
export interface Beginning {
  readonly monoMs?: number | undefined;
  readonly at?: string | undefined;
}

/**
 * Milliseconds since `beginning`. The boot clock is preferred because it never steps; after a reboot only a synced wall
 * clock can tell, and only if the beginning was stamped by a plausible one: nothing begins before its contract was issued.
 * Otherwise `undefined`: nobody knows.
 */
export function elapsedMs(beginning: Beginning, now: Instant, issuedAt: string): number | undefined {
  if (beginning.monoMs !== undefined) return Math.max(0, now.monoMs - beginning.monoMs);
  if (beginning.at === undefined || now.clock === "unsynced") return undefined;
  const beganMs = Date.parse(beginning.at);
  return beganMs < Date.parse(issuedAt) ? undefined : Math.max(0, now.wallMs - beganMs);
}
