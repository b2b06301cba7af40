import { activeContract } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import type { NewEvent } from "../core/ports.ts";
import type { SalvageReport, StoredState, StoreOp } from "../store.ts";

/** Hold of a contract whose journal was salvaged; a person or the cloud ends it. */
const SALVAGED_HOLD = "salvaged";

/** The damage is told of once. */
export const TOLD_OF_DAMAGE: readonly StoreOp[] = [
  { type: "set-meta", key: "setAside", value: "" },
  { type: "set-meta", key: "salvaged", value: "" },
];

/**
 * Tells of a database that was set aside. Its last events may be lost without a trace, and with them what the robot has done; so
 * the contract that goes on is held until somebody has looked. One whose document is lost can't go on.
 */
export function damageEvents(
  setAside: string,
  { salvaged, contracts }: Pick<StoredState, "salvaged" | "contracts">,
  state: DeviceState,
): readonly NewEvent[] {
  const detail = `the database was damaged; it was kept as ${setAside}, and ${consequence(salvaged)}`;
  const exception: NewEvent = { type: "exception", data: { code: "store_corrupt", severity: "HIGH", detail } };
  const active = activeContract(state);
  if (active && !contracts.some(({ contractId }) => contractId === active.contractId)) {
    const lost = { reason: "contract_lost", detail: "its document was lost with a damaged database" };
    return [exception, { type: "contract.failed", contractId: active.contractId, data: lost }];
  }
  if (!active || active.holds.some(({ holdId }) => holdId === SALVAGED_HOLD)) return [exception];
  const { contractId } = active;
  const reason = "the journal was salvaged from a damaged database: look at the robot before it goes on";
  const hold = { holdId: SALVAGED_HOLD, by: "policy", reason } as const;
  return [exception, { type: "contract.held", contractId, data: hold }];
}

function consequence(salvaged: SalvageReport | undefined): string {
  if (!salvaged || salvaged.journal === "none") return "a new journal begins";
  const { journal, unacknowledged, missing } = salvaged;
  const saved = `${unacknowledged} events that the cloud did not have were salvaged`;
  return journal === "whole" ? `${saved}, and none is seen to be missing` : `${saved}; ${missing} are missing`;
}
