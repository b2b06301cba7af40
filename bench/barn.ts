import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Follower } from "#edge-planner/local-controller";
import { quantile } from "#lib/quantile";
import { pictureOf } from "./barn/barn-picture.ts";
import { type BarnRun, runBarn } from "./barn/barn-run.ts";
import { type BarnWorld, readWorlds, type Variant, VARIANTS } from "./barn/barn-world.ts";
import { isFeasible } from "./barn/oracle.ts";

/** The runs of one variant, and the worlds of it that can be passed at all. */
interface Driven {
  readonly variant: Variant;
  readonly runs: readonly BarnRun[];
  readonly feasible: ReadonlySet<number>;
}

const PRACTICE = fileURLToPath(new URL("../test/fixtures/barn/worlds-practice.json", import.meta.url));
const USAGE =
  "node bench/barn.ts [--worlds FILE] [--variants nominal,degraded,…] [--seeds 1..5] [--only 0,5] [--follower predictive] [--out reports/barn]";
const WORST_DRAWN = 3;

/** `node bench/barn.ts`: the BARN worlds, lidar only; prints a table, writes JSON, and draws the worst runs. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      worlds: { type: "string", default: PRACTICE },
      variants: { type: "string", default: VARIANTS.map(({ name }) => name).join(",") },
      seeds: { type: "string", default: "1..5" },
      only: { type: "string" },
      follower: { type: "string", default: "predictive" },
      out: { type: "string", default: "reports/barn" },
    },
  });
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds);
  const variants = VARIANTS.filter(({ name }) => values.variants.split(",").includes(name));
  if (!range || variants.length === 0) {
    process.stderr.write(`--seeds ${values.seeds} --variants ${values.variants}: not understood; usage: ${USAGE}\n`);
    process.exit(2);
  }
  const only = values.only?.split(",").map(Number);
  const worlds = readWorlds(values.worlds).filter(({ world }) => only?.includes(world) ?? true);
  const seeds = Array.from({ length: Number(range[2]) - Number(range[1]) + 1 }, (_, at) => Number(range[1]) + at);
  const driven: Driven[] = [];
  for (const variant of variants) {
    driven.push(await driveAll(worlds, variant, seeds, values.follower as Follower));
    draw(values.out, worlds, driven.at(-1)!);
  }
  process.stdout.write(`\n${tableOf(driven)}\n`);
  writeJson(values.out, driven);
}

async function driveAll(
  worlds: readonly BarnWorld[],
  variant: Variant,
  seeds: readonly number[],
  follower: Follower,
): Promise<Driven> {
  const feasible = new Set(worlds.filter((world) => isFeasible(world, variant)).map(({ world }) => world));
  const runs: BarnRun[] = [];
  for (const world of worlds) {
    for (const seed of seeds) {
      const run = await runBarn(world, variant, seed, follower);
      runs.push(run);
      const note = feasible.has(run.world) ? "" : " (not feasible)";
      if (run.outcome !== "arrived" || run.score < 0.45) {
        process.stdout.write(
          `${variant.name} world ${run.world} seed ${seed}: ${run.outcome} after ${run.seconds.toFixed(1)} s${note}\n`,
        );
      }
    }
  }
  return { variant, runs, feasible };
}

function tableOf(driven: readonly Driven[]): string {
  const rows = driven.map(({ variant, runs, feasible }) => {
    const counted = runs.filter(({ world }) => feasible.has(world));
    const count = (outcome: BarnRun["outcome"], of: readonly BarnRun[] = runs): number =>
      of.filter((run) => run.outcome === outcome).length;
    const ticks = runs.flatMap(({ ticksMs }) => ticksMs);
    const arrived = count("arrived", counted);
    return [
      variant.name,
      `${runs.length}`,
      `${feasible.size}`,
      `${arrived} of ${counted.length} (${((100 * arrived) / Math.max(1, counted.length)).toFixed(1)} %)`,
      `${count("collided")}`,
      `${count("out-of-time")}`,
      (runs.reduce((sum, { score }) => sum + score, 0) / runs.length).toFixed(4),
      `${quantile(runs.map(({ seconds }) => seconds), 0.5).toFixed(1)} s`, // prettier-ignore
      `${quantile(ticks, 0.5).toFixed(2)} / ${quantile(ticks, 0.99).toFixed(2)} ms`,
    ];
  });
  const head = ["variant", "runs", "feasible worlds", "success in feasible worlds", "collisions", "time-outs", "score", "median time", "tick, median / p99"]; // prettier-ignore
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function writeJson(folder: string, driven: readonly Driven[]): void {
  mkdirSync(folder, { recursive: true });
  const told = driven.flatMap(({ variant, runs, feasible }) =>
    runs.map(({ track: _track, ticksMs: _ticks, route: _route, ...rest }) => ({
      variant: variant.name,
      isFeasible: feasible.has(rest.world),
      ...rest,
    })),
  );
  writeFileSync(join(folder, "barn.json"), `${JSON.stringify(told, undefined, 2)}\n`);
}

/** Draws the worst runs of the feasible worlds: failures first, then the lowest scores. */
function draw(folder: string, worlds: readonly BarnWorld[], { variant, runs, feasible }: Driven): void {
  mkdirSync(folder, { recursive: true });
  const worst = runs.filter(({ world }) => feasible.has(world)).toSorted((a, b) => a.score - b.score);
  for (const [at, run] of worst.slice(0, WORST_DRAWN).entries()) {
    const file = join(folder, `${variant.name}-worst-${at + 1}.svg`);
    writeFileSync(
      file,
      pictureOf(
        worlds.find(({ world }) => world === run.world)!,
        variant,
        run,
      ),
    );
    process.stdout.write(`${variant.name}: world ${run.world} seed ${run.seed} drawn in ${file}\n`);
  }
}

await main();
