import { VirtualClock } from "#lib/virtual-clock";
import type { Pose } from "#lib/geometry";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { decodeOccupancy } from "#contract/occupancy-grid";
import type { MapSource } from "#edge-planner/map-cache";
import type { Control, ControlWorld, Goal, MotionProfile, MotionReport } from "./control.ts";
import { startInlineControl } from "./inline-control.ts";
import { type Circle, createKinematicRobot, type KinematicRobot } from "./kinematic-robot.ts";

/** The base of the demonstration's AMR. */
export const AMR: MotionProfile = {
  footprint: [
    [-0.35, -0.25],
    [0.35, -0.25],
    [0.35, 0.25],
    [-0.35, 0.25],
  ],
  maxSpeed: 1.5,
  maxReverseSpeed: 0.3,
  maxAngularSpeed: 1.2,
  maxAcceleration: 0.8,
  maxDeceleration: 0.8,
  maxAngularAcceleration: 2,
  controlHz: 20,
  scanStaleMs: 250,
};

export interface TestBedOptions {
  readonly start: Pose;
  readonly world: ControlWorld;
  readonly circles?: readonly Circle[];
  readonly seed?: number;
  readonly noise?: number;
  readonly maps?: MapSource;
  readonly profile?: MotionProfile;
}

/** A motion loop on the double of a robot, on a virtual clock: what the tests of this folder drive. */
export interface TestBed extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly robot: KinematicRobot;
  readonly control: Control;
  report(): MotionReport;
  /** Refreshes a goal as the executor does, until `until` holds or the time is over; calls `watch` every 200 ms. */
  drive(goal: Pose, seconds: number, options?: DriveOptions): Promise<MotionReport>;
}

export interface DriveOptions extends Partial<Pick<Goal, "goalId" | "tolerance" | "maxSpeed">> {
  readonly until?: (report: MotionReport) => boolean;
  readonly watch?: () => void;
}

/** Starts the loop and lets the robot find out where it is. */
export async function startTestBed(options: TestBedOptions): Promise<TestBed> {
  const { start, world, circles = [], seed = 1, noise = 1, maps, profile = AMR } = options;
  const clock = new VirtualClock();
  const grid = world.occupancy && { grid: decodeOccupancy(world.occupancy) };
  const robot = createKinematicRobot({ clock, rng: createRng(seed), profile, start, circles, noise, ...grid });
  const shared = { clock, profile, drivers: robot.drivers, log: silentLog };
  const control = await startInlineControl({ ...shared, ...(maps && { maps }) });
  control.setWorld(world);
  await clock.advance(2000);

  function report(): MotionReport {
    return control.report()!;
  }
  async function drive(pose: Pose, seconds: number, how: DriveOptions = {}): Promise<MotionReport> {
    const { until = (newest) => newest.drive.state === "arrived", watch, ...rest } = how;
    for (const endMs = clock.nowMs() + seconds * 1000; clock.nowMs() < endMs;) {
      const validUntilMs = clock.nowMs() + 1000;
      control.setGoal({ goalId: "goal", tolerance: 0.15, maxSpeed: 1.5, ...rest, pose, validUntilMs });
      await clock.advance(200);
      watch?.();
      if (until(report())) break;
    }
    return report();
  }
  return { clock, robot, control, report, drive, [Symbol.asyncDispose]: () => control[Symbol.asyncDispose]() };
}
