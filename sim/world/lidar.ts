import { compose, type Point, type Pose, poseFrom, relativeTo, wrapAngle } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Radians } from "#lib/units";
import type { Thing } from "./shapes.ts";
import { castRay, type Terrain } from "./terrain.ts";
import type { LidarSpec } from "./world-spec.ts";

/** A planar lidar that sweeps in an instant. */
export interface Lidar {
  readonly mount: Pose;
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  /** Distances from a base at `base`, noisy; `noiseFactor` multiplies the noise and the share of lost rays. */
  sweep(base: Pose, terrain: Terrain, things: Iterable<Thing>, noiseFactor: number): Float32Array<ArrayBuffer>;
}

const TURN = 2 * Math.PI;
const NOISE_TABLE_SIZE = 4096;
const LOSS_DRAW_MAX = 0xf_ffff;

/** The lidar of a robot. */
export function createLidar(spec: LidarSpec, rng: Rng): Lidar {
  const isFullTurn = spec.fieldOfView >= TURN - 1e-6;
  const angleMin = -spec.fieldOfView / 2;
  const angleStep = spec.fieldOfView / (isFullTurn ? spec.rays : Math.max(1, spec.rays - 1));
  const fan = createFan(angleMin, angleStep, spec.rays);
  const mount = poseFrom(spec.mount);
  // One draw a ray decides both its noise (through a table of normal values) and its loss.
  const noise = Float64Array.from({ length: NOISE_TABLE_SIZE }, () => rng.normal(1));

  function sweep(
    base: Pose,
    terrain: Terrain,
    things: Iterable<Thing>,
    noiseFactor: number,
  ): Float32Array<ArrayBuffer> {
    const origin = compose(base, mount);
    const ranges = new Float32Array(spec.rays);
    const [turnCos, turnSin] = [Math.cos(origin.yaw), Math.sin(origin.yaw)];
    for (let ray = 0; ray < spec.rays; ray++) {
      const cos = turnCos * fan.cos[ray]! - turnSin * fan.sin[ray]!;
      const sin = turnSin * fan.cos[ray]! + turnCos * fan.sin[ray]!;
      ranges[ray] = castRay(terrain, origin.x, origin.y, cos, sin, spec.rangeMax);
    }
    for (const thing of things) {
      if (Math.hypot(thing.x - origin.x, thing.y - origin.y) - thing.radius > spec.rangeMax) continue;
      if (thing.shape === "circle") shadeCircle(ranges, fan, relativeTo(origin, { ...thing, yaw: 0 }), thing.radius);
      else shadePolygon(ranges, fan, origin, thing.outline);
    }
    disturb(ranges, noiseFactor);
    return ranges;
  }
  function disturb(ranges: Float32Array, factor: number): void {
    const [sigma, lossBelow] = [spec.rangeSigma * factor, Math.min(1, spec.dropout * factor) * LOSS_DRAW_MAX];
    for (let ray = 0; ray < ranges.length; ray++) {
      const draw = rng.uint32();
      const range = ranges[ray]! + sigma * noise[draw % NOISE_TABLE_SIZE]!;
      if (draw >>> 12 < lossBelow) ranges[ray] = NaN;
      else ranges[ray] = range > spec.rangeMax ? Infinity : Math.max(0, range);
    }
  }
  return { mount, angleMin, angleStep, sweep };
}

/** The directions of the rays in the frame of the lidar. */
interface Fan {
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

function createFan(angleMin: Radians, angleStep: Radians, rays: number): Fan {
  const angles = Array.from({ length: rays }, (_, ray) => angleMin + ray * angleStep);
  return { angleMin, angleStep, cos: Float64Array.from(angles, Math.cos), sin: Float64Array.from(angles, Math.sin) };
}

/** Calls `visit` for each ray whose bearing lies within `width` counter-clockwise of `from`. */
function forRaysWithin(fan: Fan, from: Radians, width: Radians, visit: (ray: number) => void): void {
  for (let turn = -1; turn <= 1; turn++) {
    const start = (from + turn * TURN - fan.angleMin) / fan.angleStep;
    const last = Math.min(fan.cos.length - 1, Math.floor(start + width / fan.angleStep));
    for (let ray = Math.max(0, Math.ceil(start)); ray <= last; ray++) visit(ray);
  }
}

function shadeCircle(ranges: Float32Array, fan: Fan, centre: Pose, radius: number): void {
  const away = Math.hypot(centre.x, centre.y);
  if (away <= radius) {
    ranges.fill(0);
    return;
  }
  const half = Math.asin(radius / away);
  forRaysWithin(fan, Math.atan2(centre.y, centre.x) - half, 2 * half, (ray) => {
    const along = fan.cos[ray]! * centre.x + fan.sin[ray]! * centre.y;
    const beside = fan.cos[ray]! * centre.y - fan.sin[ray]! * centre.x;
    const hit = along - Math.sqrt(Math.max(0, radius * radius - beside * beside));
    if (hit < ranges[ray]!) ranges[ray] = hit;
  });
}

function shadePolygon(ranges: Float32Array, fan: Fan, origin: Pose, outline: readonly Point[]): void {
  const local = outline.map(([x, y]) => relativeTo(origin, { x, y, yaw: 0 }));
  for (let at = 0, before = local.length - 1; at < local.length; before = at++) {
    shadeSegment(ranges, fan, local[before]!, local[at]!);
  }
}

function shadeSegment(ranges: Float32Array, fan: Fan, a: Pose, b: Pose): void {
  const bearing = Math.atan2(a.y, a.x);
  const width = wrapAngle(Math.atan2(b.y, b.x) - bearing);
  const [edgeX, edgeY] = [b.x - a.x, b.y - a.y];
  const area = a.x * edgeY - a.y * edgeX;
  forRaysWithin(fan, width < 0 ? bearing + width : bearing, Math.abs(width), (ray) => {
    const hit = area / (fan.cos[ray]! * edgeY - fan.sin[ray]! * edgeX);
    if (hit >= 0 && hit < ranges[ray]!) ranges[ray] = hit;
  });
}
