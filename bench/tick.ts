import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { makeFootprint } from "#edge-planner/footprint";
import { discsOf } from "#edge-planner/local/footprint-discs";
import { createRolloutEngine, createScalarEngine, type RolloutEngine } from "#edge-planner/local/rollout-engine";
import { createSampler, improve } from "#edge-planner/local/sampler";
import { gate } from "#edge-planner/safety-gate";
import { projectScan } from "#edge-planner/scan-points";
import { createRng } from "#lib/rng";
import { goalText, median, p99, readable, verdict, type Figure } from "./figure.ts";
import { motionProfileFor, readProfile } from "./doors/door-world.ts";
import { driveAmongPosts } from "./tick/tick-scene.ts";

const SHAPE = { samples: 1000, steps: 56, cells: 256 };
const WARM_UP = 300;
const ROUNDS = 3;

/** `node bench/tick.ts`: what one tick of the motion loop takes, whole and in parts; `--gc`: what it leaves to the garbage collector. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      gc: { type: "boolean", default: false },
      ticks: { type: "string", default: "3000" },
      out: { type: "string", default: "reports/tick" },
    },
  });
  const ticks = Number(values.ticks);
  const figures = values.gc ? await measureGarbage(ticks) : await measureTimes(ticks);
  mkdirSync(values.out, { recursive: true });
  const told = figures.map((figure) => ({
    ...figure,
    samples: figure.samples.length,
    median: median(figure),
    p99: p99(figure),
  }));
  writeFileSync(join(values.out, values.gc ? "garbage.json" : "tick.json"), `${JSON.stringify(told, undefined, 2)}\n`);
  process.stdout.write(`${tableOf(figures)}\n`);
}

async function measureTimes(ticks: number): Promise<Figure[]> {
  const [vector, scalar] = [createRolloutEngine(SHAPE), createScalarEngine(SHAPE)];
  const times = { vector: timesOf(vector, ticks), scalar: timesOf(scalar, ticks) };
  const isSame = vector.memory.costs.every((cost, at) => cost === scalar.memory.costs[at]);
  const how = `1000 samples of 56 steps in a corridor as wide as two robots; costs of both engines ${isSame ? "equal bit for bit" : "DIFFER"}`;
  const whole: number[] = [];
  const { profile, made } = await driveAmongPosts(ticks, (decide) => timed(whole, decide));
  return [
    figure("rollouts and average, WebAssembly", times.vector, 0.8, "p99", how),
    figure("rollouts and average, JavaScript", times.scalar, 5, "p99", how),
    figure("whole tick", whole.slice(WARM_UP), 1.5, "median", "720 rays: map, distances, way, search, gate, report"),
    figure("whole tick", whole.slice(WARM_UP), 5, "p99", "the same"),
    figure("gate alone", gateTimes(profile, made), 0.1, "p99", "720 points"),
  ];
}

function figure(what: string, samples: readonly number[], limit: number, of: "median" | "p99", how: string): Figure {
  return { what, unit: "ms", better: "lower", goal: { of, limit }, samples, how };
}

function timed<Result>(into: number[], work: () => Result): Result {
  const beganMs = performance.now();
  const result = work();
  into.push(performance.now() - beganMs);
  return result;
}

/** Times of whole searches in a winding corridor, so that every term of the cost table and the footprint are at work. */
function timesOf({ memory, rollOut }: RolloutEngine, count: number): number[] {
  const profile = motionProfileFor(readProfile(), "predictive");
  const sampler = createSampler(memory, rollOut, discsOf(makeFootprint(profile.footprint)), profile);
  const [resolution, { cells }] = [0.03, SHAPE];
  const origin = -(cells / 2) * resolution;
  for (let cell = 0; cell < cells * cells; cell++) {
    const [x, y] = [origin + (cell % cells) * resolution, origin + Math.floor(cell / cells) * resolution];
    memory.distances[cell] = Math.max(0, 0.6 - Math.abs(y - 0.3 * Math.sin(x)));
    memory.costToGo[cell] = 4 - x;
    memory.slowness[cell] = 2;
  }
  const frame = { width: cells, height: cells, resolution, originX: origin, originY: origin };
  const [rng, times]: [ReturnType<typeof createRng>, number[]] = [createRng("starts"), []];
  for (let run = 0; run < count + WARM_UP; run++) {
    const pose = { x: -2 * rng.float(), y: 0, yaw: 0.2 * rng.float() };
    const velocity = { linear: rng.float(), angular: 0 };
    timed(times, () => improve(sampler, { frame, pose, velocity, maxSpeed: 1.5, maxReverseSpeed: 0.1, remaining: 4 }));
  }
  return times.slice(WARM_UP);
}

/** Times of the gate on what it judged in the last ticks of the drive. */
function gateTimes(
  profile: Awaited<ReturnType<typeof driveAmongPosts>>["profile"],
  made: Awaited<ReturnType<typeof driveAmongPosts>>["made"],
): number[] {
  const footprint = makeFootprint(profile.footprint);
  const pose = { x: 0, y: 0, yaw: 0 };
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const { inputs, nowMs, command } of made) {
      const { goal, odometry, scan } = inputs;
      if (!goal || !odometry || !scan) continue;
      const seen = projectScan(scan, inputs.mount, pose);
      const state = { nowMs, power: "enabled", goal, odometry, scan: seen, pose, footprint, limits: profile } as const;
      timed(times, () => gate(command, state));
    }
  }
  return times.slice(WARM_UP);
}

/** Bytes that a tick allocates, by the growth of the heap between collections, and how often the old generation was collected. */
async function measureGarbage(ticks: number): Promise<Figure[]> {
  let major = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (isMajor(entry)) major++;
  });
  observer.observe({ entryTypes: ["gc"] });
  const grown: number[] = [];
  await driveAmongPosts(ticks, (decide) => {
    const before = process.memoryUsage().heapUsed;
    const command = decide();
    const growth = process.memoryUsage().heapUsed - before;
    // A collection within the tick hides what it allocated.
    if (growth >= 0) grown.push(growth);
    return command;
  });
  observer.disconnect();
  const how = `${ticks} ticks; ${major} collections of the old generation, those of the simulated world included`;
  return [
    {
      what: "allocated per tick",
      unit: "bytes",
      better: "lower",
      goal: { of: "median", limit: 64 },
      samples: grown.slice(WARM_UP),
      how,
    },
  ];
}

function isMajor(entry: object): boolean {
  const { kind } = "detail" in entry ? (entry.detail as { readonly kind: number }) : { kind: 0 };
  return kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((one) => [
    one.what,
    readable(median(one)),
    readable(p99(one)),
    `${goalText(one)} ${one.unit}`,
    verdict(one) ?? "",
    one.how,
  ]);
  const head = ["what", "median", "p99", "goal", "verdict", "how"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

await main();
