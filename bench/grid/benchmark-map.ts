import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { AgentError } from "#lib/errors";

/** A map of the MovingAI benchmarks, with a closed border of one cell around it. */
export interface BenchmarkMap {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** 1 where a cell is free; row 0 is the first of the file. */
  readonly free: Uint8Array;
  readonly problems: readonly Problem[];
}

/** One problem: cells of start and goal, and the published length of the shortest octile way that cuts no corner. */
export interface Problem {
  readonly from: number;
  readonly to: number;
  readonly optimum: number;
}

/** Reads `NAME.map` or `NAME.map.gz` and the `NAME.scen` beside it. Format: N. Sturtevant, https://movingai.com/benchmarks/formats.html. */
export function readBenchmarkMap(file: string): BenchmarkMap {
  const bytes = readFileSync(file);
  const [, heightLine = "", widthLine = "", , ...rows] = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes)
    .toString()
    .split(/\r?\n/);
  const [inner, innerRows] = [Number(widthLine.split(" ")[1]), Number(heightLine.split(" ")[1])];
  if (!(inner > 0 && innerRows > 0))
    throw new AgentError("config.invalid", `${file} is no map of the MovingAI benchmarks`);
  const [width, height] = [inner + 2, innerRows + 2];
  const free = new Uint8Array(width * height);
  for (let row = 0; row < innerRows; row++) {
    for (let column = 0; column < inner; column++) {
      if (".G".includes(rows[row]?.[column] ?? "@")) free[(row + 1) * width + column + 1] = 1;
    }
  }
  const stem = file.replace(/\.map(\.gz)?$/, "");
  return { name: basename(stem), width, height, free, problems: readProblems(`${stem}.scen`, width) };
}

function readProblems(file: string, width: number): Problem[] {
  const [, ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  return lines.map((line) => {
    const [startColumn, startRow, goalColumn, goalRow, optimum] = line.split("\t").slice(4).map(Number);
    const cellAt = (column = NaN, row = NaN): number => (row + 1) * width + column + 1;
    return { from: cellAt(startColumn, startRow), to: cellAt(goalColumn, goalRow), optimum: optimum! };
  });
}

/** The same map with each cell made of `factor` × `factor`; starts and goals in the middle of theirs. */
export function upscale(map: BenchmarkMap, factor: number): BenchmarkMap {
  const [width, height] = [map.width * factor, map.height * factor];
  const free = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = Math.floor(row / factor) * map.width;
    for (let column = 0; column < width; column++) {
      free[row * width + column] = map.free[from + Math.floor(column / factor)]!;
    }
  }
  const middle = Math.floor(factor / 2);
  const moved = (cell: number): number =>
    (Math.floor(cell / map.width) * factor + middle) * width + (cell % map.width) * factor + middle;
  const problems = map.problems.map(({ from, to, optimum }) => ({
    from: moved(from),
    to: moved(to),
    optimum: optimum * factor,
  }));
  return { name: `${map.name} × ${factor}`, width, height, free, problems };
}
