import { compose, type Pose, poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres, Radians } from "#lib/units";
import { DISC, type Solids } from "../space/scene.ts";
import { castFan } from "../space/ray.ts";
import type { LidarSpec } from "../world-spec.ts";
import { createFan, TURN, type View } from "./fan.ts";
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
   * Distances from a base at `base`, noisy; `noiseFactor` multiplies the noise and the share of lost rays. The thing at the
   * place `self` is not seen.
   */
  sweep(base: Pose, solids: Solids, noiseFactor: number, self?: number): Float32Array<ArrayBuffer>;
}

/** Nearer things are drawn before the walls. */
const NEAR: Metres = 2.5;
/** For more things than this a horizon pays. */
const FEW = 8;
const NOBODY = -1;

/** The lidar of a robot. */
export function createLidar(spec: LidarSpec, rng: Rng): Lidar {
  const isFullTurn = spec.fieldOfView >= TURN - 1e-6;
  const angleMin = -spec.fieldOfView / 2;
  const angleStep = spec.fieldOfView / (isFullTurn ? spec.rays : Math.max(1, spec.rays - 1));
  const fan = createFan(angleMin, angleStep, spec.rays);
  const horizon = new Horizon(fan);
  const mount = poseFrom(spec.mount);
  const flaws = createFlaws(spec, rng);
  const ranges = new Float64Array(spec.rays);

  function drawThings(view: View, { things }: Solids, places: readonly number[]): void {
    for (const place of places) shade(ranges, fan, view, things[place]!);
  }
  return {
    mount,
    angleMin,
    angleStep,
    sweep(base, solids, noiseFactor, self = NOBODY) {
      const eye = compose(base, mount);
      const view = { x: eye.x, y: eye.y, turnCos: Math.cos(eye.yaw), turnSin: Math.sin(eye.yaw) };
      const { near, far, shiny } = sorted(view, solids, spec.rangeMax, self);
      ranges.fill(Infinity);
      drawThings(view, solids, near);
      // Between the two, as rays that end at near things need not be followed, and walls hide most far ones.
      castFan(solids.terrain, view, fan, spec.rangeMax, ranges);
      drawThings(view, solids, far.length > FEW ? horizon.unhidden(ranges, view, solids.discs, far) : far);
      if (shiny.length > 0) {
        reflectAndPass(ranges, fan, view, { solids, shiny: shiny.map((place) => solids.things[place]!) }, spec);
      }
      return flaws.apply(ranges, noiseFactor);
    },
  };
}

/** The places of the things within a range: near ones, others, and glass and mirrors. */
interface Sorted {
  readonly near: number[];
  readonly far: number[];
  readonly shiny: number[];
}

function sorted({ x, y }: View, { things, discs }: Solids, rangeMax: Metres, self: number): Sorted {
  const found: Sorted = { near: [], far: [], shiny: [] };
  for (let place = 0; place < things.length; place++) {
    const at = place * DISC;
    const radius = discs[at + 2]!;
    const squared = (discs[at]! - x) ** 2 + (discs[at + 1]! - y) ** 2;
    if (squared > (rangeMax + radius) ** 2 || place === self) continue;
    if (discs[at + 3] === 1) found.shiny.push(place);
    else if (squared < (NEAR + radius) ** 2) found.near.push(place);
    else found.far.push(place);
  }
  return found;
}
