import type { Pose, Velocity } from "#lib/geometry";
import { createRng } from "#lib/rng";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import { cellAt, clamp, type GridFrame } from "../grid.ts";
import type { KinematicLimits } from "../kinematics.ts";
import { DISC_ROW, type FootprintDiscs } from "./footprint-discs.ts";
import { PARAMETER, type RolloutMemory, type RollOut } from "./rollout-memory.ts";

/**
 * Model predictive path integral control: varies the sequence of velocities that was best so far, rolls each variation out, and takes their average, weighted by
 * what they cost. Source: G. Williams et al., "Information Theoretic MPC for Model-Based Reinforcement Learning", ICRA 2017. Owned by one
 * motion loop.
 */
export interface Sampler {
  readonly memory: RolloutMemory;
  readonly rollOut: RollOut;
  readonly discs: FootprintDiscs;
  readonly limits: KinematicLimits;
  readonly weights: Float64Array;
  /** Samples that are rolled out; fewer when time is short. */
  samples: number;
  /** What the chosen sequence costs. */
  cost: number;
}

/** Where a search begins: pose in the frame of the window, velocity, and the speed that is allowed. */
export interface SamplerStart {
  readonly frame: GridFrame;
  readonly pose: Pose;
  readonly velocity: Velocity;
  readonly maxSpeed: MetresPerSecond;
  readonly maxReverseSpeed: MetresPerSecond;
  /** Metres of way that are left. */
  readonly remaining: Metres;
}

/** Seconds of one step of a rollout. */
export const STEP: Seconds = 0.05;

/** The cost table. Metres of way are the currency; terms are per step unless said. */
const COSTS = {
  /** When the footprint all but touches; falls with the fourth power of what is lacking, to 0 at `ROOMY`: few centimetres more count where there are few. */
  crowding: 0.06,
  /** Per metre of open floor that is driven; more where cells are dear. */
  traversing: 0.8,
  /** Of room that the gate may not grant: falls with its square, to 0 at `PRESSED`. */
  pressing: 1,
  /** Per (m/s)² faster than the room allows. */
  hurrying: 0.35,
  /** Per (rad/s)². */
  turning: 0.002,
  /** Per m/s backwards. */
  reversing: 0.12,
  /** Per (m/s)² and (rad/s)² of change. */
  jerking: 0.3,
  swerving: 0.06,
  /** Per metre of way that is left at each look on the way, and at the end. */
  progress: 0.35,
  ending: 2,
  /** Of touching something, and in addition for each step that touching comes earlier. */
  collision: 100,
  collisionPerStep: 3,
} as const;

const ROOMY: Metres = 0.35;
/** The gate keeps 3 cm, and a cell errs by one. */
const PRESSED: Metres = 0.045;
/** Room below which a rollout counts as touching; a way with less is none. */
export const TOUCHING: Metres = 0;
/** Speed next to an obstacle, and how much faster per metre of room. */
const HURRY_SPEED: MetresPerSecond = 0.35;
const HURRY_PER_ROOM = 6;
/** How far ahead the slope of the way is looked at. */
const AHEAD: Metres = 0.3;
/** Variations: their spread as a share of the limits, the time between the points between which they change evenly. */
const SPREAD = { linear: 0.35, angular: 0.5 } as const;
const KNOT_STEPS = 8;
/** Variations are finer or coarser by one of these. */
const SCALES = [0.15, 0.4, 0.8, 1.3];
/** Differences of cost that weigh e times less. */
const TEMPERATURE = 0.12;
/** Samples lighter than this do not count. */
const LIGHT = 1e-4;
/** Samples that do not vary the last sequence but stand for themselves, and the place of the average among them. */
const OWN = 8;
const AVERAGE = 0;
const UNVARIED = 8;
const FOUR = 4;

export function createSampler(
  memory: RolloutMemory,
  rollOut: RollOut,
  discs: FootprintDiscs,
  limits: KinematicLimits,
): Sampler {
  const { samples } = memory.shape;
  drawNoise(memory, limits);
  return { memory, rollOut, discs, limits, weights: new Float64Array(samples), samples, cost: Infinity };
}

/** Forgets the last sequence: the next one begins from standing still. */
export function resetSampler({ memory }: Sampler): void {
  memory.mean.fill(0);
}

