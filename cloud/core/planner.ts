import type { Contract } from "#contract/contract";
import type { Metres, MetresPerSecond, Seconds, Share } from "#lib/units";
import type { DeviceMode } from "./device-machine.ts";
import type { ContractOrder } from "./equator/excerpt.ts";

/** A task that needs a device. */
export interface OpenTask {
  readonly taskId: string;
  readonly mapId?: string | undefined;
  /** What the device must be able to do. */
  readonly actions: readonly string[];
  /** Where the work begins; undefined when no stage drives anywhere. */
  readonly start?: readonly number[] | undefined;
  /** Where it ends. */
  readonly end?: readonly number[] | undefined;
  /** What the work should take once it begins. */
  readonly workSeconds?: Seconds | undefined;
  /** The charge that must be left when it is done. */
  readonly batteryMinimum?: Share | undefined;
  /** Until when it must be done, from now on; negative when that has passed. */
  readonly secondsLeft?: Seconds | undefined;
  /** Devices that must not have it, because they have had it. */
  readonly notTo?: ReadonlySet<string> | undefined;
}

/** A device that tasks may be given to. */
export interface Candidate {
  readonly deviceId: string;
  readonly mode: DeviceMode;
  readonly isFree: boolean;
  readonly actions: readonly string[];
  /** Where it is; of one that has work, where that will end. */
  readonly pose?: readonly [number, number, number] | undefined;
  /** Its mean speed as it estimated it last. */
  readonly speed?: MetresPerSecond | undefined;
  /** When it will be free, from now on: 0 for one that is; absent where nobody knows. */
  readonly freeInSeconds?: Seconds | undefined;
  /** Its charge when it is free. */
  readonly battery?: Share | undefined;
  readonly drainPerSecond?: number | undefined;
}

export interface Assignment {
  readonly taskId: string;
  readonly deviceId: string;
  readonly distance: Metres;
  readonly travelSeconds: Seconds;
  /** When the device sets out, from now on. */
  readonly startsInSeconds: Seconds;
}

/**
 * The platform's planner (document 1, first tier): which device takes which task, at most one each. A task that nobody can take is
 * left out. Devices that are not live take nothing.
 */
export interface Planner {
  assign(tasks: readonly OpenTask[], fleet: readonly Candidate[]): readonly Assignment[];
}

/** What decides where the work of a contract is, and what it takes. */
type Work = Pick<Contract, "taskId" | "stages"> & {
  readonly spatial: Partial<Pick<Contract["spatial"], "landmarks">> & Pick<ContractOrder["spatial"], "mapId">;
  readonly constraints?: Contract["constraints"];
};

/** What a planner must know of a contract that is given to somebody. */
export function openTaskOf(contract: Work, landmarks = contract.spatial.landmarks ?? []): OpenTask {
  const { taskId, stages, spatial, constraints } = contract;
  const goals = stages
    .filter(({ action }) => action === "navigate")
    .map(({ inputs }) => placeOf(inputs["to"], landmarks))
    .filter((place) => place !== undefined);
  return {
    taskId,
    mapId: spatial.mapId,
    actions: [...new Set(stages.filter(({ optional }) => !optional).map((stage) => stage.action))],
    start: goals[0],
    end: goals.at(-1),
    workSeconds: stages.reduce((sum, { nominalSeconds = 0 }) => sum + nominalSeconds, 0),
    ...(constraints ? { batteryMinimum: constraints.battery.minimum } : {}),
  };
}

function placeOf(to: unknown, landmarks: Contract["spatial"]["landmarks"]): readonly number[] | undefined {
  if (Array.isArray(to)) return to.map(Number);
  return landmarks.find(({ id }) => id === to)?.pose;
}
