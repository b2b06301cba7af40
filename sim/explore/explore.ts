import { createHash } from "node:crypto";
import { runInProcesses } from "./crew.ts";
import type { Motion } from "./draw.ts";
import type { Failure } from "./failure.ts";
import { runSeed, type Errand, type SeedReport } from "./run-seed.ts";

export interface ExploreOptions {
  /** Both included; without an end, seeds are run until the time is up. */
  readonly seeds: { readonly from: number; readonly to: number };
  readonly motion: Motion;
  /** Numbers of the troubles that are kept; all if absent. */
  readonly keep?: readonly number[] | undefined;
  readonly processes: number;
  /** Says when to begin no more seeds. */
  readonly isTimeUp: () => boolean;
  readonly onReport: (report: SeedReport) => void;
}

/** What an exploration came to. */
export interface Exploration {
  readonly motion: Motion;
  readonly seeds: number;
  readonly virtualSeconds: number;
  /** How often contracts ended in each way. */
  readonly endings: Readonly<Record<string, number>>;
  /** Over the digests of all runs, in the order of the seeds. */
  readonly digest: string;
  readonly failures: readonly Failure[];
}

/** Runs the whole system under what is drawn from each seed, and gathers what must not be. */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const { motion, processes, onReport } = options;
  const reports: SeedReport[] = [];
  const note = (report: SeedReport): void => {
    reports.push(report);
    onReport(report);
  };
  if (processes === 1) for (const errand of errandsOf(options)) note(await runSeed(errand));
  else await runInProcesses(errandsOf(options), processes, note);
  reports.sort((a, b) => a.seed - b.seed);
  return {
    motion,
    seeds: reports.length,
    virtualSeconds: reports.reduce((sum, { virtualSeconds }) => sum + virtualSeconds, 0),
    endings: endingsOf(reports),
    digest: createHash("sha256")
      .update(reports.map(({ digest }) => digest).join())
      .digest("hex"),
    failures: reports.flatMap(({ failure }) => failure ?? []),
  };
}

function* errandsOf({ seeds, motion, keep, isTimeUp }: ExploreOptions): Generator<Errand> {
  for (let seed = seeds.from; seed <= seeds.to && !isTimeUp(); seed++) yield { seed, motion, ...(keep && { keep }) };
}

function endingsOf(reports: readonly SeedReport[]): Record<string, number> {
  const endings: Record<string, number> = {};
  for (const status of reports.flatMap(({ statuses }) => statuses)) endings[status] = (endings[status] ?? 0) + 1;
  return endings;
}