/** Moves on in time: what was meant for `elapsed` from now is meant for now. */
export function advanceSampler({ memory }: Sampler, elapsed: Seconds): void {
  const { mean, shape } = memory;
  const { steps } = shape;
  const shift = elapsed / STEP;
  for (let part = 0; part < 2; part++) {
    const from = part * steps;
    for (let step = 0; step < steps; step++) {
      const at = Math.min(steps - 1, step + shift);
      const before = Math.floor(at);
      const after = Math.min(steps - 1, before + 1);
      const [a, b] = [cellAt(mean, from + before), cellAt(mean, from + after)];
      mean[from + step] = a + (b - a) * (at - before);
    }
  }
}

/** Improves the sequence from a start; the velocity that it begins with is `firstOf`. */
export function improve(sampler: Sampler, start: SamplerStart): void {
  const { memory, rollOut, samples } = sampler;
  setParameters(sampler, start);
  rollOut(samples);
  const best = cheapest(memory.costs, samples);
  average(sampler, best);
  // An average of ways around both sides of a post leads into the post: it counts for what it costs itself.
  rollOut(FOUR);
  const isWorse = !(cellAt(memory.costs, AVERAGE) <= cellAt(memory.costs, best) + TEMPERATURE);
  if (isWorse) takeSample(memory, best);
  else takeSample(memory, AVERAGE);
  sampler.cost = Math.min(cellAt(memory.costs, AVERAGE), cellAt(memory.costs, best));
}

/** The velocity at the beginning of the sequence. */
export function firstOf({ memory }: Sampler): Velocity {
  return { linear: cellAt(memory.mean, 0), angular: cellAt(memory.mean, memory.shape.steps) };
}

/** Room around the footprint by the discs and the distance field. */
export function roomAround({ memory, discs }: Sampler, frame: GridFrame, pose: Pose): Metres {
  const { cells } = memory.shape;
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  let least = Infinity;
  for (let at = 0; at < discs.rows.length; at += DISC_ROW) {
    const [x, y, radius] = [discs.rows[at]!, discs.rows[at + 1]!, discs.rows[at + 2]!];
    const column = clamp(Math.floor((pose.x + cos * x - sin * y - frame.originX) / frame.resolution), 0, cells - 1);
    const row = clamp(Math.floor((pose.y + sin * x + cos * y - frame.originY) / frame.resolution), 0, cells - 1);
    least = Math.min(least, cellAt(memory.distances, row * cells + column) - radius);
  }
  return least;
}

function setParameters(
  sampler: Sampler,
  { frame, pose, velocity, maxSpeed, maxReverseSpeed, remaining }: SamplerStart,
): void {
  const { memory, discs, limits } = sampler;
  const { parameters } = memory;
  const cells = 1 / frame.resolution;
  const values: Readonly<Record<keyof typeof PARAMETER, number>> = {
    x: (pose.x - frame.originX) * cells,
    y: (pose.y - frame.originY) * cells,
    cos: Math.cos(pose.yaw),
    sin: Math.sin(pose.yaw),
    linear: velocity.linear,
    angular: velocity.angular,
    cellsPerSpeed: cells * STEP,
    halfStep: STEP / 2,
    slowest: 0 - maxReverseSpeed,
    fastest: maxSpeed,
    turnMost: limits.maxAngularSpeed,
    speedUp: limits.maxAcceleration * STEP,
    slowDown: limits.maxDeceleration * STEP,
    turnUp: limits.maxAngularAcceleration * STEP,
    circumscribed: circumscribedOf(discs),
    discs: discs.count,
    roomy: ROOMY,
    perRoomy: 1 / ROOMY,
    // Who stands too near already may move away, but come no nearer.
    touching: Math.min(TOUCHING, roomAround(sampler, frame, pose) - 0.005),
    ...COSTS,
    traversing: COSTS.traversing * STEP,
    pressed: PRESSED,
    perPressed: 1 / PRESSED,
    hurrySpeed: HURRY_SPEED,
    hurryPerRoom: HURRY_PER_ROOM,
    // Near the end the base itself is to be there, not its nose.
    ahead: Math.min(AHEAD, remaining / 2) * cells,
  };
  for (const name of PARAMETER_NAMES) parameters[PARAMETER[name]] = values[name];
  for (let disc = 0; disc < discs.count; disc++) {
    memory.discs[4 * disc] = discs.rows[DISC_ROW * disc]! * cells;
    memory.discs[4 * disc + 1] = discs.rows[DISC_ROW * disc + 1]! * cells;
    memory.discs[4 * disc + 2] = discs.rows[DISC_ROW * disc + 2]!;
  }
}

