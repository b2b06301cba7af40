import { timestamp } from "#lib/clock";
import type { Contract, Stage } from "#contract/contract";
import type { Event } from "#contract/event";
import { emptyDevice, foldEvent } from "#contract/reducer";
import type { ContractState, DeviceState, Hold } from "#contract/state";
import { isFinal } from "#contract/status";
import { assert } from "#lib/errors";
import { LOAD_ON_BOARD } from "./event-parts.ts";
import type { NewEvent } from "./ports.ts";
import type { Instant } from "./situation.ts";

/**
 * A job of the device's own: document 4's ephemeral WorkPlan. It runs through the same loop, permit and gate as a contract,
 * but nobody outside has asked for it. What it does is journaled; it lives in this process only and is never resumed.
 */
export interface WorkPlan {
  readonly planId: string;
  readonly kind: WorkPlanKind;
  /** The contract that waits for it, whose scope, place, lease and load it works with. */
  readonly parentId: string;
  /** The plan in the words of a contract. */
  readonly contract: Contract;
  readonly device: DeviceState;
}

export type WorkPlanKind = "return-home" | "recharge" | "wind-down" | "stand-aside";

/** A plan of a contract, as far as this process has come with it. */
export interface Job {
  readonly kind: WorkPlanKind;
  /** The hold of the contract that stays as long as the plan is wanted. */
  readonly holdId: string;
  readonly state: "wanted" | "running" | "ended";
}

/** A plan takes no longer; then the robot stays where it is. */
const PLAN_SECONDS_MAX = 600;

/**
 * A plan in the place of `parent`. Its scope is the contract's, so nothing is done that the contract does not allow; its
 * battery may go below the contract's floor, because a robot that is low must get out of the way all the more.
 */
export function makeWorkPlan(
  kind: WorkPlanKind,
  planId: string,
  parent: Contract,
  stages: readonly Stage[],
  now: Instant,
): WorkPlan {
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
      zones: {},
    },
    failurePolicy: { rules: [], fallback: "abort", replanBudget: 0, offline: "finish" },
    assumptions: [],
  };
  const plan: WorkPlan = { planId, kind, parentId: parent.contractId, contract, device: emptyDevice(planId) };
  return foldPlan(plan, [acceptance(contract)], now);
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
export function toJournal({ planId, kind, parentId }: WorkPlan, events: readonly NewEvent[]): readonly NewEvent[] {
  return events.flatMap((event): NewEvent[] => {
    if (event.type === "estimate" || event.type === "notice" || isLoadOnBoard(event)) return [];
    const { contractId: _own, ...rest } = event;
    if (OF_THE_PARENT.has(event.type))
      return [{ ...rest, contractId: parentId, data: { ...event.data, workPlan: planId } } as NewEvent];
    if (event.type.startsWith("contract.")) return [notice(planId, kind, parentId, event)];
    return [{ ...rest, data: { ...event.data, workPlan: planId } } as NewEvent];
  });
}

/** Whether the contract still waits for its plan: its hold is there, and nobody else wants the robot to stand. */
export function isWanted({ holdId }: Pick<Job, "holdId">, parent: ContractState | undefined): boolean {
  if (!parent || isFinal(parent.status)) return false;
  const others = parent.holds.filter((hold) => hold.holdId !== holdId);
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

function notice(planId: string, kind: WorkPlanKind, parentId: string, event: NewEvent): NewEvent {
  const change = event.type.slice("contract.".length);
  const { reason } = event.data as { reason?: unknown };
  const why = typeof reason === "string" ? `: ${reason}` : "";
  const data = { kind: "work-plan", text: `${kind} ${change}${why}`, workPlan: planId, plan: kind, change };
  return { type: "notice", contractId: parentId, data };
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
