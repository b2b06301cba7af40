import type { OccupancyGrid } from "#contract/occupancy-grid";
import type { Landmark, Zone } from "#contract/spatial";
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
}

export type UnmappedObstacle =
  | { readonly kind: "circle"; readonly x: Metres; readonly y: Metres; readonly radius: Metres }
  | { readonly kind: "polygon"; readonly points: readonly (readonly [Metres, Metres])[] };

export interface DeviceRecord {
  readonly id: string;
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
  readonly kind: "link" | "stage" | "load" | "fault" | "cloud";
  /** Where the device was, when the mark has a place. */
  readonly at?: readonly [Metres, Metres];
}
