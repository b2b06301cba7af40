import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Follower } from "#edge-planner/local-controller";
import { distance } from "#lib/geometry";
import { quantile } from "#lib/quantile";
import { pictureOf } from "./doors/door-picture.ts";
import { type Door, drawDoor, motionProfileFor, readProfile, specOf } from "./doors/door-world.ts";
import { type DriveRecord, driveOnce } from "./single-drive.ts";

const USAGE = "node bench/doors.ts [--seeds 1..500] [--follower predictive] [--out reports/doors]";
const LIMIT_SECONDS = 90;
const TOLERANCE = 0.2;
const WORST_DRAWN = 4;

interface Passed {
  readonly door: Door;
  readonly run: DriveRecord;
}

/** `node bench/doors.ts`: seeded approaches to a door of the robot's width and 10 cm; prints a table, writes JSON, and draws the worst runs. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "1..500" },
      follower: { type: "string", default: "predictive" },
      out: { type: "string", default: "reports/doors" },
    },
  });
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds);
  if (!range) {
    process.stderr.write(`--seeds ${values.seeds}: expected FROM..TO; usage: ${USAGE}\n`);
    process.exit(2);
  }
  const passed: Passed[] = [];
  for (let seed = Number(range[1]); seed <= Number(range[2]); seed++) {
    passed.push(await pass(seed, values.follower as Follower));
    const { run } = passed.at(-1)!;
    if (run.outcome !== "arrived")
      process.stdout.write(`door ${seed}: ${run.outcome} after ${run.seconds.toFixed(1)} s\n`);
  }
  process.stdout.write(`\n${tableOf(passed.map(({ run }) => run))}\n`);
  write(values.out, passed);
}

async function pass(seed: number, follower: Follower): Promise<Passed> {
  const profile = readProfile();
  const door = drawDoor(profile, seed);
  const run = await driveOnce({
    spec: specOf(profile, door),
    seed: `door/${seed}`,
    profile: motionProfileFor(profile, follower),
    place: { mapId: "none", zones: [], forbiddenZones: [] },
    goal: { pose: door.goal, tolerance: TOLERANCE, maxSpeed: profile.limits.maxSpeed },
    position: "sensor",
    limit: LIMIT_SECONDS,
    isThere: (truth, drive) => drive?.state === "arrived" && distance(truth, door.goal) <= 2 * TOLERANCE,
  });
  return { door, run };
}

function tableOf(runs: readonly DriveRecord[]): string {
  const count = (outcome: DriveRecord["outcome"]): number => runs.filter((run) => run.outcome === outcome).length;
  const seconds = runs.map((run) => run.seconds);
  const ticks = runs.flatMap(({ ticksMs }) => ticksMs);
  const rows: readonly (readonly [string, string | number])[] = [
    ["approaches", runs.length],
    ["passed", `${count("arrived")} (${((100 * count("arrived")) / runs.length).toFixed(1)} %)`],
    ["collisions", count("collided")],
    ["out of time", count("out-of-time")],
    ["time, median / p95", `${quantile(seconds, 0.5).toFixed(1)} / ${quantile(seconds, 0.95).toFixed(1)} s`],
    ["least room, median", `${quantile(runs.map(({ minClearance }) => minClearance), 0.5).toFixed(3)} m`], // prettier-ignore
    ["tick, median / p99", `${quantile(ticks, 0.5).toFixed(2)} / ${quantile(ticks, 0.99).toFixed(2)} ms`],
  ];
  return ["| what | figure |", "|---|---|", ...rows.map(([what, figure]) => `| ${what} | ${figure} |`)].join("\n");
}

function write(folder: string, passed: readonly Passed[]): void {
  mkdirSync(folder, { recursive: true });
  const told = passed.map(({ door, run: { track: _track, route: _route, ticksMs: _ticks, ...rest } }) => ({
    seed: door.seed,
    ...rest,
  }));
  writeFileSync(join(folder, "doors.json"), `${JSON.stringify(told, undefined, 2)}\n`);
  const outline = readProfile().footprint;
  const failing = ({ run }: Passed): number => (run.outcome === "arrived" ? 0 : 1000) + run.seconds;
  const worst = passed.toSorted((a, b) => failing(b) - failing(a)).slice(0, WORST_DRAWN);
  for (const [at, { door, run }] of worst.entries()) {
    const file = join(folder, `worst-${at + 1}.svg`);
    writeFileSync(file, pictureOf(door, run, outline));
    process.stdout.write(`door ${door.seed} drawn in ${file}\n`);
  }
}

await main();
