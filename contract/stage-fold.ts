import type { EventData } from "./event-data.ts";
import type { Event } from "./event.ts";
import { usageOf } from "./fix-fold.ts";
import { nextStageStatus, type StageEventType } from "./stage-status.ts";
import type { StageChanges } from "./stage-changes.ts";
import type { StageState } from "./state.ts";

interface StageOutline {
  readonly stageId: string;
  readonly action: string;
  readonly optional?: boolean | undefined;
  readonly changes?: StageChanges | undefined;
}

/** A stage that nothing is known of yet. */
export function pendingStage(outline: StageOutline): StageState {
  return {
    stageId: outline.stageId,
    action: outline.changes?.action ?? outline.action,
    isOptional: outline.optional ?? false,
    status: "pending",
    attempts: 0,
    retries: 0,
    fixes: {},
    ...(outline.changes && { changes: outline.changes }),
  };
}

/** What an event of a stage makes of it; one that `STAGE_TRANSITIONS` does not list for the stage's status changes nothing. */
export function foldStage<Type extends StageEventType>(
  stage: StageState,
  event: Event,
  type: Type,
  data: EventData<Type>,
): StageState {
  const status = nextStageStatus(stage, type, "n" in data ? Number(data.n) : undefined);
  if (status === undefined) return stage;
  const fold: StageFold<Type> = FOLDS[type];
  return { ...fold(stage, event, data), status };
}

/**
 * The stages after a plan took the place of the remaining ones: what is history stays, the rest is what the plan names.
 * A plan may name kept stages too, and then says their order; others stay in front. A stage that failed and is planned
 * again counts its attempts on, because their idempotency keys are used up.
 */
export function replaceRemaining(stages: readonly StageState[], plan: readonly StageOutline[]): readonly StageState[] {
  const planned = new Set(plan.map((outline) => outline.stageId));
  const before = new Map(stages.map((stage) => [stage.stageId, stage]));
  const kept = stages.filter((stage) => isHistory(stage) && !planned.has(stage.stageId));
  const next = plan.map((outline) => {
    const old = before.get(outline.stageId);
    if (!old) return pendingStage(outline);
    const { attempts, coverage } = old;
    return isHistory(old) ? old : { ...pendingStage(outline), attempts, ...(coverage && { coverage }) };
  });
  return [...kept, ...next];
}

type StageFold<Type extends StageEventType> = (stage: StageState, event: Event, data: EventData<Type>) => StageState;

/** What a transition leaves behind besides the status. */
const FOLDS: { readonly [Type in StageEventType]: StageFold<Type> } = {
  "stage.started": (stage, event) => begin(stage, event),
  "stage.attempt": (stage, event, { n, idempotencyKey }) => {
    const { verified: _settled, ...rest } = begin(stage, event);
    return { ...rest, attempts: n, lastKey: idempotencyKey };
  },
  "stage.verified": (stage, _event, { answer }) => ({ ...stage, verified: answer }),
  "stage.completed": (stage, event, { output }) => ({ ...stage, output, endedAt: event.at }),
  "stage.failed": (stage, event, { code, strategy, used }) => ({
    ...stage,
    ...usageOf(used),
    failure: code,
    retries: stage.retries + (strategy === "retry" ? 1 : 0),
    endedAt: event.at,
  }),
  "stage.skipped": (stage, event) => ({ ...stage, endedAt: event.at }),
};

/** Under way, for the first time or again: the times run from the first start, an end before this one was not the last. */
function begin(stage: StageState, event: Event): StageState {
  const { endedAt: _undone, ...rest } = stage;
  return { startedAt: event.at, startedMonoMs: event.monoMs, ...rest };
}

/** What no plan touches: done, under way, left out, or an effect that happened although its outcome was wrong. */
function isHistory(stage: StageState): boolean {
  return stage.status === "failed" ? stage.verified === "done" : stage.status !== "pending";
}
