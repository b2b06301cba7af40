import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import { runRecorded } from "#sim/recorded-run";
import { unmappedOf } from "#sim/recorder";
import { writeReport } from "#sim/report-files";
import type { SimulationResult } from "#sim/result";
import { loadScenario, type LoadedScenario } from "#sim/scenario-file";
import { createStory } from "#sim/story";
import { runReal } from "../demo/real-run.ts";
import { EXIT, Unmet } from "../exit.ts";
import { storyText } from "../story-line.ts";
import { wholeNumber } from "./options.ts";

/** Simulated seconds per real second where nothing speaks against it. */
const SPEED = 3;

interface DemoOptions {
  readonly scenario: string;
  readonly seed: number;
  readonly fast?: boolean;
  readonly speed?: number;
  readonly report?: string;
}

const SCENARIOS = fileURLToPath(new URL("../../config/scenarios", import.meta.url));
/** Scenarios that make a demo; those of later versions are not offered yet. */
const DEMOS = ["warehouse-pick", "warehouse-serial", "warehouse-ros", "clean-floor", "pda-pick"].filter((name) =>
  existsSync(join(SCENARIOS, `${name}.yaml`)),
);

/** `holdfast demo`: the main job on one machine, told line by line. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("run the main job on this machine: cloud, agent and a 2D world")
    .option("--scenario <name>", `which story: ${DEMOS.join(", ")}`, oneOf(DEMOS), "warehouse-pick")
    .option("--seed <n>", "seed of everything random", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--fast", "in virtual time, in this process")
    .option("--speed <n>", "simulated seconds per real second (default: 3, or 1 with serial lines)", wholeNumber(1, 8))
    .option("--report <dir>", "where to write report.html, .svg and .png (default reports/<scenario>)")
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const file = join(SCENARIOS, `${options.scenario}.yaml`);
  const loaded = loadScenario(file);
  const story = createStory({
    contracts: loaded.contracts.map(({ draft }) => draft),
    unmapped: unmappedOf(loaded.scenario.obstacles),
    tell: (line) => print(storyText(line)),
  });
  const factor = options.speed ?? speedOf(loaded);
  print(`${loaded.scenario.title ?? loaded.scenario.name} (scenario ${loaded.scenario.name}, seed ${options.seed})`);
  // Whoever answers the screen of a carried device is simulated, too.
  const hasPeople = [...loaded.profiles.values()].some(({ worker }) => worker === "person");
  const isVirtual = options.fast === true || hasPeople;
  const { result, record } = isVirtual
    ? await runFast(loaded, { ...options, speed: factor }, story)
    : await runReal({
        scenarioFile: file,
        loaded,
        seed: options.seed,
        factor,
        observer: story,
        signal: toldToStop(),
        onStarted: ({ cloudUrl, brokerUrl }) => {
          print(`Real processes: cloud ${cloudUrl}, broker ${brokerUrl}, the agent with its motion thread, the world.`);
          print(`Watch it on the fleet page: ${cloudUrl}/`);
          print(`Simulated time runs ${factor} times as fast as the wall clock.\n`);
        },
      });
  const report = writeReport(options.report ?? join("reports", loaded.scenario.name), record);
  print(summary(result, report));
  if (options.fast) print(`digest ${result.digest}`);
  if (!isKept(result)) process.exitCode = EXIT.unmet;
}

/** Lines that are emulated at their rates are told to no clock but the real one. */
function speedOf({ profiles }: LoadedScenario): number {
  return [...profiles.values()].some(({ drivers }) => drivers.kind === "devices") ? 1 : SPEED;
}

/** Ctrl-C and SIGTERM end the run in order, so that no process and no folder of it is left behind. */
function toldToStop(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort(new Unmet(`stopped by ${signal}`)));
  }
  return stop.signal;
}

async function runFast(
  loaded: LoadedScenario,
  { seed, fast, speed }: Pick<DemoOptions, "seed" | "fast"> & { readonly speed: number },
  observer: ReturnType<typeof createStory>,
): Promise<{ result: SimulationResult; record: Parameters<typeof writeReport>[1] }> {
  print("Virtual time: everything in this process, from one seed.\n");
  const startedMs = performance.now();
  const onSlice = async (virtualMs: number): Promise<void> => {
    const aheadMs = startedMs + virtualMs / speed - performance.now();
    if (!fast && aheadMs > 0) await sleep(aheadMs);
  };
  const { simulation, record } = await runRecorded(loaded, {
    seed,
    observer,
    onSlice,
    realMs: () => performance.now(),
  });
  return { result: simulation.result, record };
}

/** The story's promise: every contract fulfilled, projection and fact reconciled, every expectation met. */
function isKept({ outcome, devices, cloud }: SimulationResult): boolean {
  const contracts = devices.flatMap((device) => device.contracts);
  const isFulfilled = contracts.length > 0 && contracts.every(({ status }) => status === "completed");
  return outcome === "passed" && isFulfilled && cloud.reconciliations.length > 0;
}

function summary(result: SimulationResult, report: string): string {
  const { devices, expectations, virtualSeconds, wallSeconds, realTimeFactor } = result;
  const told = devices.map((device) => {
    const contracts = device.contracts
      .map(({ name, contractId, status }) => `${name ?? contractId} ${status}`)
      .join(", ");
    return `  ${device.id}: ${contracts}; ${device.distance.toFixed(1)} m at ${device.meanSpeed.toFixed(2)} m/s, ${device.collisions} collisions, nearest thing ${(device.minClearance * 100).toFixed(0)} cm away, ${(device.batteryUsed * 100).toFixed(1)} % of the battery`;
  });
  return [
    "",
    `${virtualSeconds.toFixed(0)} simulated seconds in ${wallSeconds.toFixed(1)} s (${realTimeFactor.toFixed(0)} x real time)`,
    ...told,
    ...expectations.map(({ ok, name, detail }) => `  ${ok ? "ok  " : "FAIL"} ${name}${ok ? "" : `: ${detail}`}`),
    `  report: ${report}`,
    isKept(result) ? "The contract was kept." : "The contract was NOT kept.",
  ].join("\n");
}

function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (!names.includes(text)) throw new InvalidArgumentError(`expected one of ${names.join(", ")}`);
    return text;
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
