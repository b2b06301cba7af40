import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { AgentError } from "#lib/errors";
import { draw, type Drawn, type Motion } from "#sim/explore/draw";
import { explore, type Exploration } from "#sim/explore/explore";
import { failureText } from "#sim/explore/failure";
import type { SeedReport } from "#sim/explore/run-seed";
import { commitName } from "../commit.ts";
import { EXIT } from "../exit.ts";
import { wholeNumber } from "./options.ts";

const SEED_MAX = 2 ** 31 - 1;

interface ExploreCommandOptions {
  readonly seeds?: { readonly from: number; readonly to: number };
  readonly minutes?: number;
  readonly motion: Motion;
  readonly keep?: readonly number[];
  readonly jobs: number;
  readonly json?: boolean;
}

/** `holdfast sim explore`: the whole system under seeded faults. */
export function exploreCommand(): Command {
  return new Command("explore")
    .description("run the whole system under faults drawn from seeds; exit 0 = nothing was that must not be")
    .option("--seeds <a..b>", "seeds to run (1..200 unless --minutes is given)", seedRange)
    .option("--minutes <m>", "begin no seed after so many minutes", wholeNumber(1, 100_000))
    .addOption(new Option("--motion <kind>", "how robots move").choices(["coarse", "full"]).default("coarse"))
    .option("--keep <list>", "keep only these of a seed's troubles: numbers with commas, or none", troubleList)
    .option("--jobs <n>", "processes", wholeNumber(1, 256), availableParallelism())
    .option("--json", "print one JSON object")
    .action(run);
}

async function run(options: ExploreCommandOptions): Promise<void> {
  const { minutes = Infinity, motion, keep, jobs, json } = options;
  const seeds = options.seeds ?? { from: 1, to: minutes === Infinity ? 200 : SEED_MAX };
  if (keep !== undefined && seeds.from === seeds.to) requireDrawn(keep, draw(seeds.from, motion));
  const count = seeds.to - seeds.from + 1;
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const commit = commitName();
  const progress = createProgress(minutes === Infinity ? count : undefined);
  const exploration = await explore({
    seeds,
    motion,
    keep,
    processes: Math.min(jobs, count),
    isTimeUp: () => seconds() >= minutes * 60,
    onReport(report) {
      progress(report);
      if (report.failure && !json) process.stdout.write(`${failureText(report.failure, commit)}\n`);
    },
  });
  const wallSeconds = seconds();
  const told = { commit, ...exploration, wallSeconds };
  process.stdout.write(json ? `${JSON.stringify(told)}\n` : summary(exploration, wallSeconds));
  if (exploration.failures.length > 0) process.exitCode = EXIT.unmet;
}

/** A replay without the trouble that was meant would look as if nothing were wrong any more. */
function requireDrawn(keep: readonly number[], { troubles }: Pick<Drawn, "troubles">): void {
  const absent = keep.filter((number) => number >= troubles.length);
  if (absent.length === 0) return;
  const drawn = `this seed draws ${troubles.length} troubles, counted from 0`;
  throw new AgentError("config.invalid", `--keep ${absent.join(",")}: ${drawn}`);
}

function summary(
  { seeds, motion, failures, virtualSeconds, endings, digest }: Exploration,
  wallSeconds: number,
): string {
  const factor = (virtualSeconds / Math.max(wallSeconds, 1e-3)).toFixed(0);
  const ways = Object.entries(endings)
    .toSorted(([, a], [, b]) => b - a)
    .map(([status, count]) => `${count} ${status}`);
  return [
    `${seeds} seeds with ${motion} motion: ${failures.length === 0 ? "no violation" : `${failures.length} with violations`}`,
    `${virtualSeconds < 3600 ? `${virtualSeconds.toFixed(0)} s` : `${(virtualSeconds / 3600).toFixed(1)} h`} simulated in ${wallSeconds.toFixed(0)} s, ${factor} x real time; contracts: ${ways.join(", ")}`,
    `digest ${digest}`,
    "",
  ].join("\n");
}

/** Tells on stderr how far it is: a line that is written over on a terminal, else one for each tenth. */
function createProgress(count: number | undefined): (report: SeedReport) => void {
  let [done, failed, told] = [0, 0, 0];
  const { stderr } = process;
  return ({ failure }) => {
    done++;
    if (failure) failed++;
    const tenth = count === undefined ? Math.floor(done / 500) : Math.floor((10 * done) / count);
    const text = `${done}${count === undefined ? "" : ` of ${count}`} seeds, ${failed} with violations`;
    if (stderr.isTTY) stderr.write(`\r${text}${done === count ? "\n" : ""}`);
    else if (tenth > told) stderr.write(`${text}\n`);
    told = tenth;
  };
}

function seedRange(text: string): { from: number; to: number } {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (!(from >= 0 && to >= from && to <= SEED_MAX)) {
    throw new InvalidArgumentError(`expected A..B with 0 <= A <= B <= ${SEED_MAX}, such as 1..200`);
  }
  return { from, to };
}

function troubleList(text: string): number[] {
  if (text === "none") return [];
  const numbers = text.split(",").map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.some(Number.isNaN)) throw new InvalidArgumentError("expected numbers with commas, such as 0,4, or none");
  return numbers;
}
