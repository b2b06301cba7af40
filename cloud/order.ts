import type { Contract } from "#contract/contract";
import type { Hold } from "#contract/state";
import { isFinal } from "#contract/status";
import { CLOUD_HOLD, issueCommand } from "./commands.ts";
import type { CloudContext } from "./context.ts";
import { type Device, modeOf } from "./fleet.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { present } from "./present.ts";
import { type Answer, refuse } from "./problem.ts";
import type { CommandView, CommandWords } from "./views.ts";

/** Taken at any time while the contract is open: for a device that cannot be heard the command is kept. */
export async function orderContract(
  context: CloudContext,
  idOrName: string,
  type: CommandView["type"],
  { holdId: named, reason }: CommandWords = {},
): Promise<Answer<CommandView>> {
  const row = await context.store.contract(idOrName);
  const device = row && context.fleet.get(row.deviceId);
  if (!row || !device) return refuse("not_found", `there is no contract ${idOrName}`);
  const { contractId, status, epoch } = row;
  if (isFinal(status))
    return refuse("contract_final", `contract ${contractId} is ${status}`, { contractId, contractStatus: status });
  return device.turns(async () => {
    const meant = named === undefined && type === "resume" ? holdToClear(device, row) : asked(type, named);
    if (!meant.ok) return meant;
    const holdId = meant.value;
    const words = present({ holdId, data: reason === undefined ? undefined : { reason } });
    const { commandId } = await issueCommand(context, device, { type, contractId, epoch, ...words });
    const delivery = modeOf(device) === "projected" ? "kept" : "sent";
    return { ok: true, value: { commandId, contractId, type, delivery, ...present({ holdId }) } };
  });
}

function asked(type: CommandView["type"], named: string | undefined): Answer<string | undefined> {
  return { ok: true, value: type === "cancel" ? undefined : (named ?? CLOUD_HOLD) };
}

/**
 * The hold that a `resume` means which names none: the cloud's own, unless it has none and a failure waits for a person: whoever resumes is
 * one. What others hold is theirs to clear; 409 tells who they are.
 */
function holdToClear(device: Device, { contractId, contract }: ContractRow): Answer<string> {
  const holds = device.state.contracts[contractId]?.holds ?? [];
  const waiting = holds.find((hold) => isForPerson(hold, contract));
  if (holds.length === 0 || holds.some(isCloudHold) || isHoldOnItsWay(device, contractId))
    return { ok: true, value: CLOUD_HOLD };
  if (waiting) return { ok: true, value: waiting.holdId };
  const told = holds.map(({ holdId, by, reason }) => ({ holdId, by, reason }));
  const names = told.map(({ holdId, by }) => `${holdId} (by ${by})`).join(", ");
  const detail = `contract ${contractId} is not held by the cloud but by ${names}: name the holdId that is meant; a device clears those by cloud and policy`;
  return refuse("other_hold", detail, { contractId, holds: told });
}

function isCloudHold({ by, holdId }: Hold): boolean {
  return by === "cloud" && holdId === CLOUD_HOLD;
}

/** The device waits for a person: its policy says so or names nothing else to wait for, or the time of what it waited for is up. */
function isForPerson({ by, holdId }: Hold, contract: Contract): boolean {
  if (by !== "policy") return false;
  if (holdId.startsWith("escalation:") || holdId.endsWith(":spent")) return true;
  // As devices name the holds of their policy: by the stage, and the number of the rule among its own and the contract's.
  const [owner, stageId, at] = holdId.split(":");
  const stage = contract.stages.find((each) => each.stageId === stageId);
  if (owner !== "policy" || !stage || at === undefined) return false;
  const rule = [...(stage.onFailure ?? []), ...contract.failurePolicy.rules][Number(at)];
  return rule?.hold?.until === undefined;
}

function isHoldOnItsWay({ commands }: Device, contractId: string): boolean {
  return commands.some((open) => open.type === "hold" && open.contractId === contractId && open.holdId === CLOUD_HOLD);
}
