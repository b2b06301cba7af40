import type { StageState } from "#contract/state";
import { isFinal } from "#contract/status";
import { endInTime, interrupt, watchAttempt } from "./attempt-watch.ts";
import { waitBeforeStartMs } from "./constraints.ts";
import { answerViolation, keepOwnHolds, standStill } from "./hold-rules.ts";
import type { Situation } from "./situation.ts";
import { isIrreversible, isUnsettled, movesBase, runStage, settleAttempt, settleInquiry } from "./stage-loop.ts";
import { findProgress, findStage } from "./stage-order.ts";
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
  answerViolation,
  standStill,
  watchAttempt,
  startContract,
  work,
];

/** Tools work for one contract at a time, also for one that has ended while its last action runs on. */
function takeTurns({ activity, contract }: Situation): readonly Step[] | undefined {
  const busy = activity.attempt ?? activity.inquiry;
  return busy && busy.contractId !== contract.contractId ? [] : undefined;
}

function recordWhatEnded(situation: Situation): readonly Step[] | undefined {
  const { attempt, inquiry } = situation.activity;
  if (attempt?.result) return settleAttempt(situation, attempt);
  if (!inquiry?.answer) return undefined;
  const view = findStage(situation.contract, situation.state, inquiry.stageId);
  return view ? settleInquiry(situation, inquiry, view) : [{ type: "forget-attempt" }];
}

function clearUpAfterEnd(situation: Situation): readonly Step[] | undefined {
  if (!isFinal(situation.state.status)) return undefined;
  const { attempt, inquiry } = situation.activity;
  if (attempt) return movesBase(attempt.action) ? interrupt(attempt, "withdrawn") : endInTime(situation, attempt);
  if (inquiry) return [];
  return askAbout(situation, (known) => isUnsettled(known) && isIrreversible(known.action)) ?? [];
}

/** The lease is over: the cloud may give the task away once the time to wind down has passed. */
function windDown(situation: Situation): readonly Step[] | undefined {
  const { leaseRemainingMs, activity, contract, now } = situation;
  if (leaseRemainingMs === "unknown" || leaseRemainingMs > 0) return undefined;
  if (isFinished(situation)) return undefined;
  const { attempt, inquiry, windDownSinceMs } = activity;
  if (windDownSinceMs === undefined) return [{ type: "wind-down" }];
  const isInTime = now.monoMs - windDownSinceMs < contract.lease.windDownSeconds * 1000;
  if (attempt && movesBase(attempt.action) && !attempt.interruption) return interrupt(attempt, "withdrawn");
  return (attempt ?? inquiry) && isInTime ? [] : [{ type: "expire" }];
}

/** An attempt that a crash or a hold left open is asked about before anything else is tried; asking moves nothing. */
function resolveDoubt(situation: Situation): readonly Step[] | undefined {
  const { state, activity } = situation;
  if (activity.attempt) return undefined;
  if (activity.inquiry) return [];
  const isHeld = state.holds.length > 0;
  return askAbout(situation, (known) => isUnsettled(known) || (!isHeld && mayBeAskedAgain(known)));
}

/** Asks about the first such stage; one that a newer revision has taken away cannot be asked about. */
function askAbout(
  { contract, state }: Situation,
  isMeant: (known: StageState) => boolean,
): readonly Step[] | undefined {
  const doubtful = state.stages.find((known) => isMeant(known) && findStage(contract, state, known.stageId));
  return doubtful && [{ type: "verify", stageId: doubtful.stageId, n: doubtful.attempts }];
}

function startContract({ contract, state, robot, now }: Situation): readonly Step[] | undefined {
  if (state.isStarted) return undefined;
  const isReady = robot.battery !== undefined && robot.pose !== undefined && waitBeforeStartMs(contract, now) === 0;
  return isReady ? [{ type: "start-contract" }] : [];
}

function work(situation: Situation): readonly Step[] {
  const progress = findProgress(situation.contract, situation.state);
  switch (progress.type) {
    case "finished":
      return [{ type: "finish" }];
    case "stuck":
      return [{ type: "fail", reason: "no_stage_ready", detail: "every stage that is left waits for another one" }];
    case "at":
      return runStage(situation, progress.view);
  }
}

/** A human has looked: a stage whose effect was unknown, or happened with a wrong outcome, is asked about, never repeated. */
function mayBeAskedAgain(known: StageState): boolean {
  if (known.status === "started") return known.verified === "unknown" || known.verified === "done";
  return known.status === "failed" && known.verified === "done";
}

/** Work that is done is done, whatever happens to the lease: to say so takes neither time nor motion. */
function isFinished({ contract, state }: Situation): boolean {
  return state.status === "running" && findProgress(contract, state).type === "finished";
}
