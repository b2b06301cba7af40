import type { Contract } from "#contract/contract";
import type { ContractState } from "#contract/state";
import type { Seconds } from "#lib/units";
import { stageUnderWay } from "./basis.ts";
import type { DeviceMode } from "./device-machine.ts";
import type { Track } from "./track.ts";

/** A failure that the cloud sees and the device does not tell. */
export interface DetectedFailure {
  readonly code: "not_started" | "stalled" | "window_passed";
  readonly detail: string;
  /** The stage that it is about: the one under way. */
  readonly stageId: string;
  readonly action: string;
}

/** What the cloud knows of a contract under way. */
export interface WatchedContract {
  readonly contract: Contract;
  readonly state: ContractState;
  readonly mode: DeviceMode;
  readonly track: Track;
  /** How long `progressMark` has been the same. */
  readonly unchangedSeconds: Seconds;
  /** Of the cloud's wall clock. */
  readonly nowMs: number;
}

export interface Patience {
  /** A device that is live and does not start is given this long. */
  readonly startSeconds: Seconds;
  /** A stage without progress is given this many times what it was estimated to take. */
  readonly factor: number;
  /** And never less than this: estimates of short stages say little. */
  readonly leastSeconds: Seconds;
}

/** What stays the same as long as nothing is achieved: a new value is progress. */
export function progressMark(state: ContractState, track: Track): string {
  const stages = state.stages.map(({ status, attempts, retries, fixes }) => [status, attempts, retries, fixes]);
  const share = track.progress?.value.contractId === state.contractId ? track.progress.value.share : 0;
  return JSON.stringify([state.status, state.isStarted, state.revision, state.localRevision, stages, share]);
}

/**
 * What is wrong with a contract although its device says nothing of it: live, but it does not start, or a stage makes no
 * progress for a multiple of what it should take in all; or out of reach while its window passes. Undefined when nothing is.
 */
export function detectFailure(watched: WatchedContract, patience: Patience): DetectedFailure | undefined {
  const { state, mode } = watched;
  if (mode === "projected") return windowPassed(watched);
  if (mode !== "live" || state.holds.length > 0) return undefined;
  return state.isStarted ? stalled(watched, patience) : notStarted(watched, patience);
}

function notStarted(watched: WatchedContract, { startSeconds }: Patience): DetectedFailure | undefined {
  const { contract, unchangedSeconds, nowMs } = watched;
  const { notBefore } = contract.constraints.window;
  const waited =
    notBefore === undefined ? unchangedSeconds : Math.min(unchangedSeconds, (nowMs - Date.parse(notBefore)) / 1000);
  if (waited < startSeconds) return undefined;
  return about(watched, "not_started", `accepted, and not begun for ${Math.round(waited)} s`);
}

function stalled(watched: WatchedContract, { factor, leastSeconds }: Patience): DetectedFailure | undefined {
  const { unchangedSeconds } = watched;
  const allowed = Math.max(leastSeconds, factor * expectedSeconds(watched));
  if (unchangedSeconds < allowed) return undefined;
  const detail = `no progress for ${Math.round(unchangedSeconds)} s, where ${Math.round(allowed / factor)} s were expected`;
  return about(watched, "stalled", detail);
}

/** What the stage under way should take: as its device estimated it last, or as the contract says. */
function expectedSeconds({ contract, state, track }: WatchedContract): Seconds {
  const under = stageUnderWay(state);
  const estimate = track.estimate?.value;
  const isOfStage = estimate?.contractId === state.contractId && estimate.data.stageId === under?.stageId;
  if (isOfStage && estimate) return estimate.data.stageSecondsRemaining;
  const stage = contract.stages.find(({ stageId }) => stageId === under?.stageId);
  return stage ? (stage.nominalSeconds ?? stage.timeoutSeconds) : 0;
}

function windowPassed(watched: WatchedContract): DetectedFailure | undefined {
  const { contract, state, nowMs } = watched;
  const { notAfter, maxDurationSeconds } = contract.constraints.window;
  const ends = [
    ...(notAfter === undefined ? [] : [Date.parse(notAfter)]),
    ...(maxDurationSeconds === undefined || state.startedAt === undefined
      ? []
      : [Date.parse(state.startedAt) + maxDurationSeconds * 1000]),
  ];
  const passedMs = nowMs - Math.min(...ends, Number.MAX_VALUE);
  if (passedMs <= 0) return undefined;
  return about(
    watched,
    "window_passed",
    `the time window passed ${Math.round(passedMs / 1000)} s ago, while out of reach`,
  );
}

function about({ state }: WatchedContract, code: DetectedFailure["code"], detail: string): DetectedFailure {
  const { stageId = "", action = "" } = stageUnderWay(state) ?? {};
  return { code, detail, stageId, action };
}
