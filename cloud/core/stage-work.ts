import type { Contract, Stage } from "#contract/contract";
import type { Event } from "#contract/event";
import { readEventData } from "#contract/event-data";
import type { PoseTuple } from "#contract/spatial";
import type { Estimator, StageForecast, StageSample, StageWork } from "./estimator.ts";

/** What an estimator expects of each stage of a contract; stages of which it knows nothing are left out. */
export function expectedStages(
  contract: Contract,
  deviceKind: string,
  estimator: Pick<Estimator, "forecast">,
): ReadonlyMap<string, StageForecast> {
  const expected = new Map<string, StageForecast>();
  for (const { stageId } of contract.stages) {
    const work = workOf(contract, stageId, deviceKind);
    const forecast = work && estimator.forecast(work);
    if (forecast) expected.set(stageId, forecast);
  }
  return expected;
}

/** What an event teaches: one by which a stage was completed at its first try; undefined for every other. */
export function sampleOf(contract: Contract, event: Event, deviceKind: string): StageSample | undefined {
  if (event.type !== "stage.completed" || event.stageId === undefined) return undefined;
  const data = readEventData("stage.completed", event.data);
  const work = workOf(contract, event.stageId, deviceKind);
  if (!data || !work || data.attempts > 1) return undefined;
  return { ...work, seconds: data.durationSeconds, batteryUsed: data.batteryUsed };
}

/** Where the device should stand when a stage begins: at the goal of the drive before it. */
export function startOf(contract: Contract, stageId: string): PoseTuple | undefined {
  return landmarkOf(contract, startNameOf(contract, stageId));
}

/** Where a drive goes; undefined for other work, and for places that the contract does not know. */
export function goalOf(contract: Contract, stageId: string): PoseTuple | undefined {
  const stage = contract.stages.find((each) => each.stageId === stageId);
  if (stage?.action !== "navigate") return undefined;
  const { to } = stage.inputs;
  return Array.isArray(to) ? [Number(to[0]), Number(to[1]), Number(to[2] ?? 0)] : landmarkOf(contract, to);
}

function workOf(contract: Contract, stageId: string, deviceKind: string): StageWork | undefined {
  const stage = contract.stages.find((each) => each.stageId === stageId);
  if (!stage) return undefined;
  const { action } = stage;
  const from = startNameOf(contract, stageId);
  const to = placeOf(stage);
  const [start, goal] = [startOf(contract, stageId), goalOf(contract, stageId)];
  const metres = start && goal && Math.hypot(goal[0] - start[0], goal[1] - start[1]);
  return {
    deviceKind,
    action,
    ...(typeof from === "string" ? { from } : {}),
    ...(to === undefined ? {} : { to }),
    ...(metres === undefined ? {} : { metres }),
  };
}

function startNameOf({ stages }: Contract, stageId: string): unknown {
  const at = stages.findIndex((each) => each.stageId === stageId);
  return stages.slice(0, at).findLast(({ action }) => action === "navigate")?.inputs["to"];
}

function placeOf({ inputs }: Stage): string | undefined {
  const place = inputs["to"] ?? inputs["from"];
  return typeof place === "string" ? place : undefined;
}

function landmarkOf({ spatial }: Contract, name: unknown): PoseTuple | undefined {
  return spatial.landmarks.find(({ id }) => id === name)?.pose;
}
