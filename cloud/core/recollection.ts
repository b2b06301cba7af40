import type { OnlinePresence } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import type { Seconds } from "#lib/units";
import type { DeviceMode } from "./device-machine.ts";
import { reassignableAtMs } from "./lease.ts";

/** What has been heard of a device since the cloud began with a copy of its database. */
export interface Hearing {
  readonly mode: DeviceMode;
  /** Of the session heard last. */
  readonly presence: Pick<OnlinePresence, "cloudId" | "active"> | undefined;
  /** Whether the journal is folded up to where it ended when that session began. */
  readonly isCaughtUp: boolean;
  readonly state: Pick<DeviceState, "contracts">;
}

/**
 * Whether everything is known that the lost process may have given to a device: its journal is folded, and its session was
 * drawn after it had heard this cloud, so that what was on its way from before is refused.
 */
export function isAccountedFor({ mode, presence, isCaughtUp, state }: Hearing, cloudId: string): boolean {
  if (mode === "projected" || !isCaughtUp || presence?.cloudId !== cloudId) return false;
  return presence.active.every(({ contractId }) => Object.hasOwn(state.contracts, contractId));
}

/** What a lost database may have given out since its copy was made: any task has fewer epochs than this in that time. */
export const EPOCHS_FORGOTTEN_MAX = 1000;

/** When the longest lease that the lost process may have given has surely ended, by the clock that `startedMs` is of. */
export function allLeasesOverMs(longestLeaseSeconds: Seconds, startedMs: number): number {
  return reassignableAtMs({ durationSeconds: longestLeaseSeconds, windDownSeconds: 0 }, startedMs);
}
