import { isFinal } from "#contract/status";
import { CLOUD_HOLD, issueCommand } from "./commands.ts";
import type { CloudContext } from "./context.ts";
import { modeOf } from "./fleet.ts";
import { type Answer, refuse } from "./problem.ts";
import type { CommandView, CommandWords } from "./views.ts";

/** Taken at any time while the contract is open: for a device that cannot be heard the command is kept. */
export async function orderContract(
  context: CloudContext,
  idOrName: string,
  type: CommandView["type"],
  { holdId = CLOUD_HOLD, reason }: CommandWords = {},
): Promise<Answer<CommandView>> {
  const row = await context.store.contract(idOrName);
  const device = row && context.fleet.get(row.deviceId);
  if (!row || !device) return refuse("not_found", `there is no contract ${idOrName}`);
  const { contractId, status, epoch } = row;
  if (isFinal(status))
    return refuse("contract_final", `contract ${contractId} is ${status}`, { contractId, contractStatus: status });
  const words = { ...(type !== "cancel" && { holdId }), ...(reason !== undefined && { data: { reason } }) };
  const issued = await device.turns(() => issueCommand(context, device, { type, contractId, epoch, ...words }));
  const delivery = modeOf(device) === "projected" ? "kept" : "sent";
  return { ok: true, value: { commandId: issued.commandId, contractId, type, delivery } };
}
