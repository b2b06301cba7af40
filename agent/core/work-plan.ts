import { timestamp } from "#lib/clock";
import type { Contract, Stage } from "#contract/contract";
import type { Event } from "#contract/event";
import { emptyDevice, foldEvent } from "#contract/reducer";
import type { ContractState, DeviceState, Hold, PlanEffect } from "#contract/state";
import { isFinal } from "#contract/status";
import { assert } from "#lib/errors";
import { LOAD_ON_BOARD } from "./event-parts.ts";
import type { NewEvent } from "./ports.ts";
import { isIrreversible } from "./action-traits.ts";
import { planStage } from "./plan-stages.ts";
import type { Instant, RobotView } from "./situation.ts";

/**
 * A job of the device's own: document 4's ephemeral WorkPlan. It runs through the same loop, permit and gate as a contract,
 * but nobody outside has asked for it. What it does is journaled; it lives in this process only and is never resumed.
 */
export interface WorkPlan {
  readonly planId: string;
  readonly kind: WorkPlanKind;
  /** The contract that waits for it, whose scope, place, lease and load it works with; absent for what a technician wants. */
  readonly parentId?: string;
  /** The plan in the words of a contract. */
  readonly contract: Contract;
  readonly device: DeviceState;
}

/** What contracts want plans for. */
const CONTRACT_PLANS = ["return-home", "recharge", "wind-down", "stand-aside"] as const;
export type ContractPlanKind = (typeof CONTRACT_PLANS)[number];
export type WorkPlanKind = ContractPlanKind | "jog";

/** A plan that a contract waits for, as far as this process has come with it. */
export type Job =
  | { readonly state: "wanted"; readonly kind: ContractPlanKind }
  | { readonly state: "running" | "ended" };

/** A plan takes no longer; then the robot stays where it is. */
const PLAN_SECONDS_MAX = 600;

/** What a plan is made of. */
export interface PlanOrder {
  readonly kind: ContractPlanKind;
  readonly planId: string;
  readonly parent: Contract;
  readonly stages: readonly Stage[];
  /** Where the robot is when the plan begins. */
  readonly robot: Pick<RobotView, "zones">;
}

/**
 * A plan in the place of `parent`. Its scope and its zones are the contract's, so nothing is done, and nowhere gone, that the
 * contract does not allow; its battery may go below the contract's floor, because a robot that is low must get out of the
 * way all the more.
 */
export function makeWorkPlan({ kind, planId, parent, stages, robot }: PlanOrder, now: Instant): WorkPlan {
  const { replaces: _replaces, name: _name, ...base } = parent;
  const contract: Contract = {
    ...base,
    contractId: planId,
    revision: 1,
    epoch: 1,
    issuedAt: timestamp(now.wallMs),
    task: { kind: "custom", title: kind },
    stages: [...stages],
    constraints: {
      ...parent.constraints,
      battery: { minimum: 0 },
      window: { maxDurationSeconds: PLAN_SECONDS_MAX },
      zones: zonesFrom(parent.constraints.zones, robot.zones),
    },
    failurePolicy: ABORT_AT_ONCE,
    assumptions: [],
  };
  return acceptPlan({ planId, kind, parentId: parent.contractId, contract }, now);
}

/** A plan that nothing has happened of yet. */
export function acceptPlan(plan: Omit<WorkPlan, "device">, now: Instant): WorkPlan {
  return foldPlan({ ...plan, device: emptyDevice(plan.planId) }, [acceptance(plan.contract)], now);
}

/** A plan of an earlier process, as far as asking what became of its effect takes. */
export function recallPlan(
  { planId, plan: kind, stageId, n, action, inputs }: PlanEffect,
  parent: Contract,
  now: Instant,
): WorkPlan {
  const stage = { ...planStage(stageId, action, inputs as Stage["inputs"]), timeoutSeconds: 60 };
  const plan = makeWorkPlan({ kind: kindOf(kind), planId, parent, stages: [stage], robot: { zones: [] } }, now);
  const attempts = Array.from({ length: n }, (_, at): NewEvent => {
    const data = { n: at + 1, idempotencyKey: `${planId}/${stageId}/${at + 1}` };
    return { type: "stage.attempt", stageId, data };
  });
  return foldPlan(
    plan,
    [{ type: "contract.started", data: {} }, { type: "stage.started", stageId, data: { action } }, ...attempts],
    now,
  );
}

/** A plan that fails is given up: what becomes of the work is its contract's to say. */
export const ABORT_AT_ONCE: Contract["failurePolicy"] = {
  rules: [],
  fallback: "abort",
  replanBudget: 0,
  offline: "finish",
};

