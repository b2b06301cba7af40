import type { ContractState, StageState } from "#contract/state";
import { timestamp } from "#lib/clock";
import { leaseEndsAt } from "./acks.ts";
import type { CloudContext } from "./context.ts";
import { project } from "./core/projection.ts";
import { plannedTimes, type PlannedTimes } from "./core/stage-plan.ts";
import { basisOf, lockingContract, modeOf, sessionOf, type Device } from "./fleet.ts";
import type { ContractQuery, ContractRow, ContractSummary, Page } from "./io/store.ts";
import { type Answer, refuse } from "./problem.ts";
import {
  projectionView,
  type ContractSummaryView,
  type ContractView,
  type DeviceView,
  type StageView,
} from "./views.ts";

const LOG_ENTRIES_MAX = 1000;

/** A contract with all that is known of it; id or name. */
export async function getContract(context: CloudContext, idOrName: string): Promise<Answer<ContractView>> {
  const row = await context.store.contract(idOrName);
  if (!row) return refuse("not_found", `there is no contract ${idOrName}`);
  const { contractId } = row;
  const device = context.fleet.ensure(row.deviceId);
  const state = device.state.contracts[contractId];
  const planned = plannedTimes(await context.store.contractEvents(contractId));
  const reconciliations = await context.store.reconciliations(contractId);
  const log = await context.store.logAfter(0, LOG_ENTRIES_MAX, contractId);
  const progress = projectionView(project(basisOf(device), context.clock.wallMs())).contract;
  const isLocked = lockingContract(device)?.contractId === contractId;
  const endsAt = isLocked ? leaseEndsAt(context, device) : undefined;
  return {
    ok: true,
    value: {
      ...summaryView(row),
      mode: modeOf(device),
      ...(progress?.contractId === contractId ? { progress } : {}),
      ...(endsAt === undefined ? {} : { leaseEndsAt: endsAt }),
      stages: row.contract.stages.map((stage) => stageView(row, state, stage.stageId, planned.get(stage.stageId))),
      holds: state?.holds ?? [],
      reconciliations: reconciliations.map(({ trigger, recordedAt, report }) => ({ trigger, recordedAt, ...report })),
      recovery: log.filter((entry) => entry.type === "recovery" || entry.type === "replan.triggered"),
      contract: row.contract,
    },
  };
}

/** Contracts without their bodies, newest first. */
export async function listContracts(context: CloudContext, query: ContractQuery): Promise<Page<ContractSummaryView>> {
  const { rows, cursor } = await context.store.contracts(query);
  return { rows: rows.map(summaryView), ...(cursor === undefined ? {} : { cursor }) };
}

/** Every device that was ever heard, by id. */
export function listDevices(context: CloudContext): DeviceView[] {
  const views = context.fleet.all().map((device) => deviceView(context, device));
  return views.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}

export function getDevice(context: CloudContext, deviceId: string): Answer<DeviceView> {
  const device = context.fleet.get(deviceId);
  if (!device) return refuse("unknown_device", `${deviceId} was never heard by this cloud`);
  return { ok: true, value: deviceView(context, device) };
}

/** Live devices are shown where they were seen; all others where they should be. */
function deviceView(context: CloudContext, device: Device): DeviceView {
  const { deviceId, presence, lastHeardAt = null, intake, track } = device;
  const mode = modeOf(device);
  const session = mode === "projected" ? undefined : sessionOf(device);
  const { contract, at, ageSeconds, pose, battery } = projectionView(project(basisOf(device), context.clock.wallMs()));
  const isLive = mode === "live";
  const shownPose = isLive && pose && track.pose ? { value: track.pose.value, sigma: pose.sigma } : pose;
  const shownBattery = isLive && battery && track.battery ? { ...battery, value: track.battery.value } : battery;
  const pushed = lockingContract(device);
  const name = pushed?.name;
  const known = pushed && pushed.contractId === contract?.contractId ? { taskId: pushed.taskId } : {};
  return {
    deviceId,
    mode,
    source: isLive ? "actual" : "projected",
    lastHeardAt,
    at,
    ageSeconds,
    ...(shownPose ? { pose: shownPose } : {}),
    ...(shownBattery ? { battery: shownBattery } : {}),
    ...(session === undefined ? {} : { session }),
    ...(presence ? { kind: presence.profile.kind, software: presence.profile.software } : {}),
    actions: presence?.profile.actions ?? [],
    journal: { incarnation: intake.incarnation, committedSeq: intake.seq },
    activeContract: contract ? { ...contract, ...known, ...(name === undefined ? {} : { name }) } : null,
  };
}

function summaryView(row: ContractSummary): ContractSummaryView {
  const { contractId, taskId, deviceId, epoch, revision, status, createdAt } = row;
  const { name, answeredAt, endedAt, reason, problems } = row;
  return {
    contractId,
    ...(name === undefined ? {} : { name }),
    taskId,
    deviceId,
    epoch,
    revision,
    status,
    createdAt,
    ...(answeredAt === undefined ? {} : { answeredAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(problems === undefined ? {} : { problems }),
  };
}

function stageView(
  row: ContractRow,
  state: ContractState | undefined,
  stageId: string,
  planned: PlannedTimes | undefined,
): StageView {
  const stage = row.contract.stages.find((entry) => entry.stageId === stageId)!;
  const done: Partial<StageState> = state?.stages.find((entry) => entry.stageId === stageId) ?? {};
  const { startedAt, endedAt, output, failure, status = "pending", attempts = 0 } = done;
  return {
    stageId,
    action: stage.action,
    goal: stage.goal,
    status,
    attempts,
    planned: planned ? { startedAt: timestamp(planned.startMs), endedAt: timestamp(planned.endMs) } : {},
    actual: { ...(startedAt === undefined ? {} : { startedAt }), ...(endedAt === undefined ? {} : { endedAt }) },
    ...(output === undefined ? {} : { output }),
    ...(failure === undefined ? {} : { failure }),
  };
}
