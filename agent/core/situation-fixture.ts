import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import { exampleContract } from "#contract/example";
import { emptyDevice, foldEvents } from "#contract/reducer";
import type { ContractState } from "#contract/state";
import { assert } from "#lib/errors";
import type { Outlook } from "./estimate.ts";
import { DEFAULT_POLICIES } from "./policies.ts";
import type { Activity, Attempt, Inquiry, RobotView, Situation } from "./situation.ts";

/** An event of the example contract, as short as a table needs it. */
export type Told = readonly [type: string, stageId?: string | undefined, data?: Record<string, unknown>];

export const ROBOT: RobotView = {
  battery: 0.8,
  pose: { x: 0, y: 0, yaw: 0 },
  sigmaXy: 0.02,
  speed: 0,
  driven: 0,
  zones: [],
  route: [],
  isLoaded: false,
  isOnline: true,
  tools: { base: "ok", load: "ok", battery: "ok" },
};

const OUTLOOK: Outlook = { speed: 1, topSpeed: 1, drainPerSecond: 0.0001, learned: () => undefined, routes: new Map() };

const IDLE: Activity = { attempts: [], inquiries: [], retryAtMs: {}, shortSinceMs: {}, heldSinceMs: {}, tolerated: [] };

/** An activity as short as a table needs it: most have one attempt or one inquiry. */
export type ActivityTold = Partial<Activity> & { readonly attempt?: Attempt; readonly inquiry?: Inquiry };

/** What the example contract's journal folds to after its acceptance and `told`, one event a second. */
export function stateAfter(contract: Contract, told: readonly Told[]): ContractState {
  const { contractId, revision, epoch, taskId, stages, lease, session } = contract;
  const accepted = { taskId, stages, lease, session, hash: "", offline: contract.failurePolicy.offline };
  const events = [["contract.accepted", undefined, accepted] as Told, ...told].map(
    ([type, stageId, data = {}], at): Event => ({
      seq: at + 1,
      id: `019b8ce6-1400-7000-8000-${String(at).padStart(12, "0")}`,
      at: `2026-01-05T08:00:${String(at).padStart(2, "0")}.000Z`,
      monoMs: at * 1000,
      clock: "synced",
      type,
      contractId,
      revision,
      epoch,
      ...(stageId === undefined ? {} : { stageId }),
      data,
    }),
  );
  const state = foldEvents(emptyDevice("one"), events).contracts[contractId];
  assert(state, "the contract was accepted");
  return state;
}

/** A quiet robot a minute after the acceptance, with what differs from that. */
export function situationAfter(
  told: readonly Told[],
  differs: Partial<Omit<Situation, "state" | "robot" | "activity">> & {
    readonly robot?: Partial<RobotView>;
    readonly activity?: ActivityTold;
  } = {},
): Situation {
  const { robot, activity, contract = exampleContract(), ...rest } = differs;
  return {
    contract,
    state: stateAfter(contract, told),
    now: { monoMs: 60_000, wallMs: Date.parse("2026-01-05T08:01:00.000Z"), clock: "synced" },
    leaseRemainingMs: 1_000_000,
    safety: "normal",
    isOrderPending: false,
    robot: { ...ROBOT, ...robot },
    activity: activityOf(activity),
    policies: DEFAULT_POLICIES,
    chance: 0,
    outlook: OUTLOOK,
    offlineMs: 0,
    ...rest,
  };
}

function activityOf({ attempt, inquiry, ...rest }: ActivityTold = {}): Activity {
  const attempts = attempt ? [attempt] : [];
  const inquiries = inquiry ? [inquiry] : [];
  return { ...IDLE, attempts, inquiries, ...rest };
}

/** An attempt of the example contract that began ten seconds ago. */
export function attemptAt(stageId: string, action: string, more: Partial<Attempt> = {}): Attempt {
  const { contractId } = exampleContract();
  return { contractId, stageId, action, n: 1, startedMs: 50_000, drivenAtStart: 0, batteryAtStart: 0.8, ...more };
}

export const STARTED: readonly Told[] = [["contract.started"]];
export const DRIVING: readonly Told[] = [
  ...STARTED,
  ["stage.started", "go-to-rack", { action: "navigate" }],
  ["stage.attempt", "go-to-rack", { n: 1, idempotencyKey: "a" }],
];
const DONE = { durationSeconds: 1, attempts: 1, distance: 4, batteryUsed: 0.01 };
export const AT_RACK: readonly Told[] = [
  ...DRIVING,
  ["stage.completed", "go-to-rack", { ...DONE, output: { pose: [4, 0, 0], error: 0.1, distance: 4 } }],
];
export const PICKING: readonly Told[] = [
  ...AT_RACK,
  ["stage.started", "pick", { action: "pick" }],
  ["stage.attempt", "pick", { n: 1, idempotencyKey: "b" }],
];
export const PICKED: readonly Told[] = [
  ...PICKING,
  ["stage.completed", "pick", { ...DONE, output: { sku: "SKU-7890", quantity: 1 } }],
];
export const ALL_DONE: readonly Told[] = [
  ...PICKED,
  ["stage.completed", "go-to-station", { ...DONE, output: { pose: [-4, 3, 1.5], error: 0.1, distance: 9 } }],
  ["stage.completed", "place", { ...DONE, output: { sku: "SKU-7890", quantity: 1, handedOver: true } }],
];
