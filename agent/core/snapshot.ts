import type { ProgressSnapshot } from "#contract/progress-snapshot";
import { chargeOf } from "./battery-meter.ts";
import { elapsedMs } from "./elapsed.ts";
import type { Situation } from "./situation.ts";

/** A stage that has ended and that the journal does not know as ended yet. */
export interface StageEnd {
  readonly stageId: string;
  readonly output: Readonly<Record<string, unknown>>;
}

/** How far the contract has come, for whoever schedules and for those who wait for it. */
export function snapshotOf(
  { contract, state, robot, now, activity }: Situation,
  stageId: string | undefined,
  ended?: StageEnd,
): ProgressSnapshot {
  const elapsed = elapsedMs({ monoMs: state.startedMonoMs, at: state.startedAt }, now, contract.issuedAt) ?? 0;
  const done = state.stages.filter(({ status, stageId: id }) => status === "completed" || id === ended?.stageId);
  const errors = state.stages.flatMap(({ stageId: id, failure }) =>
    failure === undefined ? [] : [{ stage_id: id, code: failure }],
  );
  const underWay = activity.attempts.filter(({ contractId }) => contractId === contract.contractId);
  const distance = underWay.reduce((sum, attempt) => Math.max(sum, robot.driven - attempt.drivenAtStart), 0);
  const used = underWay.reduce((sum, attempt) => sum + chargeOf(attempt, activity.attempts, robot.battery), 0);
  return {
    task_id: contract.taskId,
    elapsed_seconds: elapsed / 1000,
    stages_completed: done.length,
    total_stages: state.stages.length,
    ...(stageId === undefined ? {} : { current_stage: stageId }),
    ...(ended && { partial_results: { [ended.stageId]: JSON.parse(JSON.stringify(ended.output)) } }),
    resource_usage: {
      battery_used: round(state.batteryUsed + used),
      distance: round(state.distance + distance),
    },
    ...(errors.length > 0 ? { errors } : {}),
  };
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
