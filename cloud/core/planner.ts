import type { Contract } from "#contract/contract";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import type { DeviceMode } from "./device-machine.ts";

/** A task that needs a device. */
export interface OpenTask {
  readonly taskId: string;
  /** What the device must be able to do. */
  readonly actions: readonly string[];
  /** Where the work begins; undefined when no stage drives anywhere. */
  readonly start?: readonly number[] | undefined;
}

/** A device that tasks may be given to. */
export interface Candidate {
  readonly deviceId: string;
  readonly mode: DeviceMode;
  readonly isFree: boolean;
  readonly actions: readonly string[];
  readonly pose?: readonly [number, number, number] | undefined;
  /** Its mean speed as it estimated it last. */
  readonly speed?: MetresPerSecond | undefined;
}

export interface Assignment {
  readonly taskId: string;
  readonly deviceId: string;
  readonly distance: Metres;
  readonly travelSeconds: Seconds;
}

/** The platform's planner (document 1, first tier): which device takes which task. A task that nobody can take is left out. */
export interface Planner {
  assign(tasks: readonly OpenTask[], fleet: readonly Candidate[]): readonly Assignment[];
}

/** What a planner must know of a contract that is given to somebody. */
export function openTaskOf(contract: Pick<Contract, "taskId" | "stages" | "spatial">): OpenTask {
  return {
    taskId: contract.taskId,
    actions: [...new Set(contract.stages.map((stage) => stage.action))],
    start: startOf(contract),
  };
}

/** Where the work begins: the first goal that a stage names. */
function startOf({ stages, spatial }: Pick<Contract, "stages" | "spatial">): readonly number[] | undefined {
  const to = stages.find((stage) => stage.action === "navigate")?.inputs["to"];
  if (Array.isArray(to)) return to.map(Number);
  return spatial.landmarks.find((landmark) => landmark.id === to)?.pose;
}
