import type { Assignment, Candidate, OpenTask, Planner } from "./planner.ts";

/** Of a device that has not told its own: a brisk walk, as mobile robots indoors. */
const USUAL_SPEED = 1;

/**
 * Gives each task, in the order in which they are listed, to the nearest device by travel time that is live, free and able:
 * as the crow flies, at the device's mean speed. A device that was not seen yet comes last; of equals the id decides.
 */
export function createNearestPlanner(): Planner {
  return {
    assign(tasks, fleet) {
      const taken = new Set<string>();
      return tasks.flatMap((task) => {
        const nearest = nearestAble(
          task,
          fleet.filter((device) => !taken.has(device.deviceId)),
        );
        if (nearest) taken.add(nearest.deviceId);
        return nearest ?? [];
      });
    },
  };
}

function nearestAble(task: OpenTask, fleet: readonly Candidate[]): Assignment | undefined {
  return fleet
    .filter((device) => device.mode === "live" && device.isFree)
    .filter((device) => task.actions.every((action) => device.actions.includes(action)))
    .map((device) => assignment(task, device))
    .sort((a, b) => a.travelSeconds - b.travelSeconds || (a.deviceId < b.deviceId ? -1 : 1))[0];
}

function assignment({ taskId, start }: OpenTask, { deviceId, pose, speed = USUAL_SPEED }: Candidate): Assignment {
  if (!start) return { taskId, deviceId, distance: 0, travelSeconds: 0 };
  if (!pose) return { taskId, deviceId, distance: Number.MAX_VALUE, travelSeconds: Number.MAX_VALUE };
  const distance = Math.hypot(pose[0] - start[0]!, pose[1] - start[1]!);
  return { taskId, deviceId, distance, travelSeconds: distance / speed };
}
