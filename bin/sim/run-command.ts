import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { AgentError, messageOf } from "#lib/errors";
import { makeFolder } from "#lib/node/folder";
import { unmappedOf } from "#sim/recorder";
import { writeReportIndex } from "#sim/report-files";
import { loadScenario } from "#sim/scenario-file";
import { createStory } from "#sim/story";
import type { Observer } from "#sim/observer";
import { EXIT } from "../exit.ts";
import { storyText } from "../story-line.ts";
import { junitXml } from "./junit.ts";
import { createRunDisplay, type RunDisplay } from "./run-display.ts";
import { runOnce, type RunOptions, type RunOutcome } from "./run-once.ts";
import { planRuns, reportName, type BadScenario, type PlannedRun } from "./run-plan.ts";
import { runAll } from "./run-pool.ts";

/** What `holdfast sim run` was told. */
export interface RunCommandOptions {
  readonly seed: number;
  /** Several seeds instead of one. */
  readonly seeds?: readonly number[];
  readonly only: ReadonlyMap<string, string>;
  readonly json?: boolean;
  readonly junit?: string;
  readonly report?: string;
  readonly realtime?: boolean;
  readonly jobs?: number;
}

/** `holdfast sim run`: runs what there is to run, tells how it went, and leaves the exit code. */
export async function runScenarios(path: string, options: RunCommandOptions): Promise<void> {
  const startedMs = performance.now();
  const { runs, bad } = planRuns(path, { seeds: options.seeds ?? [options.seed], only: options.only });
  for (const { message } of bad) process.stderr.write(`holdfast: ${message.replaceAll("\n", "\nholdfast: ")}\n`);
  const { stdout, stderr } = process;
  if (runs.length > 0) makeFolders(options);
  const display = createRunDisplay({ runs, isJson: options.json === true, stdout, stderr });
  const outcomes =
    runs.length === 1 ? [await runHere(runs[0]!, options, display)] : await runApart(runs, options, display);
  if (runs.length > 0) display.end({ bad, wallSeconds: (performance.now() - startedMs) / 1000 });
  if (options.report !== undefined && runs.length > 1) writeIndex(options.report, runs, outcomes);
  if (options.json) printJson(outcomes, bad);
  if (options.junit !== undefined) writeJunit(options.junit, runs, outcomes, bad);
  process.exitCode = exitCodeOf(outcomes, bad);
}

/** Before anything runs: what is found at the end of a long run would be lost. */
function makeFolders({ report, junit }: RunCommandOptions): void {
  if (report !== undefined) makeFolder(report, "the report goes there");
  if (junit !== undefined) makeFolder(dirname(junit), "the JUnit file goes there");
}

/** A single run needs no other process; in real time its story is told. */
async function runHere(run: PlannedRun, options: RunCommandOptions, display: RunDisplay): Promise<RunOutcome> {
  const isTold = options.realtime === true && options.json !== true;
  const watch = isTold ? { observer: storyOf(run) } : { onTime: (seconds: number) => display.time(run, seconds) };
  const outcome = await runOnce(run, runOptions(options, options.report), watch);
  display.outcome(run, outcome);
  return outcome;
}

function runApart(runs: readonly PlannedRun[], options: RunCommandOptions, display: RunDisplay): Promise<RunOutcome[]> {
  const { report } = options;
  return runAll(runs, {
    jobs: options.jobs ?? availableParallelism(),
    optionsOf: (run) => runOptions(options, report === undefined ? undefined : join(report, reportName(run))),
    onTime: (run, seconds) => display.time(run, seconds),
    onOutcome: (run, outcome) => display.outcome(run, outcome),
  });
}

function runOptions({ realtime }: RunCommandOptions, report: string | undefined): RunOptions {
  return { report, pace: realtime ? "real" : "free" };
}

function storyOf({ file, parameters }: PlannedRun): Observer {
  const { contracts, scenario } = loadScenario(file, parameters);
  return createStory({
    contracts: contracts.map(({ draft }) => draft),
    unmapped: unmappedOf(scenario.obstacles),
    tell: (line) => void process.stdout.write(`${storyText(line)}\n`),
  });
}

/** A single run prints its result; several print one object that holds them, in the order of the plan. */
function printJson(outcomes: readonly RunOutcome[], bad: readonly BadScenario[]): void {
  const results = outcomes.flatMap((outcome) => (outcome.type === "ran" ? [outcome.result] : []));
  if (outcomes.length === 1 && bad.length === 0) {
    if (results[0]) process.stdout.write(`${JSON.stringify(results[0])}\n`);
    return;
  }
  if (outcomes.length === 0) return;
  const isPassed = exitCodeOf(outcomes, bad) === EXIT.done;
  process.stdout.write(`${JSON.stringify({ outcome: isPassed ? "passed" : "failed", runs: results, bad })}\n`);
}

/** A page that leads to the reports of all runs that came to an end. */
function writeIndex(folder: string, runs: readonly PlannedRun[], outcomes: readonly RunOutcome[]): void {
  const ended = outcomes.flatMap((outcome, at) => {
    const run = runs[at]!;
    return outcome.type === "ran" ? [{ folder: reportName(run), label: run.label, result: outcome.result }] : [];
  });
  writeReportIndex(folder, ended);
}

function writeJunit(
  file: string,
  runs: readonly PlannedRun[],
  outcomes: readonly RunOutcome[],
  bad: readonly BadScenario[],
): void {
  makeFolder(dirname(file), "the JUnit file goes there");
  try {
    writeFileSync(
      file,
      junitXml(
        runs.map((run, index) => ({ run, outcome: outcomes[index]! })),
        bad,
      ),
    );
  } catch (thrown) {
    throw new AgentError("config.invalid", `--junit ${file}: cannot be written: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function exitCodeOf(outcomes: readonly RunOutcome[], bad: readonly BadScenario[]): number {
  if (outcomes.some(({ type }) => type === "died")) return EXIT.bug;
  if (bad.length > 0 || outcomes.some(({ type }) => type === "bad")) return EXIT.usage;
  return outcomes.every((outcome) => outcome.type === "ran" && outcome.result.outcome === "passed")
    ? EXIT.done
    : EXIT.unmet;
}