const PARAMETER_NAMES = Object.keys(PARAMETER) as (keyof typeof PARAMETER)[];

function circumscribedOf({ rows }: FootprintDiscs): Metres {
  let most = 0;
  for (let at = 0; at < rows.length; at += DISC_ROW)
    most = Math.max(most, Math.hypot(rows[at]!, rows[at + 1]!) + rows[at + 2]!);
  return most;
}

function cheapest(costs: Float32Array, samples: number): number {
  let best = 0;
  for (let sample = 1; sample < samples; sample++) if (cellAt(costs, sample) < cellAt(costs, best)) best = sample;
  return best;
}

/** Writes the weighted average of the samples into the place of the average. */
function average({ memory, weights, samples }: Sampler, best: number): void {
  const { costs, mean, keep, noise, shape } = memory;
  const least = cellAt(costs, best);
  let sum = 0;
  for (let sample = 0; sample < samples; sample++) {
    const weight = Math.exp((least - cellAt(costs, sample)) / TEMPERATURE);
    weights[sample] = weight > LIGHT ? weight : 0;
    sum += weights[sample]!;
  }
  for (let step = 0; step < 2 * shape.steps; step++) {
    const from = step * shape.samples;
    const meant = cellAt(mean, step);
    let value = 0;
    for (let sample = 0; sample < samples; sample++) {
      const weight = weights[sample]!;
      if (weight !== 0) value += weight * (cellAt(keep, sample) * meant + cellAt(noise, from + sample));
    }
    noise[from + AVERAGE] = value / sum;
  }
}

/** Makes a sample's sequence the one to vary next, within the bounds: beyond them variations would change nothing. */
function takeSample({ mean, keep, noise, shape, parameters }: RolloutMemory, sample: number): void {
  const { steps, samples } = shape;
  const [slowest, fastest] = [cellAt(parameters, PARAMETER.slowest), cellAt(parameters, PARAMETER.fastest)];
  const turnMost = cellAt(parameters, PARAMETER.turnMost);
  for (let step = 0; step < 2 * steps; step++) {
    const value = cellAt(keep, sample) * cellAt(mean, step) + cellAt(noise, step * samples + sample);
    mean[step] = step < steps ? clamp(value, slowest, fastest) : clamp(value, -turnMost, turnMost);
  }
}

/** Draws all variations once: the same ones at each tick make no jitter of their own. */
function drawNoise({ shape, keep, noise }: RolloutMemory, limits: KinematicLimits): void {
  const { samples, steps } = shape;
  const rng = createRng("rollouts");
  keep.fill(1);
  const { maxSpeed, maxReverseSpeed, maxAngularSpeed } = limits;
  const own: readonly (readonly [number, number])[] = [
    [0, 0],
    [0, 0],
    [maxSpeed, 0],
    [maxSpeed / 3, 0],
    [0, maxAngularSpeed / 2],
    [0, (0 - maxAngularSpeed) / 2],
    [0 - maxReverseSpeed, 0],
    [(0 - maxReverseSpeed) / 4, 0],
  ];
  for (let sample = 0; sample < samples; sample++) {
    if (sample < OWN) keep[sample] = 0;
    const scale = SCALES[sample % SCALES.length]!;
    for (let part = 0; part < 2; part++) {
      const sigma = scale * (part === 0 ? SPREAD.linear * maxSpeed : SPREAD.angular * maxAngularSpeed);
      let [before, after] = [rng.normal(sigma), rng.normal(sigma)];
      for (let step = 0; step < steps; step++) {
        const between = (step % KNOT_STEPS) / KNOT_STEPS;
        if (between === 0 && step > 0) [before, after] = [after, rng.normal(sigma)];
        const drawn = sample === UNVARIED ? 0 : before + (after - before) * between;
        noise[(part * steps + step) * samples + sample] = sample < OWN ? own[sample]![part]! : drawn;
      }
    }
  }
}
