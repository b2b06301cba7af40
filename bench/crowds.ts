import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createMapSource } from "#edge-planner/map-cache";
import { pictureOf } from "./crowds/crowd-picture.ts";
import { type CrowdRun, runCrowd } from "./crowds/crowd-run.ts";
import { type Crowd, drawCrowd, type Ground, loadGround } from "./crowds/crowd-world.ts";
import { quantile } from "#lib/quantile";

interface Driven {
  readonly crowd: Crowd;
  readonly run: CrowdRun;
  /** Seconds that the same drive takes when nobody is about. */
  readonly freeSeconds: number;
}

const APART = 0.3;
const USAGE = "node bench/crowds.ts [--seeds 1..200] [--out reports/crowds]";

/** `node bench/crowds.ts`: drives through seeded crowds; prints a table, writes JSON, and draws the worst run. */
async function main(): Promise<void> {
  const { seeds, out } = parseArgs({
    options: { seeds: { type: "string", default: "1..200" }, out: { type: "string", default: "reports/crowds" } },
  }).values;
  const range = /^(\d+)\.\.(\d+)$/.exec(seeds);
  if (!range) {
    process.stderr.write(`--seeds ${seeds}: expected FROM..TO; usage: ${USAGE}\n`);
    process.exit(2);
  }
  const ground = loadGround();
  const maps = createMapSource();
  const driven: Driven[] = [];
  for (let seed = Number(range[1]); seed <= Number(range[2]); seed++) {
    const crowd = drawCrowd(ground, seed);
    const free = await runCrowd(ground, crowd, "empty", maps);
    const run = await runCrowd(ground, crowd, "crowded", maps);
    driven.push({ crowd, run, freeSeconds: free.seconds });
    process.stdout.write(`${lineOf(driven.at(-1)!)}\n`);
  }
  process.stdout.write(`\n${tableOf(driven)}\n`);
  write(out, ground, driven);
}

function lineOf({ crowd, run, freeSeconds }: Driven): string {
  const { outcome, seconds, collisions, touches, freezes, nearest, violations } = run;
  const struck = collisions.map(
    (one) => `${one.with} at ${(one.atMs / 1000).toFixed(1)} s, ${one.speed.toFixed(2)} m/s`,
  );
  return [
    `seed ${crowd.seed}: ${crowd.count} about, ${outcome} after ${seconds.toFixed(1)} s (free ${freeSeconds.toFixed(1)} s)`,
    `gap ${nearest.gap.toFixed(2)} m at ${(nearest.atMs / 1000).toFixed(1)} s`,
    `touched ${touches.moving} moving, ${touches.standing} standing`,
    ...(freezes > 0 ? [`froze ${freezes} times`] : []),
    ...(violations > 0 ? [`${violations} zone violations`] : []),
    ...(struck.length > 0 ? [`STRUCK ${struck.join("; ")}`] : []),
  ].join(", ");
}

function tableOf(driven: readonly Driven[]): string {
  const runs = driven.map(({ run }) => run);
  const sum = (of: (run: CrowdRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const shares = driven.map(({ run, freeSeconds }) => run.seconds / freeSeconds);
  const gaps = runs.map(({ nearest }) => nearest.gap);
  const ticks = runs.flatMap(({ ticksMs }) => ticksMs);
  const rows: readonly (readonly [string, string | number])[] = [
    ["drives", runs.length],
    ["arrived", runs.filter(({ outcome }) => outcome === "arrived").length],
    ["collisions caused by the robot", sum(({ collisions }) => collisions.length)],
    ["contacts caused by others while it moved", sum(({ touches }) => touches.moving)],
    ["contacts caused by others while it stood", sum(({ touches }) => touches.standing)],
    ["drives that froze (no progress for 30 s)", runs.filter(({ freezes }) => freezes > 0).length],
    ["zone violations", sum(({ violations }) => violations)],
    ["mean time over free-path time", (shares.reduce((total, share) => total + share, 0) / shares.length).toFixed(2)],
    ["drives with somebody nearer than 0.3 m while it moved", runs.filter(({ leastGap }) => leastGap < APART).length],
    ["drives in which its own motion brought it nearer than 0.3 m", gaps.filter((gap) => gap < APART).length],
    ["least gap that its own motion made smaller", `${Math.min(...gaps).toFixed(2)} m`],
    ["tick, median / p99", `${quantile(ticks, 0.5).toFixed(2)} / ${quantile(ticks, 0.99).toFixed(2)} ms`],
  ];
  return ["| what | figure |", "|---|---|", ...rows.map(([what, figure]) => `| ${what} | ${figure} |`)].join("\n");
}

function write(folder: string, ground: Ground, driven: readonly Driven[]): void {
  mkdirSync(folder, { recursive: true });
  const told = driven.map(({ crowd, run, freeSeconds }) => {
    const { track: _track, ticksMs: _ticks, nearest, ...rest } = run;
    return { seed: crowd.seed, count: crowd.count, freeSeconds, gap: nearest.gap, ...rest };
  });
  writeFileSync(join(folder, "crowds.json"), `${JSON.stringify(told, undefined, 2)}\n`);
  const worst = driven.toSorted((a, b) => badness(b) - badness(a))[0];
  if (!worst) return;
  const file = join(folder, "worst.svg");
  writeFileSync(file, pictureOf(ground, worst.crowd, worst.run, lineOf(worst)));
  process.stdout.write(`\nworst: seed ${worst.crowd.seed}, drawn in ${file}\n`);
}

/** What is worse than anything else comes first: contact, then freezing, then closeness, then lost time. */
function badness({ run, freeSeconds }: Driven): number {
  const { collisions, touches, freezes, nearest, seconds } = run;
  return (
    1000 * collisions.length +
    200 * touches.moving +
    100 * freezes +
    (nearest.gap < APART ? 50 : 0) +
    seconds / freeSeconds
  );
}

await main();
