import type { Point, Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { DISC, type Solids } from "./scene.ts";
import { type Footprint, radiusOf } from "./shapes.ts";
import { freeAround } from "./terrain.ts";

const CIRCLES_MAX = 8;

/** A few circles of one radius that together cover a footprint, more closely than the one around its origin does. */
export interface Cover {
  /** In the frame of the base. */
  readonly centres: readonly Point[];
  readonly radius: Metres;
  /** Radius of the one circle around the origin. */
  readonly outer: Metres;
}

/** Slices the box around a footprint across its longer side, and encloses each slice. */
export function coverOf(footprint: Footprint): Cover {
  const outer = radiusOf(footprint);
  if ("circle" in footprint) return { centres: [[0, 0]], radius: outer, outer };
  const [xs, ys] = [footprint.map(([x]) => x), footprint.map(([, y]) => y)];
  const [left, right, bottom, top] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [length, width] = [Math.max(right - left, top - bottom), Math.min(right - left, top - bottom)];
  const slices = Math.min(CIRCLES_MAX, Math.ceil((2 * length) / width));
  const isLong = right - left === length;
  const centres = Array.from({ length: slices }, (_, slice): Point => {
    const along = ((slice + 0.5) / slices) * length;
    return isLong ? [left + along, (bottom + top) / 2] : [(left + right) / 2, bottom + along];
  });
  return { centres, radius: Math.hypot(length / slices / 2, width / 2), outer };
}

/** A lower bound of the gap between a body of this cover at `pose` and all but the thing at the place `self`, at most `within`; cheap, where it is not small. */
export function leastGap(
  { centres, radius, outer }: Cover,
  pose: Pose,
  { terrain, things, discs }: Solids,
  within: Metres,
  self: number,
): Metres {
  const cos = Math.cos(pose.yaw);
  const sin = Math.sin(pose.yaw);
  let least = within;
  for (const [x, y] of centres) {
    const free = freeAround(terrain, pose.x + cos * x - sin * y, pose.y + sin * x + cos * y) - radius;
    if (free < least) least = free;
  }
  if (least <= 0) return 0;
  for (let place = 0; place < things.length; place++) {
    const dx = discs[place * DISC]! - pose.x;
    const dy = discs[place * DISC + 1]! - pose.y;
    const apart = discs[place * DISC + 2]! + outer;
    const reach = least + apart;
    const squared = dx * dx + dy * dy;
    if (reach > 0 && squared < reach * reach && place !== self) least = Math.sqrt(squared) - apart;
  }
  return Math.max(0, least);
}
