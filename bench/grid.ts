import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readBenchmarkMap, upscale } from "./grid/benchmark-map.ts";
import { pictureOf } from "./grid/grid-picture.ts";
import { type GridRun, runGrid, runRobot } from "./grid/grid-run.ts";
import { figuresOf, OTHERS, type PlannerFigures, plannerFigures, tableOf } from "./grid/grid-table.ts";

const MAPS = fileURLToPath(new URL("../test/fixtures/movingai", import.meta.url));
/** The map that is also solved with each cell made of 4 × 4, and how many of its problems. */
const LARGE = "Boston_0_1024";
const LARGE_PROBLEMS = 40;
const FACTOR = 4;

/** `npm run bench:grid [-- --maps DIR]`: solves the benchmark problems of a folder; prints a table, writes JSON, draws the worst of each map. */
function main(): void {
  const { maps: folder, out } = parseArgs({
    options: { maps: { type: "string", default: MAPS }, out: { type: "string", default: "reports/grid" } },
  }).values;
  const files = readdirSync(folder).filter((name) => /\.map(\.gz)?$/.test(name));
  if (files.length === 0) {
    process.stderr.write(`--maps ${folder}: there are no .map or .map.gz files with a .scen beside them\n`);
    process.exit(2);
  }
  mkdirSync(out, { recursive: true });
  const runs = files.toSorted().map((name) => {
    const run = runGrid(readBenchmarkMap(join(folder, name)));
    process.stdout.write(`${run.map.name}: ${run.map.problems.length} problems\n`);
    drawWorst(out, run);
    return run;
  });
  const figures = runs.map(figuresOf);
  const large = runs.find(({ map }) => map.name === LARGE);
  const upscaled = large && runUpscaled(large);
  process.stdout.write(`\n${tableOf(figures)}\n\n${upscaled ? `${upscaledText(upscaled)}\n\n` : ""}${OTHERS}\n`);
  writeFileSync(join(out, "grid.json"), `${JSON.stringify({ maps: figures, upscaled }, undefined, 2)}\n`);
  process.stdout.write(`\nwritten to ${out}/grid.json; the worst way of each map is drawn beside it\n`);
}

interface Upscaled extends PlannerFigures {
  readonly map: string;
  readonly preparedMs: number;
}

/** Every n-th problem, so that all difficulties are among them. */
function runUpscaled({ map }: GridRun): Upscaled {
  const huge = upscale(map, FACTOR);
  const stride = Math.max(1, Math.ceil(huge.problems.length / LARGE_PROBLEMS));
  const { robot, preparedMs } = runRobot(
    huge,
    huge.problems.filter((_, at) => at % stride === stride - 1),
  );
  return { map: huge.name, preparedMs, ...plannerFigures(robot) };
}

function upscaledText({
  map,
  solved,
  problems,
  medianMs,
  p99Ms,
  medianCpuMs,
  p99CpuMs,
  ratio,
  preparedMs,
}: Upscaled): string {
  return (
    `${map}, the robot's planner: ${solved}/${problems} solved, first answer after ${medianMs.toFixed(0)} ms (median), ` +
    `${p99Ms.toFixed(0)} ms (worst), CPU ${medianCpuMs.toFixed(0)} / ${p99CpuMs.toFixed(0)} ms, length / octile optimum ${ratio.toFixed(4)}, ` +
    `made ready once in ${preparedMs.toFixed(0)} ms`
  );
}

/** The problem for which the robot's way is longest beside that of the search at any angle. */
function drawWorst(out: string, { map, anyAngle, robot }: GridRun): void {
  const excess = robot.map(({ length }, at) => length / Math.max(1, anyAngle[at]!.length));
  const at = excess.indexOf(Math.max(...excess));
  const [reference, worst] = [anyAngle[at], robot[at]];
  if (!reference || !worst) return;
  const lengths = `robot ${worst.length.toFixed(1)}, any-angle ${reference.length.toFixed(1)}, octile optimum ${worst.problem.optimum.toFixed(1)} cells`;
  const title = `${map.name}, problem ${at + 1}: ${lengths}, ${worst.wallMs.toFixed(1)} ms`;
  writeFileSync(join(out, `${map.name}.svg`), pictureOf(map, reference, worst, title));
}

main();
