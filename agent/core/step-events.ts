import { isFinal } from "#contract/status";
import { toolsOf } from "./action-traits.ts";
import { attemptOf } from "./attempts.ts";
import { coverageNews } from "./coverage-events.ts";
import { elapsedMs } from "./elapsed.ts";
import { estimateOf, remainingWay, shareDone } from "./estimate.ts";
import {
  deviation,
  drifted,
  ending,
  hasLoad,
  leftOnBoard,
  movement,
  sighting,
  verdict,
  violated,
  type EventBody,
  type StepDeps,
} from "./event-parts.ts";
import { LEASE_ENDED_HOLD } from "./lease.ts";
import { noticesOf } from "./notices.ts";
import type { NewEvent } from "./ports.ts";
import { replanFailed, revisionAdopted } from "./replan-events.ts";
import { giveUpDoubt, recovery } from "./recovery-events.ts";
import { LIGHTER_MODE, WAIT } from "./resource-steps.ts";
import type { Shortage } from "./resources.ts";
import type { Situation } from "./situation.ts";
import type { StageEnd } from "./snapshot.ts";
import { findStage, type StageView } from "./stage-order.ts";
import { usageOf } from "./usage.ts";
import type { Step } from "./step.ts";

/** What the journal is told about a step, all of it in one transaction; nothing for a step that only this process knows. */
export function eventsOf(step: Step, situation: Situation, deps: StepDeps): readonly NewEvent[] {
  const { contractId } = situation.contract;
  const bodies = bodiesOf(step, situation, deps);
  return [...bodies, ...noticesOf(bodies, situation)].map((event) => ({ ...event, contractId }) as NewEvent);
}

type StepType = Step["type"];
type StepOf<Type extends StepType> = Extract<Step, { type: Type }>;
type Write<Type extends StepType> = (step: StepOf<Type>, situation: Situation, deps: StepDeps) => readonly EventBody[];

function bodiesOf<Type extends StepType>(
  step: StepOf<Type>,
  situation: Situation,
  deps: StepDeps,
): readonly EventBody[] {
  const write = WRITERS[step.type] as Write<Type>;
  return write(step, situation, deps);
}

const WRITERS: { readonly [Type in StepType]: Write<Type> } = {
  interrupt: () => [],
  "forget-attempt": onStage(usageSoFar),
  verify: onStage(usageSoFar),
  "start-plan": () => [],
  "start-contract": (_step, situation, deps) => {
    const planned = estimate(situation, deps, undefined);
    const secondsEstimated = planned[0]?.data.secondsRemaining;
    const data = secondsEstimated === undefined ? {} : { secondsEstimated };
    return [{ type: "contract.started", data }, ...planned];
  },
  hold: ({ holdId, by, reason }) => [{ type: "contract.held", data: { holdId, by, reason } }],
  resume: ({ holdId, by }) => [{ type: "contract.resumed", data: { holdId, by } }],
  "wind-down": (_step, { contract }) => {
    const { durationSeconds, windDownSeconds } = contract.lease;
    const detail = `no answer within the lease of ${durationSeconds} s, winding down within ${windDownSeconds} s`;
    const data = { holdId: LEASE_ENDED_HOLD, by: "constraint", reason: detail } as const;
    return [
      violated({ code: "lease_ended", detail, value: 0, limit: durationSeconds }),
      { type: "contract.held", data },
    ];
  },
  abort: ({ reason, detail }, situation, deps) => [
    ...ending("contract.aborted", situation, reason, detail),
    ...leftOnBoard(hasLoad(situation), deps),
  ],
  expire: (_step, situation, deps) => [
    ...ending("contract.expired", situation, "lease_ended"),
    ...leftOnBoard(hasLoad(situation), deps),
  ],
  fail: ({ reason, detail }, situation, deps) => [
    ...ending("contract.failed", situation, reason, detail),
    ...leftOnBoard(hasLoad(situation), deps),
  ],
  finish: (_step, { state, contract, now }) => {
    const elapsed = elapsedMs({ monoMs: state.startedMonoMs, at: state.startedAt }, now, contract.issuedAt) ?? 0;
    const { distance, batteryUsed } = state;
    return [{ type: "contract.completed", data: { durationSeconds: elapsed / 1000, distance, batteryUsed } }];
  },
  "start-stage": onStage((view, step: StepOf<"start-stage">, situation, deps) => {
    const { stageId, action } = view.stage;
    return [
      { type: "stage.started", stageId, data: { action, ...sighting(situation) } },
      ...drifted(step.drift, stageId),
      ...estimate(situation, deps, stageId),
    ];
  }),
  "await-resource": ({ stageId, n, shortage, limitSeconds }) => [
    { type: "fix.attempted", stageId, data: { fix: WAIT, n, delaySeconds: limitSeconds, ...reasonFor(shortage) } },
  ],
  "go-lighter": ({ stageId, shortage, mode }) => {
    const { speedShare, telemetrySeconds } = mode;
    const changes = {
      ...(speedShare === undefined ? {} : { speedShare }),
      ...(telemetrySeconds === undefined ? {} : { telemetrySeconds }),
    };
    return [{ type: "fix.attempted", stageId, data: { fix: LIGHTER_MODE, n: 1, changes, ...reasonFor(shortage) } }];
  },
  attempt: ({ stageId, n }, { contract }, { keyOf }) => [
    { type: "stage.attempt", stageId, data: { n, idempotencyKey: keyOf(contract.contractId, stageId, n) } },
  ],
  "note-not-done": onStage((view) => [verdict(view, "not-done")]),
  "give-up-doubt": onStage((view, step: StepOf<"give-up-doubt">, situation, deps) =>
    giveUpDoubt(view, step.detail, situation, deps),
  ),
  "complete-stage": onStage(completion),
  recover: (step, situation, deps) => {
    const view = findStage(situation.contract, situation.state, step.failure.stageId);
    return view ? recovery(step, view, situation, deps) : [];
  },
  "note-violation": ({ violation, severity }) => [violated(violation, severity)],
  "ask-for-plan": () => [],
  "trust-environment": () => [],
  "adopt-revision": ({ requestId, revision }, situation) => revisionAdopted(requestId, revision, situation),
  "drop-replan": ({ requestId }) => [replanFailed(requestId, "stage_gone", "the stage is no longer in the plan")],
  "report-progress": ({ stageId }, situation, { outlook }) => {
    const { sigmaXy } = situation.robot;
    const remaining = remainingWay(situation, stageId);
    const data = { share: shareDone(situation, outlook, stageId), sigmaXy, ...sighting(situation) };
    const checkpoint = attemptOf(situation, stageId)?.checkpoint;
    const view = findStage(situation.contract, situation.state, stageId);
    const used = view && usageOf(situation, view);
    const known = {
      ...(used && { used }),
      ...(remaining === undefined ? {} : { remaining }),
      ...(checkpoint && { checkpoint }),
    };
    const covered = view ? coverageNews(situation, view) : [];
    return [{ type: "stage.progress", stageId, data: { ...data, ...known } }, ...covered];
  },
  "report-estimate": ({ stageId }, situation, deps) => estimate(situation, deps, stageId),
};

