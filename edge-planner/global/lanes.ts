import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Zone } from "#contract/spatial";
import { codeAt, type GridFrame, indexAt, OUTSIDE } from "../grid.ts";
import { fillPolygon, traceOutline } from "../polygon-raster.ts";

/** Ground on both sides of a preferred way that belongs to its lane. */
const LANE_HALF_WIDTH: Metres = 0.5;
const EIGHTH = Math.PI / 4;
const ALL_STEPS = 255;
/** Crossing at a right angle is no driving against; the slack is for headings given in few digits. */
const RIGHT_ANGLE_SLACK = 0.02;

/**
 * The steps that one-way zones allow in each cell, a bit for each eighth of a turn from east on, counter-clockwise: those that do not lead
 * against the zone's direction. Undefined where there is no such zone.
 */
export function stepsAllowed(frame: GridFrame, zones: readonly Zone[]): Uint8Array | undefined {
  const oneWay = zones.filter((zone) => zone.kind === "one-way");
  if (oneWay.length === 0) return undefined;
  const allowed = new Uint8Array(frame.width * frame.height).fill(ALL_STEPS);
  for (const { polygon, direction = 0 } of oneWay) {
    let along = 0;
    for (let step = 0; step < 8; step++) {
      if (Math.cos(step * EIGHTH - direction) > -RIGHT_ANGLE_SLACK) along |= 1 << step;
    }
    // Marking a cell twice changes nothing, so what the outline visits again may be.
    const restrict = (index: number): void => void (allowed[index] = codeAt(allowed, index) & along);
    fillPolygon(frame, polygon, restrict);
    traceOutline(frame, polygon, restrict);
  }
  return allowed;
}

/** 1 in the cells along preferred ways; undefined where there is none. */
export function lanesOf(
  frame: GridFrame,
  routes: readonly { readonly points: readonly Point[] }[],
): Uint8Array | undefined {
  if (routes.length === 0) return undefined;
  const lanes = new Uint8Array(frame.width * frame.height);
  for (const { points } of routes) {
    for (let at = 1; at < points.length; at++) markLeg(frame, lanes, points[at - 1]!, points[at]!);
  }
  return lanes;
}

function markLeg(frame: GridFrame, lanes: Uint8Array, a: Point, b: Point): void {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const steps = Math.max(1, Math.ceil(length / LANE_HALF_WIDTH));
  const reach = Math.ceil(LANE_HALF_WIDTH / frame.resolution);
  for (let step = 0; step <= steps; step++) {
    const [x, y] = [a[0] + ((b[0] - a[0]) * step) / steps, a[1] + ((b[1] - a[1]) * step) / steps];
    for (let row = -reach; row <= reach; row++) {
      for (let column = -reach; column <= reach; column++) {
        const index = indexAt(frame, x + column * frame.resolution, y + row * frame.resolution);
        if (index !== OUTSIDE) lanes[index] = 1;
      }
    }
  }
}
