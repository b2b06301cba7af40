import type { DeviceState, Hold } from "#contract/state";
import { activeContract } from "#contract/reducer";
import type { CommandDecision } from "./command-handler.ts";
import { hasLoad, leftOnBoard } from "./event-parts.ts";
import { isAbortHold } from "./plan-rules.ts";
import type { NewEvent } from "./ports.ts";
import type { RobotView } from "./situation.ts";

/** What a technician can order about the contract of the robot. */
export type ConsoleOrder =
  | { readonly type: "hold"; readonly reason: string }
  | { readonly type: "resume" }
  | { readonly type: "abort"; readonly reason: string };

/** The one hold that the console places. */
const CONSOLE_HOLD = "console";

/** What a technician's order means for the journal, or the word that says why not. A hold that is placed twice changes nothing. */
export function decideConsoleOrder(
  order: ConsoleOrder,
  device: DeviceState,
  robot: Pick<RobotView, "isLoaded">,
  uuid: () => string,
): CommandDecision {
  const state = activeContract(device);
  if (!state) return { ok: false, reason: "no_contract" };
  const { contractId, holds } = state;
  switch (order.type) {
    case "hold": {
      if (holds.some(({ by }) => by === "console")) return { ok: true, events: [] };
      const data = { holdId: CONSOLE_HOLD, by: "console" as const, reason: order.reason };
      return { ok: true, events: [{ type: "contract.held", contractId, data }] };
    }
    case "resume": {
      const cleared = holds.filter(mayClear);
      if (cleared.length === 0) return { ok: false, reason: holds.length === 0 ? "not_held" : "held_by_others" };
      const events = cleared.map(({ holdId, by }): NewEvent => ({
        type: "contract.resumed",
        contractId,
        data: { holdId, by },
      }));
      return { ok: true, events };
    }
    case "abort": {
      const isLoaded = hasLoad({ state, robot });
      const data = { reason: "aborted", detail: order.reason, loadOnBoard: isLoaded };
      const aftermath = leftOnBoard(isLoaded, { uuid }).map((event) => ({ ...event, contractId }) as NewEvent);
      return { ok: true, events: [{ type: "contract.aborted", contractId, data }, ...aftermath] };
    }
  }
}

/** The console's own hold, and those of the failure policy, which wait for a human and this is one; an end stays one. */
export function mayClear({ by, holdId }: Hold): boolean {
  return by === "console" || (by === "policy" && !isAbortHold(holdId));
}
