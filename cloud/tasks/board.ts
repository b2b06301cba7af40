import { type Cancel, repeat } from "#lib/clock";
import { candidatesOf } from "../candidates.ts";
import { type CloudContext, logOp } from "../context.ts";
import type { Assignment, OpenTask } from "../core/planner.ts";
import { rollOut, type PlannedTask } from "../core/planning/roll-out.ts";
import type { LogEntry } from "../io/store-rows.ts";
import { createTurns } from "#lib/turns";
import { createPlacements } from "./placements.ts";

/** Work that waits for a device. */
export interface OpenWork {
  /** One piece of work has one key: what is offered again takes the place of what was offered before. */
  readonly key: string;
  /** What a planner must know of it; undefined when it is not open any more, and `later` while its time has not come. */
  look(): Promise<OpenTask | "later" | undefined>;
  /** Gives it to a device that is free; work that could not be given stays open. */
  place(assignment: Assignment): Promise<void>;
  /** Called after a look at which nobody could take it, now or later. */
  unplaced?(): Promise<void>;
}

/** When a piece of work should be begun and done by the plan, milliseconds of the wall clock. */
export interface Expectation {
  readonly deviceId: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/**
 * All work that no device has, planned over all devices that are live in one go. Work here was never pushed, or its device has let
 * go of it in its journal, or that device's lease has ended: so it moves freely, and what a device has accepted is not among it.
 */
export interface Board {
  offer(work: OpenWork): void;
  withdraw(key: string): void;
  /** Looks again soon: something has changed that the log does not tell. */
  wake(): void;
  expectationOf(key: string): Expectation | undefined;
}

/** So long after the first reason to plan anew the next plan is made: whoever comes back meanwhile is part of it. */
const DEBOUNCE_MS = 1_000;
/** Time alone changes plans: windows open, projections end. */
const LOOK_EVERY_MS = 10_000;

/** Why all of the fleet is planned anew, which is recorded; anything else only places what is open. */
type Reason = {
  readonly reason: "device_projected" | "divergence";
  readonly deviceId?: string;
  readonly contractId?: string;
};

export function createBoard(context: CloudContext): Board & Disposable {
  const works = new Map<string, OpenWork>();
  const placements = createPlacements(context, () => soon());
  let plan: ReadonlyMap<string, Expectation> = new Map();
  let reasons: Reason[] = [];
  let waiting: Cancel | undefined;
  /** One plan is made after the other: the next must see what the last has given away. */
  const turns = createTurns();

  function soon(...because: readonly Reason[]): void {
    reasons.push(...because);
    waiting ??= context.clock.after(DEBOUNCE_MS, () => {
      waiting = undefined;
      context.background("planning", () => turns(planAnew));
    });
  }
  async function planAnew(): Promise<void> {
    const because = reasons;
    reasons = [];
    const open = await openTasks(works);
    const fleet = candidatesOf(context).map((device) => placements.seen(device));
    const planned = rollOut(context.planner, [...open.values()], fleet);
    const keyOf = new Map([...open].map(([key, { taskId }]) => [taskId, key]));
    const nowMs = context.clock.wallMs();
    const next = new Map(planned.map((task) => [keyOf.get(task.taskId)!, expectationOf(task, nowMs)]));
    if (because.length > 0) await tell(context, { because, open: open.size, moved: moved(plan, next) });
    plan = next;
    const free = new Set(fleet.filter((device) => device.isFree).map(({ deviceId }) => deviceId));
    for (const task of planned) {
      const work = works.get(keyOf.get(task.taskId)!);
      if (work && free.delete(task.deviceId)) placements.start(work, task);
    }
    for (const key of open.keys()) if (!next.has(key)) await works.get(key)?.unplaced?.();
  }
  const stopListening = context.store.onLogged((entries) => {
    const because = entries.flatMap(reasonOf);
    if (because.length > 0 || entries.some(freesSomebody)) soon(...because);
  });
  repeat(context.clock, LOOK_EVERY_MS, () => {
    if (works.size > 0) soon();
  });
  return {
    offer(work) {
      works.set(work.key, work);
      soon();
    },
    wake: () => soon(),
    withdraw: (key) => void works.delete(key),
    expectationOf: (key) => plan.get(key),
    [Symbol.dispose]: stopListening,
  };
}

interface PlanEntry extends Record<string, unknown> {
  readonly because: readonly Reason[];
  readonly open: number;
  readonly moved: readonly Move[];
}

async function tell(context: CloudContext, data: PlanEntry): Promise<void> {
  await context.store.commit([logOp(context, { type: "plan", data })]);
  context.log.info({ reasons: data.because.length, moved: data.moved.length }, "fleet planned anew");
}

async function openTasks(works: Map<string, OpenWork>): Promise<ReadonlyMap<string, OpenTask>> {
  const open = new Map<string, OpenTask>();
  for (const [key, work] of works) {
    const task = await work.look();
    // Offered anew while this looked.
    if (works.get(key) !== work) continue;
    if (task === undefined) works.delete(key);
    else if (task !== "later") open.set(key, task);
  }
  return open;
}

function expectationOf({ deviceId, startsInSeconds, endsInSeconds }: PlannedTask, nowMs: number): Expectation {
  return { deviceId, startsAtMs: nowMs + startsInSeconds * 1000, endsAtMs: nowMs + endsInSeconds * 1000 };
}

interface Move {
  readonly work: string;
  readonly from: string | null;
  readonly to: string | null;
}

function moved(before: ReadonlyMap<string, Expectation>, next: ReadonlyMap<string, Expectation>): readonly Move[] {
  return [...new Set([...before.keys(), ...next.keys()])].flatMap((work) => {
    const [from = null, to = null] = [before.get(work)?.deviceId, next.get(work)?.deviceId];
    return from === to ? [] : [{ work, from, to }];
  });
}

function reasonOf({ type, data, deviceId, contractId }: LogEntry): readonly Reason[] {
  const about = {
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(contractId === undefined ? {} : { contractId }),
  };
  if (type === "replan.triggered") return [{ reason: "divergence", ...about }];
  return type === "device.mode" && data["to"] === "projected" ? [{ reason: "device_projected", ...about }] : [];
}

/** Somebody who can take work now, or will be able to at another time than was thought. */
function freesSomebody({ type, data }: LogEntry): boolean {
  return type === "contract.status" || (type === "device.mode" && data["to"] === "live");
}
