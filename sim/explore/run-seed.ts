import { messageOf } from "#lib/errors";
import { violationsOf } from "../checkers.ts";
import { createPlaces } from "../places.ts";
import type { Rewiring } from "../rewiring.ts";
import { simulate, type Simulation } from "../simulate.ts";
import { draw, type Drawn, type Motion, PHASES, withTroubles } from "./draw.ts";
import { type Failure, lastEvents, replayCommand } from "./failure.ts";
import { startOperator } from "./operator.ts";
import { shrink } from "./shrink.ts";

/** One seed to be run. */
export interface Errand {
  readonly seed: number;
  readonly motion: Motion;
  /** Numbers of the troubles that are kept; all of them if absent. */
  readonly keep?: readonly number[];
}

/** What came of it, as plain data. */
export interface SeedReport {
  readonly seed: number;
  /** Equal for equal seed, troubles, commit, Node version and CPU architecture; empty where the run could not end. */
  readonly digest: string;
  readonly virtualSeconds: number;
  /** How the contracts ended. */
  readonly statuses: readonly string[];
  readonly failure?: Failure;
}

const SHRINK_RUNS_MAX = 150;
/** What is said of a run in which something was thrown that nothing could catch. */
export const PART_FAILS = "no part fails";

/** Runs a seed; one that fails is run again with ever fewer of its troubles. */
export async function runSeed({ seed, motion, keep }: Errand): Promise<SeedReport> {
  const drawn = draw(seed, motion);
  const all = keep ?? drawn.troubles.map((_, number) => number);
  const run = await runDrawn(drawn, all);
  const { simulation, violations } = run;
  const report = {
    seed,
    digest: simulation?.result.digest ?? "",
    virtualSeconds: simulation?.result.virtualSeconds ?? 0,
    statuses: simulation?.evidence.contracts.map(({ status }) => status) ?? [],
  };
  if (violations.length === 0) return report;
  const sentences = new Set(violations.map(sentenceOf));
  const stillFails = async (numbers: readonly number[]): Promise<boolean> =>
    (await runDrawn(drawn, numbers)).violations.some((violation) => sentences.has(sentenceOf(violation)));
  const kept = keep ?? (await shrink(all, stillFails, SHRINK_RUNS_MAX));
  const least = kept === all ? run : await runDrawn(drawn, kept);
  const failure: Failure = {
    seed,
    motion,
    violations: least.violations,
    drawn: drawn.troubles.length,
    kept,
    troubles: kept.flatMap((number) => drawn.troubles[number] ?? []),
    events: lastEvents(least.simulation),
    replay: replayCommand(seed, motion, kept),
  };
  return { ...report, failure };
}

/** What one run came to. */
export interface DrawnRun {
  readonly violations: readonly string[];
  /** Absent when a part of it threw. */
  readonly simulation?: Simulation;
}

const places = createPlaces();

/** Runs what was drawn, with some of its troubles, and looks for what must not be. A part that throws is a violation. */
export async function runDrawn(drawn: Drawn, kept: readonly number[], rewiring?: Rewiring): Promise<DrawnRun> {
  const troubles = kept.flatMap((number) => drawn.troubles[number] ?? []);
  try {
    const simulation = await simulate(withTroubles(drawn, troubles), {
      seed: drawn.seed,
      places,
      realMs: () => 0,
      attend: (site, clock) => startOperator(site, clock, PHASES),
      ...(rewiring && { rewiring }),
    });
    return { violations: violationsOf(simulation.evidence), simulation };
  } catch (thrown) {
    return { violations: [`${PART_FAILS}: ${(thrown instanceof Error && thrown.stack) || messageOf(thrown)}`] };
  }
}

/** The sentence that a violation speaks against. */
export function sentenceOf(violation: string): string {
  return violation.slice(0, violation.indexOf(": "));
}
