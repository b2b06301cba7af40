import { compose, type Pose, poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres, Radians } from "#lib/units";
import type { Scene } from "../space/scene.ts";
import type { Thing } from "../space/shapes.ts";
import { castFan } from "../space/ray.ts";
import type { LidarSpec } from "../world-spec.ts";
import { createFan, type View } from "./fan.ts";
import { Horizon } from "./horizon.ts";
import { createFlaws } from "./lidar-flaws.ts";
import { reflectAndPass } from "./shiny.ts";
import { shade } from "./shade.ts";

/** A planar lidar that sweeps in an instant. */
export interface Lidar {
  readonly mount: Pose;
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  /**
   * Distances from a base at `base`, noisy; `noiseFactor` multiplies the noise and the share of lost rays. `self` is not seen.
   */
  sweep(
    base: Pose,
    scene: Pick<Scene, "terrain" | "things">,
    noiseFactor: number,
    self?: Thing,
  ): Float32Array<ArrayBuffer>;
}

const TURN = 2 * Math.PI;
/** Nearer things are drawn before the walls. */
const NEAR: Metres = 2.5;
/** For more things than this a horizon pays. */
const FEW = 8;

/** The lidar of a robot. */
export function createLidar(spec: LidarSpec, rng: Rng): Lidar {
  const isFullTurn = spec.fieldOfView >= TURN - 1e-6;
  const angleMin = -spec.fieldOfView / 2;
  const angleStep = spec.fieldOfView / (isFullTurn ? spec.rays : Math.max(1, spec.rays - 1));
  const fan = createFan(angleMin, angleStep, spec.rays);
  const horizon = new Horizon(fan);
  const mount = poseFrom(spec.mount);
  const flaws = createFlaws(spec, rng);
  return {
    mount,
    angleMin,
    angleStep,
    sweep(base, scene, noiseFactor, self) {
      const eye = compose(base, mount);
      const view = { x: eye.x, y: eye.y, turnCos: Math.cos(eye.yaw), turnSin: Math.sin(eye.yaw) };
      const ranges = new Float32Array(spec.rays).fill(Infinity);
      const shiny: Thing[] = [];
      const far: Thing[] = [];
      for (const thing of scene.things) {
        if (thing === self) continue;
        if (thing.surface !== undefined && thing.surface !== "plain") shiny.push(thing);
        else if (isWithin(NEAR, view, thing)) shade(ranges, fan, view, thing, spec.rangeMax);
        else far.push(thing);
      }
      // Between the two, as rays that end at near things need not be followed, and walls hide most far ones.
      castFan(scene.terrain, view, fan, spec.rangeMax, ranges);
      if (far.length > FEW) horizon.look(ranges);
      for (const thing of far) {
        shade(ranges, fan, view, thing, spec.rangeMax, far.length > FEW ? horizon : undefined);
      }
      if (shiny.length > 0) reflectAndPass(ranges, fan, view, { scene, shiny }, spec);
      flaws.apply(ranges, noiseFactor);
      return ranges;
    },
  };
}

function isWithin(range: Metres, { x, y }: View, thing: Thing): boolean {
  const reach = range + thing.radius;
  return (thing.x - x) ** 2 + (thing.y - y) ** 2 < reach * reach;
}
