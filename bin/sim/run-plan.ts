import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { AgentError, messageOf } from "#lib/errors";
import { readYaml } from "#lib/node/yaml-file";
import { parametersText, valueText, type Parameters } from "#sim/scenario-matrix";
import { loadScenario, scenarioVariants } from "#sim/scenario-file";

/** One run of one scenario. */
export interface PlannedRun {
  readonly file: string;
  readonly parameters: Parameters;
  readonly seed: number;
  /** Tells it from the other runs of the plan, such as `dock outage=90s seed 7`. */
  readonly label: string;
  /** Simulated seconds after which it ends at the latest. */
  readonly untilSeconds: number;
}

/** A scenario file that cannot run, with all that is wrong with it; a line a problem. */
export interface BadScenario {
  readonly file: string;
  readonly message: string;
}

export interface RunPlan {
  readonly runs: readonly PlannedRun[];
  readonly bad: readonly BadScenario[];
}

export interface RunChoice {
  readonly seeds: readonly number[];
  /** Only variants that have these values of their matrix. */
  readonly only: ReadonlyMap<string, string>;
}

/**
 * What there is to run: the scenario of a file, or those of a folder, in every variant and with every seed. Every file is
 * read and checked now, and a bad one does not keep the others from running. Throws `config.invalid` when there is no
 * scenario, and when no variant has the values that are asked for.
 */
export function planRuns(path: string, { seeds, only }: RunChoice): RunPlan {
  const runs: PlannedRun[] = [];
  const bad: BadScenario[] = [];
  for (const file of scenarioFiles(path)) {
    try {
      runs.push(...variantRuns(file, only).flatMap((run) => seeds.map((seed) => ({ ...run, seed }))));
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      bad.push({ file, message: thrown.message });
    }
  }
  if (runs.length === 0 && bad.length === 0) {
    const wanted = [...only].map(([name, value]) => `${name}=${value}`).join(" ");
    throw new AgentError("config.invalid", `${path}: no scenario has a variant with ${wanted}`);
  }
  const isSeedTold = seeds.length > 1;
  return { runs: runs.map((run) => (isSeedTold ? { ...run, label: `${run.label} seed ${run.seed}` } : run)), bad };
}

function variantRuns(file: string, only: RunChoice["only"]): Omit<PlannedRun, "seed">[] {
  const problems: string[] = [];
  const runs = scenarioVariants(file).flatMap((parameters) => {
    try {
      const { scenario } = loadScenario(file, parameters);
      const label = [scenario.name, parametersText(parameters)].filter(Boolean).join(" ");
      return [{ file, parameters, label, untilSeconds: scenario.until / 1000 }];
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      problems.push(thrown.message);
      return [];
    }
  });
  if (problems.length > 0) throw new AgentError("config.invalid", [...new Set(problems)].join("\n"));
  return runs.filter(({ parameters }) => hasValues(parameters, only));
}

function hasValues(parameters: Parameters, wanted: RunChoice["only"]): boolean {
  return [...wanted].every(([name, value]) => {
    const own = parameters[name];
    return own !== undefined && valueText(own) === value;
  });
}

function scenarioFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
  const files = readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(path, name))
    .filter((file) => !isOfAnotherKind(file));
  if (files.length === 0) throw new AgentError("config.invalid", `${path}: no scenario (*.yaml) in this folder`);
  return files;
}

/** Contracts, maps and profiles may lie beside the scenarios that name them. What cannot be read is told as a bad scenario. */
function isOfAnotherKind(file: string): boolean {
  try {
    const { value } = readYaml(file);
    if (typeof value !== "object" || value === null || "robots" in value) return false;
    return "schema" in value || ("image" in value && "resolution" in value) || "footprint" in value;
  } catch (thrown) {
    if (thrown instanceof AgentError) return false;
    throw thrown;
  }
}

/** The folder of a run's report below that of all. */
export function reportName({ file, label }: PlannedRun): string {
  const name = basename(file).replace(/\.ya?ml$/, "");
  const [, ...rest] = label.split(" ");
  return [name, ...rest].join("_").replaceAll(/[^A-Za-z0-9._=-]+/g, "_");
}

/** The command that repeats one run. */
export function replayCommand({ file, parameters, seed }: PlannedRun): string {
  const only = Object.entries(parameters).map(([name, value]) => ` --only ${shellWord(`${name}=${valueText(value)}`)}`);
  return `npx holdfast sim run ${shellWord(file)} --seed ${seed}${only.join("")}`;
}

function shellWord(text: string): string {
  return /^[\w./=@:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
