import type { Contract, Stage } from "#contract/contract";
import { nearest } from "#contract/offline";
import type { ContractState } from "#contract/state";
import type { ReplanRequest } from "#contract/messages";
import { poseFrom, type Point } from "#lib/geometry";
import { isDone } from "./basis.ts";

/** What a planner makes of what remains of a contract, or why it has nothing. */
export type Revision =
  | { readonly ok: true; readonly stages: readonly Stage[]; readonly blocked?: Point; readonly detail: string }
  | { readonly ok: false; readonly reason: "stale" | "no_revision" | "not_planned"; readonly detail: string };

/** What the platform knows that the device does not. */
export interface PlanningFacts {
  /** All landmarks of the map, not only those of the excerpt. */
  readonly landmarks: Contract["spatial"]["landmarks"];
  /** The place on its way where the device stands before what it can't pass. */
  readonly blocked?: Point | undefined;
  /** Whether a way to the goal leads around that place. */
  readonly isPassable: (to: Point, around: Point) => boolean;
}

/** Failures of the way, not of the place: there may be another way. */
const WAY_FAILURES: ReadonlySet<string> = new Set(["blocked", "no_route", "outside_excerpt"]);
/** Failures of a place: another place of its kind may do. */
const PLACE_FAILURES: ReadonlySet<string> = new Set([
  ...WAY_FAILURES,
  "goal_occupied",
  "validation_failed",
  "blocked_by_keepout",
]);
/** What there is too little of; leaving out what is optional saves some. */
const SHORTAGES: ReadonlySet<string> = new Set(["energy_short", "battery_short", "time_short"]);

/**
 * New remaining stages for a request, by the first change that is possible: leave out what is optional, drive around what blocks
 * the way, go to another landmark of the same kind, do first what does not depend on what failed. A request that speaks of another
 * state than the journal's is stale.
 */
export function revise(
  contract: Contract,
  state: ContractState,
  request: ReplanRequest,
  facts: PlanningFacts,
): Revision {
  const { revision, localRevision, remaining, delta } = request;
  if (revision !== state.revision || localRevision !== state.localRevision) return stale(state);
  // A plan of the device's own is not known here stage by stage.
  if (localRevision > 0) return none("not_planned", "the device works by a plan of its own");
  const open = contract.stages.filter(({ stageId }) => remaining.includes(stageId) && !isHistory(state, stageId));
  const failed = open.find(({ stageId }) => stageId === state.replan?.stageId) ?? open[0];
  if (!failed) return none("no_revision", "nothing is left to plan");
  for (const change of CHANGES) {
    const found = change({ contract, open, failed, code: kindOf(delta.code), facts });
    if (found) return found;
  }
  return none("no_revision", `nothing about the rest of the work would make up for ${delta.code}`);
}

/** The kind of a failure, without the thing that it names behind a colon. */
function kindOf(code: string): string {
  return code.split(":", 1)[0]!;
}

interface Case {
  readonly contract: Contract;
  readonly open: readonly Stage[];
  readonly failed: Stage;
  readonly code: string;
  readonly facts: PlanningFacts;
}

type Change = (replanned: Case) => Extract<Revision, { ok: true }> | undefined;

const CHANGES: readonly Change[] = [dropOptional, goAround, goElsewhere, postpone];

function dropOptional({ contract, open, failed, code }: Case): ReturnType<Change> {
  const dropped = SHORTAGES.has(code) ? open.filter(({ optional }) => optional) : failed.optional ? [failed] : [];
  if (dropped.length === 0) return undefined;
  const names = new Set(dropped.map(({ stageId }) => stageId));
  const stages = without(contract.stages, names);
  // A contract has a stage at least: where nothing would be left, the device lets its optional stage go by itself.
  return stages.length === 0 ? undefined : { ok: true, stages, detail: `${[...names].join(", ")} left out` };
}

function goAround({ contract, failed, code, facts }: Case): ReturnType<Change> {
  const { blocked } = facts;
  const goal = failed.action === "navigate" ? pointOf(failed.inputs["to"], facts) : undefined;
  if (!WAY_FAILURES.has(code) || !goal || !blocked || !facts.isPassable(goal, blocked)) return undefined;
  const detail = `${failed.stageId} leads around what blocks its way`;
  return { ok: true, stages: contract.stages, blocked, detail };
}

