import type { Point } from "#lib/geometry";
import type { Metres, Seconds } from "#lib/units";
import type { Assignment, Candidate, OpenTask, Planner } from "../planner.ts";
import { assignAtLeastCost, FORBIDDEN } from "./min-cost.ts";
import type { SiteWays } from "./site-ways.ts";

/** Of a device that has not told its own: a brisk walk, as mobile robots indoors. */
const USUAL_SPEED = 1;
/** Worse than any way that there is, and better than a device that can't: nobody is left idle to save time. */
const NOBODY = 1e9;
/** Of more tasks than devices, those whose time is up soonest are left least gladly. */
const URGENCY = 1e5;
/** Of a device that was not seen yet: it comes after all others. */
const UNSEEN = 1e6;

/**
 * Gives all tasks to all devices in one optimization: as many tasks as possible, and those so that the work begins the earliest
 * in sum. A device must be live and able, have the charge for the way and the work, and be done in the task's window.
 */
export function createFleetPlanner(ways: SiteWays): Planner {
  return {
    assign(tasks, fleet) {
      const able = fleet.filter(({ mode, freeInSeconds }) => mode === "live" && freeInSeconds !== undefined);
      const offers = tasks.map((task) => able.map((device) => offer(task, device, ways)));
      const nobody = tasks.map(costOfNobody);
      const chosen = assignAtLeastCost(offers.map((row, at) => [...row.map(costOf), ...tasks.map(() => nobody[at]!)]));
      return chosen.flatMap((column, row) => offers[row]![column] ?? []);
    },
  };
}

function costOfNobody({ secondsLeft }: OpenTask): number {
  return secondsLeft === undefined ? NOBODY : NOBODY + URGENCY / (1 + Math.max(0, secondsLeft) / 60);
}

function costOf(assignment: Assignment | undefined): number {
  return assignment ? assignment.startsInSeconds + assignment.travelSeconds : FORBIDDEN;
}

/** What it would be to give the task to the device; undefined when it can't take it. */
function offer(task: OpenTask, device: Candidate, ways: SiteWays): Assignment | undefined {
  const { deviceId, freeInSeconds = 0, speed = USUAL_SPEED } = device;
  const distance = mayTake(task, device) ? distanceTo(task, device, ways) : undefined;
  if (distance === undefined) return undefined;
  const travelSeconds = device.pose || !task.start ? distance / speed : UNSEEN;
  if (device.pose && !(isInTime(task, device, travelSeconds) && lasts(task, device, travelSeconds))) return undefined;
  return { taskId: task.taskId, deviceId, distance, travelSeconds, startsInSeconds: freeInSeconds };
}

function mayTake({ notTo, actions }: OpenTask, device: Candidate): boolean {
  return notTo?.has(device.deviceId) !== true && actions.every((action) => device.actions.includes(action));
}

function isInTime({ secondsLeft, workSeconds = 0 }: OpenTask, device: Candidate, travelSeconds: Seconds): boolean {
  return secondsLeft === undefined || (device.freeInSeconds ?? 0) + travelSeconds + workSeconds <= secondsLeft;
}

/** Undefined when there is no way. */
function distanceTo({ start, mapId }: OpenTask, { pose }: Candidate, ways: SiteWays): Metres | undefined {
  if (!start || !pose) return 0;
  const [x, y] = start as unknown as Point;
  return ways.from(mapId, [x, y]).metresTo([pose[0], pose[1]]);
}

function lasts({ batteryMinimum = 0, workSeconds = 0 }: OpenTask, device: Candidate, travelSeconds: Seconds): boolean {
  const { battery, drainPerSecond = 0 } = device;
  return battery === undefined || battery - (travelSeconds + workSeconds) * drainPerSecond >= batteryMinimum;
}
