import { z } from "zod";
import type { Command } from "#contract/messages";
import { activeContract } from "#contract/reducer";
import type { ContractState, DeviceState, Hold } from "#contract/state";
import { isFinal } from "#contract/status";
import type { CommandDecision } from "./command-handler.ts";
import { hasLoad, leftOnBoard } from "./event-parts.ts";
import { isAbortHold } from "./plan-rules.ts";
import type { NewEvent } from "./ports.ts";
import type { RobotView } from "./situation.ts";

/** A command that is about a contract. */
type Order = Pick<Command, "type" | "contractId" | "holdId" | "data">;

/** The contract that a command means: the one it names, else the active one. */
export function contractOf(order: Order, device: DeviceState): ContractState | undefined {
  const { contractId } = order;
  if (contractId === undefined) return activeContract(device);
  return Object.hasOwn(device.contracts, contractId) ? device.contracts[contractId] : undefined;
}

/**
 * What a command of the cloud means for the journal. A hold that is placed twice and a resume without a hold change nothing
 * and are obeyed; what comes after the end of a contract is refused.
 */
export function decideOrder(
  order: Order,
  device: DeviceState,
  robot: Pick<RobotView, "isLoaded">,
  uuid: () => string,
): CommandDecision {
  const state = contractOf(order, device);
  if (!state) return { ok: false, reason: "no_contract" };
  if (isFinal(state.status)) return { ok: false, reason: "contract_ended" };
  const events = eventsOf(order, state, robot, uuid);
  return events ? { ok: true, events } : { ok: false, reason: "unsupported" };
}

/** The name of the cloud's hold where the command gives none. */
const CLOUD_HOLD = "cloud";

function eventsOf(
  order: Order,
  state: ContractState,
  robot: Pick<RobotView, "isLoaded">,
  uuid: () => string,
): readonly NewEvent[] | undefined {
  const { contractId } = state;
  const isLoaded = hasLoad({ state, robot });
  const aftermath = (): NewEvent[] =>
    leftOnBoard(isLoaded, { uuid }).map((event) => ({ ...event, contractId }) as NewEvent);
  switch (order.type) {
    case "hold": {
      const holdId = order.holdId ?? CLOUD_HOLD;
      if (state.holds.some((hold) => hold.holdId === holdId && hold.by === "cloud")) return [];
      return [{ type: "contract.held", contractId, data: { holdId, by: "cloud", reason: reasonOf(order) } }];
    }
    case "resume":
      return state.holds
        .filter((hold) => mayClear(hold) && (order.holdId === undefined || order.holdId === hold.holdId))
        .map(({ holdId, by }) => ({ type: "contract.resumed", contractId, data: { holdId, by } }));
    case "cancel":
      return [
        { type: "contract.cancelled", contractId, data: { reason: "cancelled", loadOnBoard: isLoaded } },
        ...aftermath(),
      ];
    case "revoke":
      return [
        { type: "contract.revoked", contractId, data: { reason: "revoked", loadOnBoard: isLoaded } },
        ...aftermath(),
      ];
    case "replan":
      return refusalOf(order, state);
    case "sync":
      return undefined;
  }
}

/** Why the robot is to stand, in the words of whoever ordered it. */
function reasonOf({ data }: Order): string {
  const reason = data?.["reason"];
  return typeof reason === "string" && reason !== "" ? reason : "ordered by the cloud";
}

/** The cloud's word that it has no new plan; one for a request that is no longer open changes nothing. */
function refusalOf({ data }: Order, { contractId, replan }: ContractState): readonly NewEvent[] | undefined {
  const said = ReplanRefusal.safeParse(data);
  if (!said.success) return undefined;
  const { requestId, reason, detail } = said.data.refused;
  if (!replan || requestId !== replan.requestId) return [];
  const refused = { reason, by: "cloud" as const, requestId, ...(detail === undefined ? {} : { detail }) };
  return [{ type: "replan.refused", contractId, data: refused }];
}

const ReplanRefusal = z.looseObject({
  refused: z.looseObject({ requestId: z.string(), reason: z.string().min(1).max(64), detail: z.string().optional() }),
});

/** The cloud clears its own holds, and those of the failure policy, which wait for a human and this is one; an end stays one. */
function mayClear(hold: Hold): boolean {
  return hold.by === "cloud" || (hold.by === "policy" && !isAbortHold(hold.holdId));
}
