import { compare, DIVERGENCE_SIZES, largestSize, type DivergenceReport } from "./core/divergence.ts";
import { replanTrigger } from "./core/replan-trigger.ts";
import { decideUnconfirmed, type UnconfirmedCase } from "./core/unconfirmed.ts";
import type { ProjectionBasis } from "./core/basis.ts";
import { issueCommand } from "./commands.ts";
import { type CloudContext, logOp, nowText } from "./context.ts";
import { basisOf, hasCaughtUp, modeOf, notify, sessionOf, type Device } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ReconciliationRow } from "./io/store-rows.ts";
import { changeMode } from "./mode.ts";
import { changeOf, commitChange } from "./status-change.ts";

/** Does what has become possible for a device: reconciles it, decides an unconfirmed contract. Runs in its turn. */
export async function settle(context: CloudContext, device: Device): Promise<void> {
  await settleUnconfirmed(context, device);
  context.recollection.hear(device);
  if (modeOf(device) === "reconciled" && hasCaughtUp(device)) await completeReturn(context, device);
  notify(device);
}

/** Compares what was believed with what is known now, and commits the report; undefined when there was no contract. */
export async function reportDivergence(
  context: CloudContext,
  device: Device,
  before: ProjectionBasis,
  trigger: ReconciliationRow["trigger"],
): Promise<DivergenceReport | undefined> {
  const contractId = before.state?.contractId;
  const state = contractId === undefined ? undefined : device.state.contracts[contractId];
  if (!state) return undefined;
  const after = { contract: before.contract, state, track: device.track };
  const comparison = { before, after, returnedAtMs: context.clock.wallMs() };
  const report = compare(comparison, sizesFor(context, before));
  await context.store.commit(reportOps(context, device, report, trigger));
  return report;
}

/** By the policy that the contract was pushed with, in its newest version. */
function sizesFor({ policies }: CloudContext, { contract }: ProjectionBasis): typeof DIVERGENCE_SIZES {
  const id = contract?.failurePolicy.policy?.id;
  const own = policies.list().find(({ policy }) => policy.id === id)?.policy.divergence;
  return { ...DIVERGENCE_SIZES, ...own };
}

async function completeReturn(context: CloudContext, device: Device): Promise<void> {
  const before = device.before?.basis ?? basisOf(device);
  await reportDivergence(context, device, before, "return");
  delete device.before;
  await changeMode(context, device, { type: "report-committed" });
}

function reportOps(
  context: CloudContext,
  device: Device,
  report: DivergenceReport,
  trigger: ReconciliationRow["trigger"],
): StoreOp[] {
  const { deviceId } = device;
  const { contractId } = report;
  const size = largestSize(report);
  context.log.info({ deviceId, contractId, size, trigger }, "reconciled");
  const row: ReconciliationRow = { deviceId, trigger, recordedAt: nowText(context), report };
  const because = replanTrigger(report)?.because;
  if (because) context.log.warn({ deviceId, contractId, kinds: because.map((item) => item.kind) }, "replan triggered");
  return [
    { op: "insert-reconciliation", row },
    logOp(context, { type: "reconciliation", deviceId, contractId, data: { trigger, size, ...report } }),
    ...(because ? [logOp(context, { type: "replan.triggered", deviceId, contractId, data: { because } })] : []),
  ];
}

async function settleUnconfirmed(context: CloudContext, device: Device): Promise<void> {
  const { contract } = device;
  if (contract?.status !== "unconfirmed") return;
  const { contractId, epoch, session } = contract;
  const decision = decideUnconfirmed(caseOf(device, contractId, session));
  if (decision === "revoke") await issueCommand(context, device, { type: "revoke", contractId, epoch });
  if (decision !== "expire") return;
  const change = changeOf(contract, "cloud.expired", { reason: "unconfirmed" });
  if (change) await commitChange(context, device, change);
}

function caseOf(device: Device, contractId: string, contractSession: string): UnconfirmedCase {
  const isRevoke = (command: { type: string; contractId?: string }): boolean =>
    command.type === "revoke" && command.contractId === contractId;
  const answer = device.answered.findLast(isRevoke);
  return {
    contractSession,
    deviceSession: sessionOf(device),
    mode: modeOf(device),
    isCaughtUp: hasCaughtUp(device),
    foldedSeq: device.intake.seq,
    revoke: device.commands.some(isRevoke) ? "sent" : answer ? { answeredAtSeq: answer.seq ?? 0 } : "none",
  };
}