/** Goods are where they are: only a place to set something down is exchanged for another. */
function goElsewhere({ contract, open, failed, code, facts }: Case): ReturnType<Change> {
  const { to } = failed.inputs;
  if (failed.action !== "navigate" || typeof to !== "string" || !PLACE_FAILURES.has(code)) return undefined;
  const other = otherOfKind(to, facts);
  const isThere = (place: unknown): boolean =>
    typeof place === "string" && (place === to || place.startsWith(`${to}.`));
  const bound = open.filter(({ inputs }) => isThere(inputs["from"]) || isThere(inputs["to"]));
  const isMovable = bound.every(({ action }) => action === "place" || action === "navigate");
  if (other === undefined || !isMovable) return undefined;
  const moved = new Set(bound);
  const stages = contract.stages.map((stage) => (moved.has(stage) ? redirected(stage, to, other) : stage));
  return { ok: true, stages, detail: `${failed.stageId} goes to ${other} instead of ${to}` };
}

/** Where stages say what they wait for, what does not wait for the failed one can come first. */
function postpone({ contract, open, failed }: Case): ReturnType<Change> {
  const waiting = new Set(open.filter((stage) => stage === failed || dependsOn(contract, stage, failed.stageId)));
  const free = open.filter((stage) => !waiting.has(stage));
  const at = open.indexOf(failed);
  if (!free.some((stage) => open.indexOf(stage) > at)) return undefined;
  const kept = contract.stages.filter((stage) => !open.includes(stage));
  const stages = [...kept, ...free, ...waiting].map((stage) => ({ ...stage, after: afterOf(contract, stage) }));
  return { ok: true, stages, detail: `${failed.stageId} comes after what does not depend on it` };
}

function isHistory(state: ContractState, stageId: string): boolean {
  const known = state.stages.find((stage) => stage.stageId === stageId);
  return known !== undefined && (isDone(known) || known.status === "started");
}

/** What waited for a stage that is gone waits for what that one waited for. */
function without(stages: readonly Stage[], gone: ReadonlySet<string>): readonly Stage[] {
  const contract = { stages };
  const resolve = (ids: readonly string[]): string[] =>
    ids.flatMap((id) => {
      const stage = stages.find(({ stageId }) => stageId === id);
      return gone.has(id) && stage ? resolve(afterOf(contract, stage)) : [id];
    });
  return stages
    .filter(({ stageId }) => !gone.has(stageId))
    .map((stage) => (stage.after ? { ...stage, after: [...new Set(resolve(stage.after))] } : stage));
}

function dependsOn(contract: Pick<Contract, "stages">, stage: Stage, on: string): boolean {
  return afterOf(contract, stage).some((id) => {
    const before = contract.stages.find(({ stageId }) => stageId === id);
    return id === on || (before !== undefined && dependsOn(contract, before, on));
  });
}

/** What a stage waits for: what it says, or the stage before it. */
function afterOf({ stages }: { readonly stages: readonly Stage[] }, stage: Stage): string[] {
  if (stage.after) return stage.after;
  const before = stages[stages.indexOf(stage) - 1];
  return before ? [before.stageId] : [];
}

function otherOfKind(id: string, { landmarks }: PlanningFacts): string | undefined {
  const own = landmarks.find((landmark) => landmark.id === id);
  if (!own) return undefined;
  const others = landmarks.filter(({ kind, id: other }) => kind === own.kind && other !== id);
  return nearest(poseFrom(own.pose), others)?.id;
}

function redirected(stage: Stage, from: string, to: string): Stage {
  const { to: place } = stage.inputs;
  return typeof place === "string"
    ? { ...stage, inputs: { ...stage.inputs, to: to + place.slice(from.length) } }
    : stage;
}

function pointOf(to: unknown, { landmarks }: PlanningFacts): Point | undefined {
  if (Array.isArray(to)) return [Number(to[0]), Number(to[1])];
  const pose = landmarks.find(({ id }) => id === to)?.pose;
  return pose && [pose[0], pose[1]];
}

function stale({ revision, localRevision }: ContractState): Revision {
  return none("stale", `the journal is at revision ${revision}, local revision ${localRevision}`);
}

function none(reason: Extract<Revision, { ok: false }>["reason"], detail: string): Revision {
  return { ok: false, reason, detail };
}
