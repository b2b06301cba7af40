import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { decodeOccupancy, FREE, type OccupancyGrid } from "#contract/occupancy-grid";
import type { Occupancy, Zone } from "#contract/spatial";
import { cellAt, codeAt, type GridFrame } from "./grid.ts";
import { distanceField } from "./distance-field.ts";
import { lanesOf, stepsAllowed } from "./global/lanes.ts";
import { fillPolygon, traceOutline } from "./polygon-raster.ts";

/** What is known about a place before driving; `ControlWorld` has this shape. */
export interface Place {
  readonly occupancy?: Occupancy;
  readonly zones: readonly Zone[];
  readonly forbiddenZones: readonly string[];
  readonly allowedZones?: readonly string[];
  /** Ways that are to be preferred where they lead towards the goal. */
  readonly routes?: readonly { readonly points: readonly Point[] }[];
}

/** A place made ready for planning. Immutable, so robots that know the same place share one. */
export interface PlanningMap extends GridFrame {
  /** Distance to the nearest cell with an obstacle, zero in one, or to the border of the map; at most `FAR_CLEARANCE`. */
  readonly clearance: Float32Array;
  /** Distance to forbidden ground, negative inside of it; absent where nothing is forbidden. */
  readonly zoneClearance?: Float32Array;
  /** Lowest limit of the zones that touch a cell, infinite where there is none; absent where nothing is limited. */
  readonly speedLimit?: Float32Array;
  /** A bit for each of the eight steps that one-way zones allow in a cell (`global/cell-search.ts`); absent where all may be taken. */
  readonly allowedSteps?: Uint8Array;
  /** 1 in cells on a preferred lane; absent where there is none. */
  readonly lanes?: Uint8Array;
  /** Keepout zones and those forbidden by name. */
  readonly forbidden?: readonly Zone[];
  /** The occupancy at its own resolution, for questions that the planning grid is too coarse for. */
  readonly occupancy?: OccupancyGrid;
  /** Zones by which positions are named in reports. */
  readonly zones: readonly Zone[];
}

/** Cells of about this edge are fine enough for a footprint and coarse enough for speed. */
const PLANNING_RESOLUTION: Metres = 0.1;
/** Distances beyond this mean nothing to a planner. */
const FAR_CLEARANCE: Metres = 5;
/** Ground around a forbidden zone that is forbidden as well, because positions are estimates. */
const ZONE_MARGIN: Metres = 0.15;

/** Plans on what the occupancy shows: a cell is an obstacle if any part of it is occupied or unknown. Throws `contract.invalid`. */
export function mapFromOccupancy(place: Place, occupancy: Occupancy): PlanningMap {
  const fine = decodeOccupancy(occupancy);
  const factor = Math.max(1, Math.round(PLANNING_RESOLUTION / fine.resolution));
  const frame: GridFrame = {
    width: Math.floor(fine.width / factor),
    height: Math.floor(fine.height / factor),
    resolution: fine.resolution * factor,
    originX: fine.originX,
    originY: fine.originY,
  };
  return { ...finishMap(frame, coarsen(fine, factor, frame), place), occupancy: fine };
}

/** Plans over open ground between two corners, for robots that know no map; obstacles come from the lidar. */
export function openMap(place: Place, from: Point, to: Point): PlanningMap {
  const frame: GridFrame = {
    width: Math.ceil((to[0] - from[0]) / PLANNING_RESOLUTION),
    height: Math.ceil((to[1] - from[1]) / PLANNING_RESOLUTION),
    resolution: PLANNING_RESOLUTION,
    originX: from[0],
    originY: from[1],
  };
  return finishMap(frame, new Uint8Array(frame.width * frame.height), place);
}

function coarsen(fine: OccupancyGrid, factor: number, frame: GridFrame): Uint8Array {
  const obstacles = new Uint8Array(frame.width * frame.height);
  for (let row = 0; row < frame.height * factor; row++) {
    const into = Math.floor(row / factor) * frame.width;
    const from = row * fine.width;
    for (let column = 0; column < frame.width * factor; column++) {
      if (codeAt(fine.cells, from + column) !== FREE) obstacles[into + Math.floor(column / factor)] = MARKED;
    }
  }
  return obstacles;
}

function finishMap(frame: GridFrame, obstacles: Uint8Array, place: Place): PlanningMap {
  const zoneClearance = forbiddenGround(frame, place);
  const speedLimit = speedLimits(frame, place.zones);
  const allowedSteps = stepsAllowed(frame, place.zones);
  const lanes = lanesOf(frame, place.routes ?? []);
  return {
    ...frame,
    clearance: closeBorder(frame, distanceField(obstacles, frame, FAR_CLEARANCE)),
    ...(zoneClearance && { zoneClearance }),
    ...(speedLimit && { speedLimit }),
    ...(allowedSteps && { allowedSteps }),
    ...(lanes && { lanes }),
    ...(zoneClearance && { forbidden: forbiddenZones(place) }),
    zones: place.zones,
  };
}

/** Beyond the map lies the unknown, which is not traversable. */
function closeBorder(frame: GridFrame, clearance: Float32Array): Float32Array {
  const { width, height, resolution } = frame;
  for (let row = 0, index = 0; row < height; row++) {
    for (let column = 0; column < width; column++, index++) {
      const cells = Math.min(column + 1, width - column, row + 1, height - row);
      clearance[index] = Math.min(cellAt(clearance, index), cells * resolution);
    }
  }
  return clearance;
}

/** Signed distance to keepout zones, zones forbidden by name, and the outside of the allowed ones, less the margin. */
function forbiddenGround(frame: GridFrame, place: Place): Float32Array | undefined {
  const { zones, allowedZones } = place;
  const forbidden = forbiddenZones(place);
  if (forbidden.length === 0 && allowedZones === undefined) return undefined;
  const codes = new Uint8Array(frame.width * frame.height);
  const forbid = (index: number): void => void (codes[index] = MARKED);
  if (allowedZones) {
    codes.fill(MARKED);
    for (const zone of zones) {
      if (allowedZones.includes(zone.id)) fillPolygon(frame, zone.polygon, (index) => void (codes[index] = 0));
    }
  }
  for (const zone of forbidden) {
    fillPolygon(frame, zone.polygon, forbid);
    traceOutline(frame, zone.polygon, forbid);
  }
  const outside = distanceField(codes, frame, FAR_CLEARANCE);
  const inside = distanceField(invert(codes), frame, FAR_CLEARANCE);
  for (let index = 0; index < outside.length; index++) {
    outside[index] = cellAt(outside, index) - cellAt(inside, index) - ZONE_MARGIN;
  }
  return outside;
}

function forbiddenZones({ zones, forbiddenZones: named }: Place): readonly Zone[] {
  return zones.filter((zone) => zone.kind === "keepout" || named.includes(zone.id));
}

const MARKED = 1;

function invert(codes: Uint8Array): Uint8Array {
  return codes.map((code) => (code === 0 ? MARKED : 0));
}

function speedLimits(frame: GridFrame, zones: readonly Zone[]): Float32Array | undefined {
  const limiting = zones.filter((zone) => zone.kind === "speed-limit" || zone.kind === "slow-near-people");
  if (limiting.every((zone) => zone.maxSpeed === undefined)) return undefined;
  const limits = new Float32Array(frame.width * frame.height).fill(Infinity);
  for (const { polygon, maxSpeed = Infinity } of limiting) {
    const limit = (index: number): void => void (limits[index] = Math.min(cellAt(limits, index), maxSpeed));
    fillPolygon(frame, polygon, limit);
    traceOutline(frame, polygon, limit);
  }
  return limits;
}
