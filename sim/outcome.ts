import type { ContractResult, DeviceResult, StageResult } from "./result.ts";
import type { Metrics } from "./world/metrics.ts";

/** A contract as whoever tells of it knows it: the device's fold, or the cloud's view. */
interface ToldContract {
  readonly contractId: string;
  readonly name?: string;
  readonly status: string;
  readonly stages: readonly StageResult[];
}

/** What a robot truly did and what became of its contracts, as results show it. */
export function deviceResult(
  id: string,
  metrics: Metrics,
  contracts: readonly ToldContract[],
): Omit<DeviceResult, "timeToGoal"> {
  return {
    id,
    contracts: contracts.map(contractResult),
    distance: metrics.distance,
    meanSpeed: metrics.meanSpeed,
    minClearance: metrics.minClearance,
    collisions: metrics.collisions.length,
    keepoutViolations: metrics.keepoutViolations,
    speedViolations: metrics.speedViolations,
    ...(metrics.coverage === undefined ? {} : { coverage: metrics.coverage }),
    ...(metrics.coverageOverlap === undefined ? {} : { coverageOverlap: metrics.coverageOverlap }),
    batteryUsed: metrics.batteryUsed,
  };
}

function contractResult({ contractId, name, status, stages }: ToldContract): ContractResult {
  return { contractId, ...(name === undefined ? {} : { name }), status, stages: stages.map(stageResult) };
}

function stageResult({ stageId, action, status, attempts, startedAt, endedAt }: StageResult): StageResult {
  return {
    stageId,
    action,
    status,
    attempts,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}
