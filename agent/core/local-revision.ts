import type { Contract, Stage } from "#contract/contract";
import type { StageChanges } from "#contract/stage-changes";
import type { ContractState, StageState } from "#contract/state";
import { ENVIRONMENT_FAILURES } from "./environment-code.ts";

/** A stage of a plan, as `replan.adopted` outlines it. */
export interface PlannedStage {
  readonly stageId: string;
  readonly action: string;
  readonly optional?: boolean;
  readonly changes?: StageChanges;
}

/** New remaining stages that the device made by itself. */
export interface LocalRevision {
  /** All that is left to do, in order. */
  readonly stages: readonly PlannedStage[];
  /** Optional stages that are left out. */
  readonly skipped: readonly string[];
  /** What is different, for people. */
  readonly detail: string;
}

/** Why a revision is wanted: what failed, and with what. */
export interface RevisionCause {
  readonly stageId: string;
  readonly code: string;
}

/**
 * What the device can do about the rest of the work by itself, within its contract; undefined when nothing would be
 * different. The first change that is possible is made: do what does not depend on the failed stage first, take one of
 * its alternatives, leave out what is optional, go to another landmark of the same kind. What is history stays as it is.
 */
export function reviseLocally(plan: Contract, state: ContractState, cause: RevisionCause): LocalRevision | undefined {
  const left = remainingOf(plan, state);
  const failed = left.find(({ stage }) => stage.stageId === cause.stageId);
  if (!failed || UNREVISABLE.has(cause.code)) return undefined;
  for (const change of CHANGES) {
    const revision = change({ plan, left, failed, code: cause.code });
    if (revision) return revision;
  }
  return undefined;
}

/** Stages that are neither history nor gone from the contract, in the order in which they stand. */
export function remainingOf(plan: Contract, state: ContractState): readonly Remaining[] {
  return state.stages.flatMap((known) => {
    const stage = plan.stages.find(({ stageId }) => stageId === known.stageId);
    const isOpen = known.status === "pending" || (known.status === "failed" && known.verified !== "done");
    return stage && isOpen ? [{ stage, known }] : [];
  });
}

/** Failures that are not of a stage's way but of the robot or its contract: no order of the work changes them. */
const UNREVISABLE: ReadonlySet<string> = new Set([
  ...ENVIRONMENT_FAILURES,
  "out_of_scope",
  "battery_low",
  "window_passed",
  "duration_exceeded",
  "zone_forbidden",
  "speed_exceeded",
]);

/** What there is too little of for all that is left; leaving out what is optional saves some. */
const SHORTAGES: ReadonlySet<string> = new Set(["energy_short", "battery_short", "time_short"]);

interface Remaining {
  readonly stage: Stage;
  readonly known: StageState;
}

interface Revisable {
  readonly plan: Contract;
  readonly left: readonly Remaining[];
  readonly failed: Remaining;
  readonly code: string;
}

type Change = (revisable: Revisable) => LocalRevision | undefined;

const CHANGES: readonly Change[] = [saveOnOptional, postpone, takeAlternative, leaveOut, goElsewhere];

function saveOnOptional({ left, failed, code }: Revisable): LocalRevision | undefined {
  const optional = left.filter(({ stage }) => stage.optional && stage !== failed.stage);
  if (!SHORTAGES.has(code) || optional.length === 0) return undefined;
  const names = optional.map(({ stage }) => stage.stageId);
  return revision(left, `${names.join(", ")} left out to save what is short`, { skipped: names });
}

/** Moves the failed stage, and what waits for it, behind what can be done without it. */
function postpone({ plan, left, failed, code }: Revisable): LocalRevision | undefined {
  const { stageId } = failed.stage;
  const behind = stagesBehind(plan, stageId);
  const waiting = left.filter(({ stage }) => behind.has(stage.stageId));
  const free = left.filter((one) => one !== failed && !waiting.includes(one));
  const comesFirst = free.some((one) => one.known.status === "pending" && left.indexOf(one) > left.indexOf(failed));
  if (!comesFirst || SHORTAGES.has(code)) return undefined;
  return revision([...free, failed, ...waiting], `${stageId} comes after what does not depend on it`);
}