type Zones = Contract["constraints"]["zones"];

/** The contract's zones; only from where it may not be a robot may get away. */
export function zonesFrom({ allowed, forbidden = [] }: Zones, around: readonly string[]): Zones {
  const isInside = allowed?.some((zone) => around.includes(zone));
  return { ...(allowed && isInside && { allowed }), forbidden: forbidden.filter((zone) => !around.includes(zone)) };
}

function kindOf(plan: string): ContractPlanKind {
  return CONTRACT_PLANS.find((kind) => kind === plan) ?? "wind-down";
}

/** What the plan's own events make of it. */
export function foldPlan(plan: WorkPlan, events: readonly NewEvent[], now: Instant): WorkPlan {
  const device = events.reduce((state, event) => foldEvent(state, asEvent(event, state, plan, now)), plan.device);
  return { ...plan, device };
}

/** The plan as the rules see it. */
export function planState({ device, planId }: WorkPlan): ContractState {
  const state = device.contracts[planId];
  assert(state, "a work plan is accepted when it is made");
  return state;
}

/**
 * What the device's journal is told of a plan. It is no contract of the cloud's, so its stages belong to none, and its
 * beginning and end are notices; what it does with goods belongs to the contract that they came with.
 */
export function toJournal(plan: WorkPlan, events: readonly NewEvent[]): readonly NewEvent[] {
  const { planId, parentId } = plan;
  return events.flatMap((event): NewEvent[] => {
    if (event.type === "estimate" || event.type === "notice" || isLoadOnBoard(event)) return [];
    if (event.type.startsWith("contract.")) return [notice(plan, event)];
    const { contractId: _own, ...rest } = event;
    const owner = OF_THE_PARENT.has(event.type) && parentId !== undefined ? { contractId: parentId } : {};
    return [{ ...rest, ...owner, data: { ...event.data, ...effectOf(plan, event), workPlan: planId } } as NewEvent];
  });
}

/** With the intent of an effect goes what is needed to ask for its outcome without the plan. */
function effectOf({ planId, kind, parentId, contract }: WorkPlan, { type, stageId }: NewEvent): object {
  const stage = type === "stage.attempt" ? contract.stages.find((one) => one.stageId === stageId) : undefined;
  if (!stage || parentId === undefined || !isIrreversible(stage.action)) return {};
  const { action, inputs } = stage;
  return { ofPlan: { planId, plan: kind, contractId: parentId, action, inputs } };
}

/** Whether a contract still waits for a plan: the hold that it is for is there, and nobody else wants the robot to stand. */
export function isWanted({ holdId, by }: Pick<Hold, "holdId" | "by">, parent: ContractState | undefined): boolean {
  if (!parent || isFinal(parent.status)) return false;
  const others = parent.holds.filter((hold) => hold.holdId !== holdId || hold.by !== by);
  return parent.holds.length > others.length && !others.some(isOrdered);
}

/** Of what happens to goods, or needs a human, the contract must know. */
const OF_THE_PARENT: ReadonlySet<string> = new Set(["movement", "exception"]);

/** What becomes of a load that a plan leaves on board is the contract's to say. */
function isLoadOnBoard({ type, data }: NewEvent): boolean {
  return type === "exception" && data.code === LOAD_ON_BOARD;
}

function isOrdered({ by }: Hold): boolean {
  return by === "cloud" || by === "console";
}

function notice({ planId, kind, parentId, contract }: WorkPlan, event: NewEvent): NewEvent {
  const change = event.type.slice("contract.".length);
  const { reason } = event.data as { reason?: unknown };
  const why = typeof reason === "string" ? `: ${reason}` : "";
  const data = {
    kind: "work-plan",
    text: `${contract.task.title} ${change}${why}`,
    workPlan: planId,
    plan: kind,
    change,
  };
  return { type: "notice", ...(parentId !== undefined && { contractId: parentId }), data };
}

function acceptance({ contractId, taskId, stages, lease, session, failurePolicy }: Contract): NewEvent {
  return {
    type: "contract.accepted",
    contractId,
    data: {
      taskId,
      stages: stages.map(({ stageId, action }) => ({ stageId, action })),
      lease,
      session,
      hash: "",
      offline: failurePolicy.offline,
    },
  };
}

function asEvent(event: NewEvent, { seq }: DeviceState, { planId }: WorkPlan, now: Instant): Event {
  return {
    ...event,
    seq: seq + 1,
    id: planId,
    at: timestamp(now.wallMs),
    monoMs: Math.round(now.monoMs),
    clock: now.clock,
    contractId: planId,
    revision: 1,
    epoch: 1,
  };
}
