import type { Clock } from "#lib/clock";
import { distance, isInside, type Pose } from "#lib/geometry";
import type { Zone } from "#contract/spatial";
import type { Control, MotionReport } from "../control/control.ts";

/** The person who carries the device, in place of a motion loop: goes where the screen says, and is where they last said so. */
export interface Carrier extends Control {
  /** The person said, or was known to be, here. */
  standAt(pose: Pose): void;
}

/** How far from the place that they last confirmed a person is taken to be. */
const REACH_SIGMA = 0.25;

/** A carrier who stands at `home`. Nothing that is commanded moves anybody. */
export function createCarrier(clock: Clock, home: Pose): Carrier {
  let pose = home;
  let driven = 0;
  let zones: readonly Zone[] = [];
  return {
    setWorld: (world) => {
      zones = world.zones;
    },
    setGoal: () => undefined,
    stop: () => undefined,
    standAt(next) {
      driven += distance(pose, next);
      pose = next;
    },
    report: (): MotionReport => ({
      atMs: clock.nowMs(),
      pose,
      sigmaXy: REACH_SIGMA,
      isLocalised: true,
      velocity: { linear: 0, angular: 0 },
      drive: { state: "idle" },
      gate: { action: "pass" },
      driven,
      route: [],
      zones: zones.filter(({ polygon }) => isInside([pose.x, pose.y], polygon)).map(({ id }) => id),
      counters: { ticks: 0, gateStops: 0, latenessMsMax: 0, latenessMsP99: 0 },
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
