import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { AgentError, messageOf } from "#lib/errors";
import { runRecorded } from "#sim/recorded-run";
import { writeReport } from "#sim/report-files";
import type { SimulationResult } from "#sim/result";
import { loadScenario, type LoadedScenario } from "#sim/scenario-file";
import { simulate } from "#sim/simulate";
import { EXIT } from "../exit.ts";
import { junitXml } from "../junit.ts";
import { wholeNumber } from "./options.ts";

interface RunOptions {
  readonly seed: number;
  readonly json?: boolean;
  readonly junit?: string;
  readonly report?: string;
}

/** `holdfast sim run`: scenarios in virtual time. */
export function simCommand(): Command {
  const sim = new Command("sim").description("simulate agents, cloud, network and world in virtual time");
  sim
    .command("run <path>")
    .description("run a scenario file, or every scenario of a folder; exit 0 = all expectations hold")
    .option("--seed <n>", "seed of everything random", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--json", "print one JSON object (for a folder: one a line)")
    .option("--junit <file>", "write JUnit XML for CI")
    .option("--report <dir>", "write report.html, .svg and .png into this folder")
    .action(run);
  return sim;
}

async function run(path: string, options: RunOptions): Promise<void> {
  const results: SimulationResult[] = [];
  const files = scenarioFiles(path);
  for (const file of files) {
    const loaded = loadScenario(file);
    const result = await runOne(loaded, options, files.length > 1);
    results.push(result);
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : summary(result));
  }
  if (options.junit !== undefined) writeFileSync(options.junit, junitXml(results));
  if (results.some(({ outcome }) => outcome === "failed")) process.exitCode = EXIT.unmet;
}

/** Runs a scenario; recorded only when a report is wanted, in a folder of its own when there are several. */
async function runOne(
  loaded: LoadedScenario,
  { seed, report }: RunOptions,
  isOneOfSeveral: boolean,
): Promise<SimulationResult> {
  const realMs = (): number => performance.now();
  if (report === undefined) return (await simulate(loaded, { seed, realMs })).result;
  const { simulation, record } = await runRecorded(loaded, { seed, realMs });
  writeReport(isOneOfSeveral ? join(report, loaded.scenario.name) : report, record);
  return simulation.result;
}

function scenarioFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
  const files = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
  if (files.length === 0) throw new AgentError("config.invalid", `${path}: no scenario (*.yaml) in this folder`);
  return files.toSorted().map((name) => join(path, name));
}

function summary(result: SimulationResult): string {
  const { scenario, seed, outcome, virtualSeconds, realTimeFactor, expectations } = result;
  const head = `${outcome.toUpperCase()} ${scenario} seed ${seed}: ${virtualSeconds.toFixed(1)} s simulated, ${realTimeFactor.toFixed(0)} x real time`;
  return [head, ...expectations.map(({ ok, name, detail }) => `  ${ok ? "ok  " : "FAIL"} ${name}: ${detail}`), ""].join(
    "\n",
  );
}
