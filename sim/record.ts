import type { CoverageGrid } from "#contract/coverage";
import type { OccupancyGrid } from "#contract/occupancy-grid";
import type { Landmark, Zone } from "#contract/spatial";
import type { GridFrame } from "#edge-planner/grid";
import type { Metres, Radians, Share } from "#lib/units";

/** What a run leaves behind for people to look at. All times `t` are simulated seconds since the start of the run. */
export interface RunRecord {
  readonly scenario: string;
  /** One sentence for the head of the report. */
  readonly title: string;
  readonly seed: number;
  readonly outcome: "passed" | "failed";
  readonly duration: number;
  readonly map: OccupancyGrid;
  readonly zones: readonly Zone[];
  readonly landmarks: readonly Landmark[];
  /** Obstacles of the world that the robot's map does not show. */
  readonly unmapped: readonly UnmappedObstacle[];
  readonly devices: readonly DeviceRecord[];
  /** What was expected, in the order of the scenario. */
  readonly expectations: readonly ExpectationRecord[];
  /** What moved beside the robots; empty where the world was not watched. */
  readonly movers: readonly MoverRecord[];
  /** Empty where the world was not watched. */
  readonly doors: readonly DoorRecord[];
}

/** An expectation and, when it was missed, where to look. */
export interface ExpectationRecord {
  readonly name: string;
  /** What was found, in words. */
  readonly detail: string;
  readonly verdict:
    | { readonly is: "met" }
    | {
        readonly is: "missed";
        /** Whether it held until `t`, or never, in which case `t` is the end. */
        readonly how: "became-false" | "never-held";
        readonly t: number;
        /** The robots that it is about; empty when it is about the whole. */
        readonly devices: readonly string[];
      };
}

export interface MoverRecord {
  readonly id: string;
  readonly kind: "person" | "vehicle";
  /** Its outline in its own frame, or the radius of a round one. */
  readonly shape: readonly (readonly [Metres, Metres])[] | Metres;
  readonly samples: readonly { readonly t: number; readonly x: Metres; readonly y: Metres; readonly yaw: Radians }[];
}

/** A door and when it opened and closed. */
export interface DoorRecord {
  readonly id: string;
  readonly line: readonly (readonly [Metres, Metres])[];
  readonly changes: readonly { readonly t: number; readonly state: "open" | "closed" }[];
}

export type UnmappedObstacle =
  | { readonly kind: "circle"; readonly x: Metres; readonly y: Metres; readonly radius: Metres }
  /** A `wall` is an open line. */
  | { readonly kind: "polygon" | "wall"; readonly points: readonly (readonly [Metres, Metres])[] };

/** Floor that a device has covered, and how often its tool passed each cell. */
export interface CoverageRecord {
  readonly grid: CoverageGrid;
  readonly passes: Uint8Array;
  /** Of what its tool can get to, as it said last. */
  readonly share: Share;
}

export interface DeviceRecord {
  readonly id: string;
  /** Absent where it covered nothing. */
  readonly coverage?: CoverageRecord;
  readonly footprint: readonly (readonly [Metres, Metres])[];
  /** Where it really was, about five times a second. */
  readonly truth: readonly TrackPoint[];
  /** Where the cloud believed it to be while the link was gone, with the standard deviation of that. */
  readonly projected: readonly ProjectedPoint[];
  /** Routes that the device announced (`estimate` events), in the order of time. */
  readonly planned: readonly { readonly t: number; readonly points: readonly (readonly [Metres, Metres])[] }[];
  readonly modes: readonly { readonly t: number; readonly mode: "live" | "projected" | "reconciled" }[];
  readonly link: readonly { readonly t: number; readonly isOnline: boolean }[];
  readonly battery: readonly { readonly t: number; readonly actual: Share; readonly projected?: Share }[];
  readonly stages: readonly StageRecord[];
  /** Moments worth a mark: stored, picked, lost the link, agent killed, placed, reconciled, … */
  readonly marks: readonly Mark[];
  /** One line for each item of each reconciliation report. */
  readonly divergences: readonly {
    readonly t: number;
    readonly kind: string;
    readonly text: string;
    readonly size: string;
  }[];
  /** What its motion loop saw and decided; absent where it was out of sight, as in real processes. */
  readonly motion?: MotionRecord;
  /** What happened to it, in sentences: by its journal, by the cloud, by what was done to it. */
  readonly events: readonly { readonly t: number; readonly who: "device" | "cloud" | "world"; readonly text: string }[];
}

/** What a motion loop saw and decided, sampled at a bounded rate. */
export interface MotionRecord {
  /** Sweeps of the lidar, seen from where the robot believed the lidar to be. */
  readonly scans: readonly ScanRecord[];
  /** What the safety gate did, one entry a change: the hardest verdict of each fifth of a second. */
  readonly gate: readonly { readonly t: number; readonly action: "pass" | "clip" | "stop"; readonly reason?: string }[];
  /** Ways that it meant to drive, whenever they changed. */
  readonly routes: readonly { readonly t: number; readonly points: readonly (readonly [Metres, Metres])[] }[];
  /** What it planned on; a new one whenever it took in another map. */
  readonly costmaps: readonly CostmapRecord[];
}

export interface ScanRecord {
  readonly t: number;
  readonly lidar: { readonly x: Metres; readonly y: Metres; readonly yaw: Radians };
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  /** 0 where nothing was hit or the ray failed. */
  readonly ranges: readonly Metres[];
}

/** Costs of driving as levels: 0 on open floor, then rising, `closed` where no way leads through. */
export interface CostmapRecord {
  readonly t: number;
  readonly frame: GridFrame;
  /** Levels by the map alone; a level a cell. */
  readonly levels: Uint8Array;
  readonly closed: number;
  /** An observed obstacle raises cells nearer than `radius` to at least `level`; by falling level. */
  readonly rings: readonly { readonly level: number; readonly radius: Metres }[];
  /** Cells in which an obstacle was believed from `t` on, and no longer. */
  readonly observed: readonly {
    readonly t: number;
    readonly appeared: readonly number[];
    readonly gone: readonly number[];
  }[];
}

export interface TrackPoint {
  readonly t: number;
  readonly x: Metres;
  readonly y: Metres;
  readonly yaw: Radians;
}

export interface ProjectedPoint {
  readonly t: number;
  readonly x: Metres;
  readonly y: Metres;
  readonly sigma: Metres;
}

export interface StageRecord {
  readonly contract: string;
  readonly stageId: string;
  readonly goal: string;
  readonly status: "pending" | "started" | "completed" | "failed" | "skipped";
  readonly startT?: number;
  readonly endT?: number;
  readonly attempts: number;
}

export interface Mark {
  readonly t: number;
  readonly text: string;
  readonly kind: "link" | "stage" | "load" | "fault" | "cloud" | "violation";
  /** Where the device was, when the mark has a place. */
  readonly at?: readonly [Metres, Metres];
}
