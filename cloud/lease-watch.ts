import { repeat } from "#lib/clock";
import type { CloudContext } from "./context.ts";
import { reassignableAtMs } from "./core/lease.ts";
import { lockingContract, modeOf, type Device } from "./fleet.ts";
import type { Recovery } from "./recovery.ts";
import { forgottenContract, releaseForgotten } from "./returning.ts";

const LOOK_EVERY_MS = 5_000;
const UNDER_WAY: ReadonlySet<string> = new Set(["accepted", "running", "held"]);

/**
 * Looks for devices whose silence, or whose loss of memory, has outlasted their lease: they have stopped by then, so their
 * tasks may be given on.
 */
export function watchLeases(context: CloudContext, recovery: Pick<Recovery, "consider">): void {
  repeat(context.clock, LOOK_EVERY_MS, () => {
    for (const device of context.fleet.all()) {
      if (isLeaseOver(context, device)) recovery.consider(device.contract!.contractId);
      const forgotten = forgottenContract(context, device)?.contractId;
      if (forgotten === undefined) continue;
      context.background("forgotten contract", async () => {
        await device.turns(() => releaseForgotten(context, device));
        recovery.consider(forgotten);
      });
    }
  });
}

/** Whether the device is out of reach and the lease of its contract has surely ended, wind-down included. */
export function isLeaseOver(context: CloudContext, device: Device): boolean {
  const contract = lockingContract(device);
  const { leaseCountedMs } = device;
  if (!contract || !UNDER_WAY.has(contract.status) || leaseCountedMs === undefined) return false;
  return (
    modeOf(device) === "projected" && context.clock.nowMs() >= reassignableAtMs(contract.contract.lease, leaseCountedMs)
  );
}
