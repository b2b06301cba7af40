import type { Metres, MetresPerSecond } from "#lib/units";
import type { Point, Pose, Velocity } from "#lib/geometry";
import type { KinematicLimits } from "#edge-planner/kinematics";
import type { Follower } from "#edge-planner/local-controller";
import type { PeopleRules } from "#edge-planner/moving-clearance";
import type { Drive } from "#edge-planner/navigator";
import type { Blindness, GateVerdict } from "#edge-planner/safety-gate";
import type { Occupancy, Route, Zone } from "#contract/spatial";

/** What the motion loop must know about the place; sent once per contract revision. */
export interface ControlWorld {
  readonly mapId: string;
  /** Absent: the robot knows no map and relies on its lidar alone. */
  readonly occupancy?: Occupancy;
  readonly zones: readonly Zone[];
  /** Zones that the contract forbids or, if `allowedZones` is given, the only ones it allows. */
  readonly forbiddenZones: readonly string[];
  readonly allowedZones?: readonly string[];
  /** Ways to be preferred. */
  readonly routes?: readonly Route[];
}

/** Where to go; expires by itself unless it is sent again, so a dead main thread stops the robot. */
export interface Goal {
  /** Changes when the executor means another drive; a refreshed goal keeps its id. */
  readonly goalId: string;
  readonly pose: Pose;
  /** Distance to the goal position that counts as there. */
  readonly tolerance: Metres;
  readonly maxSpeed: MetresPerSecond;
  /** Share of the usual room that is kept where there is more than is needed; 1 unless given. */
  readonly roomShare?: number;
  /** The way to keep to, from where the robot is to `pose`; motion finds its own where none is given. */
  readonly line?: readonly Point[];
  /** Monotonic time, milliseconds, at which the goal lapses and the robot stops. */
  readonly validUntilMs: number;
}

export type { Drive } from "#edge-planner/navigator";
export type { GateVerdict } from "#edge-planner/safety-gate";

/** What the motion loop says about itself after each tick; the main thread keeps the newest. */
export interface MotionReport {
  readonly atMs: number;
  /** Where the robot believes it is, with the standard deviation of its position. */
  readonly pose: Pose;
  readonly sigmaXy: Metres;
  /** False until the first fix, and again when the estimate is too uncertain to drive on. */
  readonly isLocalised: boolean;
  readonly velocity: Velocity;
  readonly drive: Drive;
  readonly gate: GateVerdict;
  /** What the robot lacks to move at all, also while nobody wants it to; absent when its senses are well. */
  readonly blind?: Blindness;
  /** Which devices of the loop are down, and why, in words; absent when none is. */
  readonly down?: Partial<Record<"base" | "lidar" | "position" | "pilot", string>>;
  /** The newest sweep: its nearest echo from the middle of the base (absent where nothing is near), and how many rays answered. */
  readonly scan?: { readonly nearest?: Metres; readonly validShare: number };
  /** Distance driven since the start of the loop, from odometry. */
  readonly driven: Metres;
  /** Planned way from here to the goal, coarsened to at most 60 points; empty when idle. */
  readonly route: readonly (readonly [x: Metres, y: Metres])[];
  /** Obstacles seen lately that no map shows; the same list until something has come or gone. */
  readonly sightings?: readonly Point[];
  /** Ids of zones that hold the robot's position. */
  readonly zones: readonly string[];
  /** Stops by the gate since the start, and how late ticks were: the longest and the 99th percentile. */
  readonly counters: {
    readonly ticks: number;
    readonly gateStops: number;
    readonly latenessMsMax: number;
    readonly latenessMsP99: number;
  };
}

/**
 * The motion loop as the main thread sees it: in a worker thread on a device, inline on the virtual clock in a
 * simulation. Messages are one-way and never block.
 */
export interface Control extends AsyncDisposable {
  /** Replaces the known world; the robot stops until it has been taken in. */
  setWorld(world: ControlWorld): void;
  /** Starts or refreshes a drive. */
  setGoal(goal: Goal): void;
  /** Brakes now and forgets the goal. */
  stop(): void;
  /** The newest report, or undefined before the first tick. */
  report(): MotionReport | undefined;
}

/** Dimensions and limits of the base, from the device profile. */
export interface MotionProfile extends KinematicLimits {
  /** Corners of the footprint in the frame of the base, counter-clockwise. */
  readonly footprint: readonly (readonly [x: Metres, y: Metres])[];
  /** Ticks per second of the motion loop: 20 to 50, and fewer where motion is declared coarse. */
  readonly controlHz: number;
  /** `sampling` unless given. */
  readonly follower?: Follower;
  /** A scan older than this stops the robot; 250 ms unless the profile says less. */
  readonly scanStaleMs: number;
  /** Driven for so long without another reading, the wheels count as frozen; `FROZEN_MS` unless given. */
  readonly frozenMs?: number;
  /** How it behaves where people move; `PEOPLE_RULES` unless given. */
  readonly people?: PeopleRules;
}
