import type { DivergenceReport } from "./core/divergence.ts";
import { issueCommand } from "./commands.ts";
import { type CloudContext } from "./context.ts";
import { basisOf, modeOf, until, type Device } from "./fleet.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { type Answer, refuse } from "./problem.ts";
import { reportDivergence } from "./settle.ts";
import { projectionView } from "./views.ts";
import { project } from "./core/projection.ts";

/**
 * Reconciles by hand: asks the device for its journal (`sync`), waits until all of it is folded, and compares it with what
 * was believed before. A device that cannot be heard is not compared with anything: its projection is the answer.
 */
export async function reconcileContract(context: CloudContext, idOrName: string): Promise<Answer<DivergenceReport>> {
  const row = await context.store.contract(idOrName);
  const device = row && context.fleet.get(row.deviceId);
  if (!row || !device) return refuse("not_found", `there is no contract ${idOrName}`);
  const { deviceId } = device;
  if (modeOf(device) === "projected") return offline(context, device);
  const before = { ...basisOf(device), ...stateOf(device, row) };
  const { commandId } = await device.turns(() => issueCommand(context, device, { type: "sync" }));
  const { confirmTimeoutMs } = context.config;
  const isFolded = await until(context, device, confirmTimeoutMs, () => isSynced(device, commandId));
  if (!isFolded)
    return refuse("no_answer", `${deviceId} did not send its journal in time`, { lastHeardAt: device.lastHeardAt });
  const report = await device.turns(() => reportDivergence(context, device, before, "manual"));
  return report
    ? { ok: true, value: report }
    : refuse("unconfirmed", `${deviceId} has no journal of contract ${row.contractId} yet`);
}

function offline(context: CloudContext, device: Device): Answer<never> {
  const { deviceId, lastHeardAt = null } = device;
  const projection = projectionView(project(basisOf(device), context.clock.wallMs()));
  return refuse("device_not_live", `${deviceId} cannot be heard`, { lastHeardAt, projection });
}

/** The contract that was asked for, also when it has ended. */
function stateOf(device: Device, row: ContractRow): Pick<ReturnType<typeof basisOf>, "state" | "contract"> {
  const state = device.state.contracts[row.contractId];
  return state ? { state, contract: row.contract } : {};
}

/** The device answers `sync` with the number of its last event. */
function isSynced(device: Device, commandId: string): true | undefined {
  const answer = device.answered.find((command) => command.commandId === commandId);
  if (!answer) return undefined;
  const target = Math.max(answer.seq ?? 0, device.presence?.journal.lastSeq ?? 0);
  return device.intake.seq >= target ? true : undefined;
}