function takeAlternative({ left, failed }: Revisable): LocalRevision | undefined {
  const { stage, known } = failed;
  const alternative = (known.changes?.alternative ?? -1) + 1;
  const other = stage.alternatives?.[alternative];
  if (!other) return undefined;
  const changes = { action: other.action ?? stage.action, inputs: other.inputs, alternative };
  return revision(left, `${stage.stageId} is done in its way ${alternative + 1}`, {
    changes: new Map([[stage.stageId, changes]]),
  });
}

function leaveOut({ left, failed }: Revisable): LocalRevision | undefined {
  const { stageId, optional = false } = failed.stage;
  return optional ? revision(left, `${stageId} is left out`, { skipped: [stageId] }) : undefined;
}

/**
 * Drives to the next landmark of the same kind, and sets down there what was to be set down at the first; goods are where
 * they are, so a place to take something from is not exchanged for another.
 */
function goElsewhere({ plan, left, failed }: Revisable): LocalRevision | undefined {
  const { stage } = failed;
  const { to } = stage.inputs;
  const other = stage.action === "navigate" && typeof to === "string" ? nextLandmark(plan, to) : undefined;
  if (other === undefined || typeof to !== "string") return undefined;
  const isThere = (place: unknown): boolean =>
    typeof place === "string" && (place === to || place.startsWith(`${to}.`));
  const bound = left.filter(
    (one) => one !== failed && (isThere(one.stage.inputs["from"]) || isThere(one.stage.inputs["to"])),
  );
  const isMovable = bound.every((one) => one.stage.action === "place" && one.stage.inputs["to"] === to);
  if (!isMovable) return undefined;
  const changes = new Map(
    [failed, ...bound].map((one) => [
      one.stage.stageId,
      { inputs: { ...one.stage.inputs, to: other }, goalShift: NO_SHIFT },
    ]),
  );
  return revision(left, `${stage.stageId} goes to ${other} instead of ${to}`, { changes });
}

const NO_SHIFT: [number, number] = [0, 0];

/** The next one in the order of the contract, from the last on to the first. */
function nextLandmark({ spatial }: Contract, id: string): string | undefined {
  const at = spatial.landmarks.findIndex((landmark) => landmark.id === id);
  const { kind } = spatial.landmarks[at] ?? {};
  const inOrder = [...spatial.landmarks.slice(at + 1), ...spatial.landmarks.slice(0, Math.max(0, at))];
  return kind === undefined ? undefined : inOrder.find((landmark) => landmark.kind === kind)?.id;
}

/** The stages that wait for one, directly or through stages in between; grown round by round, because ways through a graph are many. */
function stagesBehind({ stages }: Contract, stageId: string): ReadonlySet<string> {
  const behind = new Set<string>();
  const isBehind = ({ after }: Stage, before: Stage | undefined): boolean =>
    (after ?? (before ? [before.stageId] : [])).some((id) => id === stageId || behind.has(id));
  for (let known = -1; known < behind.size;) {
    known = behind.size;
    for (const [at, stage] of stages.entries()) if (isBehind(stage, stages[at - 1])) behind.add(stage.stageId);
  }
  return behind;
}

interface Differences {
  readonly skipped?: readonly string[];
  readonly changes?: ReadonlyMap<string, StageChanges>;
}

function revision(
  left: readonly Remaining[],
  detail: string,
  { skipped = [], changes }: Differences = {},
): LocalRevision {
  const stages = left
    .filter(({ stage }) => !skipped.includes(stage.stageId))
    .map(({ stage, known }): PlannedStage => {
      const { stageId, action, optional } = stage;
      const own = changes?.get(stageId);
      const all = known.changes || own ? { ...known.changes, ...own } : undefined;
      return { stageId, action, ...(optional === undefined ? {} : { optional }), ...(all && { changes: all }) };
    });
  return { stages, skipped, detail };
}
