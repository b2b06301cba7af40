import type { Seconds } from "#lib/units";
import type { Assignment, Candidate, OpenTask, Planner } from "../planner.ts";

/** A task in the plan of the fleet. */
export interface PlannedTask extends Assignment {
  /** When it should be done, from now on. */
  readonly endsInSeconds: Seconds;
}

/**
 * Plans all tasks, one round after the other: each device that has got one is next free where and when that ends. The first of
 * each device is its next; what nobody can take is left out.
 */
export function rollOut(
  planner: Planner,
  tasks: readonly OpenTask[],
  fleet: readonly Candidate[],
): readonly PlannedTask[] {
  const plan: PlannedTask[] = [];
  let open = tasks;
  let devices = fleet;
  while (open.length > 0) {
    const round = planner.assign(open, devices);
    if (round.length === 0) break;
    const given = new Map(round.map((assignment) => [assignment.deviceId, planned(assignment, open)]));
    plan.push(...given.values());
    devices = devices.map((device) => {
      const next = given.get(device.deviceId);
      return next ? after(device, next, taskOf(next, open)) : device;
    });
    open = open.filter(({ taskId }) => !round.some((assignment) => assignment.taskId === taskId));
  }
  return plan;
}

function planned(assignment: Assignment, open: readonly OpenTask[]): PlannedTask {
  const { workSeconds = 0 } = taskOf(assignment, open);
  return { ...assignment, endsInSeconds: assignment.startsInSeconds + assignment.travelSeconds + workSeconds };
}

function taskOf({ taskId }: Assignment, open: readonly OpenTask[]): OpenTask {
  return open.find((task) => task.taskId === taskId)!;
}

/** The device once it has done the task. */
function after(device: Candidate, { startsInSeconds, endsInSeconds }: PlannedTask, { end }: OpenTask): Candidate {
  const [x, y, yaw = 0] = end ?? [];
  const used = (endsInSeconds - startsInSeconds) * (device.drainPerSecond ?? 0);
  return {
    ...device,
    isFree: false,
    freeInSeconds: endsInSeconds,
    ...(x === undefined || y === undefined ? {} : { pose: [x, y, yaw] as const }),
    ...(device.battery === undefined ? {} : { battery: Math.max(0, device.battery - used) }),
  };
}
