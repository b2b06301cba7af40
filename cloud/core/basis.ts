import type { Contract } from "#contract/contract";
import type { ContractState, StageState } from "#contract/state";
import type { Point } from "#lib/geometry";
import type { StageForecast } from "./estimator.ts";
import type { Track } from "./track.ts";

/** All that a projection starts from: what was pushed, what the journal says, and what was seen last. */
export interface ProjectionBasis {
  readonly contract?: Contract | undefined;
  readonly state?: ContractState | undefined;
  readonly track: Track;
  /** By stage, what experience says of such work: asked where the device has estimated nothing, or too long ago. */
  readonly expected?: ReadonlyMap<string, StageForecast>;
  /** The way that the platform would go between two points of the map; undefined where it knows none. */
  readonly wayBetween?: (from: Point, to: Point) => readonly Point[] | undefined;
  /** Since when the device is out of reach, milliseconds of the wall clock; absent while it is heard. */
  readonly lostAtMs?: number;
}

/** The stage that is started, or else the next in line. */
export function stageUnderWay(state: ContractState): StageState | undefined {
  return state.stages.find((stage) => stage.status === "started") ?? state.stages.find((stage) => !isDone(stage));
}

/** Whether nothing is left to do for the stage. */
export function isDone(stage: StageState): boolean {
  return stage.status === "completed" || stage.status === "skipped";
}
