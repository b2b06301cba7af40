import { quantile } from "#lib/quantile";
import type { GridRun, Solved } from "./grid-run.ts";

/** Figures of one planner on one map. */
export interface PlannerFigures {
  readonly solved: number;
  readonly problems: number;
  /** Total length over the total of the published octile optima. */
  readonly ratio: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly medianCpuMs: number;
  readonly p99CpuMs: number;
}

export interface MapFigures {
  readonly map: string;
  readonly cells: string;
  /** Problems whose exact length is the published optimum, to the digits that were published. */
  readonly optimal: number;
  readonly preparedMs: number;
  readonly exact: PlannerFigures;
  readonly anyAngle: PlannerFigures;
  readonly robot: PlannerFigures;
}

export function figuresOf({ map, exact, anyAngle, robot, preparedMs }: GridRun): MapFigures {
  return {
    map: map.name,
    cells: `${map.width - 2} × ${map.height - 2}`,
    optimal: exact.filter(isOptimal).length,
    preparedMs,
    exact: plannerFigures(exact),
    anyAngle: plannerFigures(anyAngle),
    robot: plannerFigures(robot),
  };
}

export function plannerFigures(solved: readonly Solved[]): PlannerFigures {
  const total = (of: (one: Solved) => number): number => solved.reduce((sum, one) => sum + of(one), 0);
  const [wall, cpu] = [solved.map(({ wallMs }) => wallMs), solved.map(({ cpuMs }) => cpuMs)];
  return {
    solved: solved.filter(({ length }) => length < Infinity).length,
    problems: solved.length,
    ratio: total(({ length }) => length) / total(({ problem }) => problem.optimum),
    medianMs: quantile(wall, 0.5),
    p99Ms: quantile(wall, 0.99),
    medianCpuMs: quantile(cpu, 0.5),
    p99CpuMs: quantile(cpu, 0.99),
  };
}

/** Some of the benchmark's files give six significant digits. */
export function isOptimal({ length, problem: { optimum } }: Solved): boolean {
  const lastDigit = 10 ** (Math.floor(Math.log10(Math.max(1, optimum))) - 5);
  return Math.abs(length - optimum) <= 0.51 * lastDigit;
}

export function tableOf(maps: readonly MapFigures[]): string {
  const rows = maps.flatMap(({ map, cells, optimal, exact, anyAngle, robot }) => [
    row(`${map} ${cells}`, `exact, 8 directions (${optimal} optimal)`, exact),
    row("", "any-angle: 16 directions, pulled tight", anyAngle),
    row("", "the robot's: coarse to fine, pulled tight", robot),
  ]);
  return [
    "| map | planner | solved | median | p99 | CPU median / p99 | length / octile optimum |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function row(map: string, planner: string, figures: PlannerFigures): string {
  const { solved, problems, ratio, medianMs, p99Ms, medianCpuMs, p99CpuMs } = figures;
  const cpu = `${medianCpuMs.toFixed(1)} / ${p99CpuMs.toFixed(1)} ms`;
  return `| ${map} | ${planner} | ${solved}/${problems} | ${medianMs.toFixed(1)} ms | ${p99Ms.toFixed(1)} ms | ${cpu} | ${ratio.toFixed(4)} |`;
}

/** Nav2's own sources, compiled with -O3, on a map of the same kind and a quiet machine of the same class; see docs/planner.md. */
export const OTHERS = `| elsewhere, a map of Berlin, 1000 × 1000 | solved | median | p99 | length / octile optimum |
|---|---|---|---|---|
| Nav2 NavFn (Dijkstra) | 50/50 | 15.0 ms | 26.0 ms | 0.956 |
| Nav2 Smac 2D | 50/50 | 22.5 ms | 270 ms | 0.997 |
| Nav2 Theta* (cuts corners) | 50/50 | 25.4 ms | 243 ms | 0.948 |`;
