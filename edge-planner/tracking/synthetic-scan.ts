import { compose, type Pose } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres } from "#lib/units";
import type { RangeScan } from "../scan-points.ts";

/** A round thing, for tests. */
export interface Disc {
  readonly x: Metres;
  readonly y: Metres;
  readonly radius: Metres;
}

/** A straight wall, for tests. */
export type Wall = readonly [ax: Metres, ay: Metres, bx: Metres, by: Metres];

export interface SyntheticScene {
  readonly discs?: readonly Disc[];
  readonly walls?: readonly Wall[];
}

const RAYS = 360;
const RANGE_MAX: Metres = 12;

/** What a lidar of 360 rays at a pose sees of discs and walls, nearest first, with normal noise of `sigma` metres where a `rng` is given. */
export function scanOf(
  { discs = [], walls = [] }: SyntheticScene,
  lidar: Pose,
  atMs: number,
  noise?: { readonly rng: Rng; readonly sigma: Metres },
): RangeScan {
  const angleStep = (2 * Math.PI) / RAYS;
  const ranges = Float32Array.from({ length: RAYS }, (_, ray) => {
    const { yaw } = compose(lidar, { x: 0, y: 0, yaw: -Math.PI + ray * angleStep });
    const hit = Math.min(
      ...discs.map((disc) => rangeToDisc(disc, lidar, yaw)),
      ...walls.map((wall) => rangeToWall(wall, lidar, yaw)),
    );
    if (!(hit <= RANGE_MAX)) return Infinity;
    return noise ? Math.max(0.01, hit + noise.rng.normal(noise.sigma)) : hit;
  });
  return { atMs, angleMin: -Math.PI, angleStep, rangeMax: RANGE_MAX, ranges };
}

function rangeToDisc({ x, y, radius }: Disc, from: Pose, bearing: number): Metres {
  const [dx, dy] = [x - from.x, y - from.y];
  const along = dx * Math.cos(bearing) + dy * Math.sin(bearing);
  const across = dy * Math.cos(bearing) - dx * Math.sin(bearing);
  const half = radius * radius - across * across;
  return half < 0 || along < 0 ? Infinity : along - Math.sqrt(half);
}

function rangeToWall([ax, ay, bx, by]: Wall, from: Pose, bearing: number): Metres {
  const [ux, uy] = [Math.cos(bearing), Math.sin(bearing)];
  const [ex, ey] = [bx - ax, by - ay];
  const det = ex * uy - ey * ux;
  if (Math.abs(det) < 1e-9) return Infinity;
  const [dx, dy] = [ax - from.x, ay - from.y];
  const along = (ex * dy - ey * dx) / det;
  const share = (ux * dy - uy * dx) / det;
  return along > 0 && share >= 0 && share <= 1 ? along : Infinity;
}
