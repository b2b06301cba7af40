import type { Metres, Share } from "#lib/units";
import type { DeviceState } from "#contract/state";

/** A shorter way says too little about what driving takes. */
const WAY_WORTH_LEARNING: Metres = 20;

/**
 * Share of the battery that this robot has used per metre, standing and handling included, over the contracts that its
 * journal still knows; undefined before it has driven enough.
 */
export function drainPerMetreOf({ contracts }: DeviceState): number | undefined {
  const known = Object.values(contracts);
  const way = known.reduce((sum, { distance }) => sum + distance, 0);
  const used: Share = known.reduce((sum, { batteryUsed }) => sum + Math.max(0, batteryUsed), 0);
  return way >= WAY_WORTH_LEARNING && used > 0 ? used / way : undefined;
}
