import type { StageState } from "#contract/state";
import { isFinal } from "#contract/status";
import { isIrreversible } from "./action-traits.ts";
import { pauseAttempts, watchAttempts } from "./attempt-watch.ts";
import { isUnderWay } from "./attempts.ts";
import { waitBeforeStartMs } from "./constraints.ts";
import { answerViolation, keepOwnHolds, noteMildViolation, standStill } from "./hold-rules.ts";
import { awaitReplan } from "./replan-rules.ts";
import { verifyEnvironment } from "./environment-rule.ts";
import { windDown } from "./lease-end.ts";
import { keepOfflinePosture } from "./offline-posture.ts";
import type { Situation } from "./situation.ts";
import { isUnsettled, runStage, settleAttempt, settleInquiry } from "./stage-loop.ts";
import { runWorkPlan, waitForPlan } from "./plan-rules.ts";
import { findProgress, findStage, type StageView } from "./stage-order.ts";
import type { Step } from "./step.ts";

/**
 * What is to be done about a contract now; empty when there is nothing to do but wait. Pure: the same situation gives the
 * same steps. The first rule that has something to say decides, so the order of the rules is the order of what matters.
 */
export function nextSteps(situation: Situation): readonly Step[] {
  for (const rule of RULES) {
    const steps = rule(situation);
    if (steps) return steps;
  }
  return [];
}

/** `undefined`: nothing to say; an empty list: wait. */
type Rule = (situation: Situation) => readonly Step[] | undefined;

const RULES: readonly Rule[] = [
  takeTurns,
  recordWhatEnded,
  clearUpAfterEnd,
  windDown,
  resolveDoubt,
  keepOwnHolds,
  keepOfflinePosture,
  noteMildViolation,
  answerViolation,
  runWorkPlan,
  standStill,
  waitForPlan,
  awaitReplan,
  verifyEnvironment,
  pauseSiblings,
  watchAttempts,
  startContract,
  work,
];

/** Tools work for one contract at a time, also for one that has ended while its last action runs on. */
function takeTurns({ activity, contract }: Situation): readonly Step[] | undefined {
  const isForeign = ({ contractId }: { contractId: string }): boolean => contractId !== contract.contractId;
  return activity.attempts.some(isForeign) || activity.inquiries.some(isForeign) ? [] : undefined;
}

function recordWhatEnded(situation: Situation): readonly Step[] | undefined {
  const ended = situation.activity.attempts.find((attempt) => attempt.result);
  if (ended) return settleAttempt(situation, ended);
  const answered = situation.activity.inquiries.find((inquiry) => inquiry.answer);
  if (!answered) return undefined;
  const { stageId } = answered;
  const view = findStage(situation.contract, situation.state, stageId);
  return view ? settleInquiry(situation, answered, view) : [{ type: "forget-attempt", stageId }];
}

function clearUpAfterEnd(situation: Situation): readonly Step[] | undefined {
  if (!isFinal(situation.state.status)) return undefined;
  const { attempts, inquiries } = situation.activity;
  if (attempts.length > 0) return pauseAttempts(situation, attempts);
  if (inquiries.length > 0) return [];
  return askAbout(situation, (known) => isUnsettled(known) && isIrreversible(known.action)) ?? [];
}

/** An attempt that a crash or a hold left open is asked about before anything else is tried; asking moves nothing. */
function resolveDoubt(situation: Situation): readonly Step[] | undefined {
  const { state, activity } = situation;
  const isHeld = state.holds.length > 0;
  const asking = askAbout(situation, (known) => isUnsettled(known) || (!isHeld && mayBeAskedAgain(known)));
  if (asking) return asking;
  return activity.inquiries.length > 0 && activity.attempts.length === 0 ? [] : undefined;
}

/** Asks about the first such stage; one that a newer revision has taken away cannot be asked about. */
function askAbout(situation: Situation, isMeant: (known: StageState) => boolean): readonly Step[] | undefined {
  const { contract, state } = situation;
  const doubtful = state.stages.find(
    (known) => isMeant(known) && findStage(contract, state, known.stageId) && !isUnderWay(situation, known.stageId),
  );
  return doubtful && [{ type: "verify", stageId: doubtful.stageId, n: doubtful.attempts }];
}

function startContract({ contract, state, robot, now }: Situation): readonly Step[] | undefined {
  if (state.isStarted) return undefined;
  const isReady = robot.battery !== undefined && robot.pose !== undefined && waitBeforeStartMs(contract, now) === 0;
  return isReady ? [{ type: "start-contract" }] : [];
}

/** While a stage is recovering from a failure, those beside it wait at a safe point; they go on when it does. */
function pauseSiblings(situation: Situation): readonly Step[] | undefined {
  const failed = failedStages(situation);
  if (failed.length === 0) return undefined;
  const { attempts } = situation.activity;
  const steps = pauseAttempts(
    situation,
    attempts.filter(({ stageId }) => !failed.includes(stageId)),
  );
  return steps.length > 0 ? steps : undefined;
}

function work(situation: Situation): readonly Step[] {
  const progress = findProgress(situation.contract, situation.state);
  switch (progress.type) {
    case "finished":
      return situation.activity.attempts.length > 0 ? [] : [{ type: "finish" }];
    case "stuck":
      return [{ type: "fail", reason: "no_stage_ready", detail: "every stage that is left waits for another one" }];
    case "at":
      return runStages(situation, progress.views);
  }
}

/** The first of the stages with something to do has the word; the next is heard when that is done. */
function runStages(situation: Situation, views: readonly StageView[]): readonly Step[] {
  const failed = failedStages(situation);
  for (const view of views) {
    const { stageId } = view.stage;
    if (isUnderWay(situation, stageId) || (failed.length > 0 && !failed.includes(stageId))) continue;
    const steps = runStage(situation, view);
    if (steps.length > 0) return steps;
  }
  return [];
}

function failedStages({ contract, state }: Situation): readonly string[] {
  const failed = state.stages.filter(({ status }) => status === "failed").map(({ stageId }) => stageId);
  return failed.filter((stageId) => findStage(contract, state, stageId));
}

/** A human has looked: a stage whose effect was unknown, or happened with a wrong outcome, is asked about, never repeated. */
function mayBeAskedAgain(known: StageState): boolean {
  if (known.status === "started") return known.verified === "unknown" || known.verified === "done";
  return known.status === "failed" && known.verified === "done";
}
