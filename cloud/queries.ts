import type { ContractState, StageState } from "#contract/state";
import { timestamp } from "#lib/clock";
import { leaseEndsAt } from "./acks.ts";
import type { CloudContext } from "./context.ts";
import type { DeviceMode } from "./core/device-machine.ts";
import { project } from "./core/projection.ts";
import { expectedEnds, type ExpectedEnd } from "./core/stage-outlook.ts";
import { plannedTimes, type PlannedTimes } from "./core/stage-plan.ts";
import { basisOf, lockingContract, modeOf, sessionOf, type Device } from "./fleet.ts";
import type { ContractRow, ContractSummary } from "./io/store-rows.ts";
import type { ContractQuery, Page } from "./io/store.ts";
import type { Track } from "./core/track.ts";
import { present } from "./present.ts";
import { type Answer, refuse } from "./problem.ts";
import {
  projectionView,
  type ContractSummaryView,
  type ContractView,
  type DeviceView,
  type ProjectionView,
  type StageView,
} from "./views.ts";

const LOG_ENTRIES_MAX = 1000;
/** What a contract's recovery history consists of. */
const RECOVERY: ReadonlySet<string> = new Set(["failure.detected", "recovery", "replan.triggered", "replan.requested"]);

/** The fleet in numbers. */
export interface FleetCounts {
  readonly modes: Readonly<Record<DeviceMode, number>>;
  /** Events that live devices say they have and that are not committed here. */
  readonly lagEvents: number;
}

/** Counts the fleet as it is in memory; cheap, whatever its size. */
export function countFleet({ fleet }: CloudContext): FleetCounts {
  const modes = { live: 0, projected: 0, reconciled: 0 };
  let lagEvents = 0;
  for (const device of fleet.all()) {
    const mode = modeOf(device);
    modes[mode] += 1;
    const { presence, intake } = device;
    if (mode === "projected" || presence?.incarnation !== intake.incarnation) continue;
    lagEvents += Math.max(0, presence.journal.lastSeq - intake.seq);
  }
  return { modes, lagEvents };
}

/** A contract with all that is known of it; id or name. */
export async function getContract(context: CloudContext, idOrName: string): Promise<Answer<ContractView>> {
  const row = await context.store.contract(idOrName);
  if (!row) return refuse("not_found", `there is no contract ${idOrName}`);
  const { contractId } = row;
  const device = context.fleet.ensure(row.deviceId);
  const state = device.state.contracts[contractId];
  const planned = plannedTimes(await context.store.contractEvents(contractId));
  const reconciliations = await context.store.reconciliations(contractId);
  const log = await context.store.logAfter(0, LOG_ENTRIES_MAX, { contractId });
  const basis = basisOf(device);
  const ends = basis.state?.contractId === contractId ? expectedEnds(basis) : new Map<string, ExpectedEnd>();
  const progress = projectionView(project(basis, context.clock.wallMs())).contract;
  const isLocked = lockingContract(device)?.contractId === contractId;
  return {
    ok: true,
    value: {
      ...summaryView(row),
      ...present({ progress: progress?.contractId === contractId ? progress : undefined }),
      ...present({ leaseEndsAt: isLocked ? leaseEndsAt(context, device) : undefined }),
      mode: modeOf(device),
      stages: row.contract.stages.map((stage) => ({
        ...stageView(row, state, stage.stageId, planned.get(stage.stageId)),
        ...present({ expected: expectedView(ends.get(stage.stageId)) }),
      })),
      holds: state?.holds ?? [],
      reconciliations: reconciliations.map(({ trigger, recordedAt, report }) => ({ trigger, recordedAt, ...report })),
      recovery: log.filter((entry) => RECOVERY.has(entry.type)),
      contract: row.contract,
    },
  };
}

/** Contracts without their bodies, newest first. */
export async function listContracts(context: CloudContext, query: ContractQuery): Promise<Page<ContractSummaryView>> {
  const { rows, cursor } = await context.store.contracts(query);
  return present({ rows: rows.map(summaryView), cursor });
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
  const { deviceId, lastHeardAt = null, intake, track } = device;
  const mode = modeOf(device);
  const { contract, ...estimated } = projectionView(project(basisOf(device), context.clock.wallMs()));
  const shown = mode === "live" ? seen(estimated, track) : estimated;
  return {
    deviceId,
    mode,
    source: mode === "live" ? "actual" : "projected",
    lastHeardAt,
    ...shown,
    ...present({ session: mode === "projected" ? undefined : sessionOf(device) }),
    ...profileOf(device),
    ...present({ mapId: device.contract?.contract.spatial.mapId }),
    journal: { incarnation: intake.incarnation, committedSeq: intake.seq },
    activeContract: contract ? activeView(device, contract) : null,
  };
}

function profileOf({ presence }: Device): Pick<DeviceView, "kind" | "actions" | "software"> {
  if (!presence) return { actions: [] };
  const { kind, actions, software } = presence.profile;
  return { kind, actions, software };
}

function activeView(device: Device, contract: NonNullable<ProjectionView["contract"]>): DeviceView["activeContract"] {
  const pushed = lockingContract(device);
  if (pushed?.contractId !== contract.contractId) return contract;
  const { taskId, name, application, account } = pushed.contract;
  return present({ ...contract, taskId, name, application, account });
}

type Estimated = Omit<ProjectionView, "contract">;

/** The same moment, with what was seen in place of what was estimated; it is uncertain by its age all the same. */
function seen(estimated: Estimated, track: Track): Estimated {
  const pose = estimated.pose && track.pose ? { ...estimated.pose, value: track.pose.value } : undefined;
  const battery = estimated.battery && track.battery ? { ...estimated.battery, value: track.battery.value } : undefined;
  return { ...estimated, ...present({ pose, battery }) };
}

/** A contract as lists show it. */
export function summaryView(row: ContractSummary): ContractSummaryView {
  const { contractId, name, taskId, deviceId, epoch, revision, status } = row;
  const { createdAt, answeredAt, endedAt, reason, problems } = row;
  const { application, account } = row;
  const answers = { answeredAt, endedAt, reason, problems, application, account };
  return present({ contractId, name, taskId, deviceId, epoch, revision, status, createdAt, ...answers });
}

/** Two standard deviations to both sides hold 95 % of a normal distribution. */
function expectedView(end: ExpectedEnd | undefined): StageView["expected"] {
  if (!end) return undefined;
  const [endsAt, earliest, latest] = [0, -2, 2].map((sigmas) =>
    timestamp(end.endsAtMs + sigmas * end.sigmaSeconds * 1000),
  );
  return { endsAt: endsAt!, earliest: earliest!, latest: latest! };
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
  return present({
    stageId,
    action: stage.action,
    goal: stage.goal,
    status,
    attempts,
    planned: planned ? { startedAt: timestamp(planned.startMs), endedAt: timestamp(planned.endMs) } : {},
    actual: present({ startedAt, endedAt }),
    output,
    failure,
  });
}