/** A writer for steps about a stage; one that a newer revision has taken away has nothing to say. */
function onStage<StageStep extends { readonly stageId: string }>(
  write: (view: StageView, step: StageStep, situation: Situation, deps: StepDeps) => readonly EventBody[],
): (step: StageStep, situation: Situation, deps: StepDeps) => readonly EventBody[] {
  return (step, situation, deps) => {
    const view = findStage(situation.contract, situation.state, step.stageId);
    return view ? write(view, step, situation, deps) : [];
  };
}

function estimate(
  situation: Situation,
  { outlook }: StepDeps,
  stageId: string | undefined,
  ended?: StageEnd,
): readonly Extract<EventBody, { type: "estimate" }>[] {
  const data = estimateOf(situation, outlook, stageId, ended);
  return data ? [{ type: "estimate", ...(stageId === undefined ? {} : { stageId }), data }] : [];
}

/** The stage's end and the movement that it made are one fact and commit together. */
function completion(
  view: StageView,
  step: StepOf<"complete-stage">,
  situation: Situation,
  deps: StepDeps,
): readonly EventBody[] {
  const { known, stage } = view;
  const { contract, state, now } = situation;
  const used = usageOf(situation, view);
  const elapsed = elapsedMs({ monoMs: known.startedMonoMs, at: known.startedAt }, now, contract.issuedAt);
  const data = {
    output: { ...step.output },
    durationSeconds: (elapsed ?? 0) / 1000,
    attempts: Math.max(1, known.attempts),
    ...used,
    energyWh: used.batteryUsed * deps.capacityWh,
    toolVersions: Object.fromEntries(toolsOf(stage).map((tool) => [tool, deps.tools])),
    ...sighting(situation),
  };
  const moved = movement(view, step.output, situation, deps);
  const isTooLate = isFinal(state.status) && moved.some((event) => event.data.kind === "PICK");
  return [
    ...(step.isVerified ? [verdict(view, "done")] : []),
    ...coverageNews(situation, view),
    { type: "stage.completed", stageId: stage.stageId, data },
    ...moved,
    ...(step.tolerated ? [deviation(step.tolerated)] : []),
    ...drifted(step.drift, stage.stageId),
    ...leftOnBoard(isTooLate, deps),
    ...(isFinal(state.status) ? [] : estimate(situation, deps, besides(situation, stage.stageId), step)),
  ];
}

/** An attempt that ends without a verdict has taken something all the same. */
function usageSoFar(
  view: StageView,
  { stageId }: { readonly stageId: string },
  situation: Situation,
  { outlook }: StepDeps,
): readonly EventBody[] {
  const attempt = attemptOf(situation, stageId);
  if (!attempt || view.known.status !== "started" || view.known.attempts !== attempt.n) return [];
  const used = usageOf(situation, view);
  const data = { share: shareDone(situation, outlook, stageId), used, ...sighting(situation) };
  return [...coverageNews(situation, view), { type: "stage.progress", stageId, data }];
}

function reasonFor({ code, detail }: Shortage): { code: string; detail: string } {
  return { code, detail };
}

/** A stage that is under way beside the one given. */
function besides({ activity, contract }: Situation, stageId: string): string | undefined {
  const other = activity.attempts.find((attempt) => attempt.stageId !== stageId);
  return other?.contractId === contract.contractId ? other.stageId : undefined;
}
