import { remarksOf, type SimulationResult } from "#sim/result";
import type { RunOutcome } from "./run-once.ts";
import { replayCommand, type BadScenario, type PlannedRun } from "./run-plan.ts";

/** Tells people how runs go: a line for each that ended, and on a terminal a bar below them. */
export interface RunDisplay {
  time(run: PlannedRun, seconds: number): void;
  outcome(run: PlannedRun, outcome: RunOutcome): void;
  /** Ends it with a summary. */
  end(ending: { bad: readonly BadScenario[]; wallSeconds: number }): void;
}

export interface DisplayOptions {
  readonly runs: readonly PlannedRun[];
  /** Standard output belongs to the JSON then, and people read standard error. */
  readonly isJson: boolean;
  readonly stdout: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;
  readonly stderr: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;
}

const BAR_WIDTH = 24;

export function createRunDisplay({ runs, isJson, stdout, stderr }: DisplayOptions): RunDisplay {
  const isSingle = runs.length === 1;
  const lines = isJson ? stderr : stdout;
  const isSilent = isJson && isSingle;
  const under = new Map<PlannedRun, number>();
  const counts = { ran: 0, failed: 0, broken: 0 };
  const bar = stderr.isTTY ? createBar(stderr) : undefined;
  function draw(): void {
    const started = [...under].map(([run, seconds]) => Math.min(1, seconds / run.untilSeconds));
    const share = (counts.ran + started.reduce((sum, part) => sum + part, 0)) / runs.length;
    const [first] = [...under].slice(-1).map(([run, seconds]) => `${run.label} ${seconds.toFixed(0)} s`);
    bar?.draw(
      share,
      `${counts.ran}/${runs.length}${counts.failed > 0 ? `, ${counts.failed} failed` : ""}  ${first ?? ""}`,
    );
  }
  return {
    time(run, seconds) {
      under.set(run, seconds);
      draw();
    },
    outcome(run, outcome) {
      under.delete(run);
      counts.ran++;
      if (outcome.type !== "ran") counts.broken++;
      else if (outcome.result.outcome === "failed") counts.failed++;
      bar?.clear();
      if (outcome.type !== "ran") stderr.write(`${outcomeText(run, outcome, isSingle)}\n`);
      else if (!isSilent) lines.write(`${outcomeText(run, outcome, isSingle)}\n`);
      if (counts.ran < runs.length) draw();
    },
    end({ bad, wallSeconds }) {
      bar?.clear();
      if (isSingle && bad.length === 0) return;
      const told = [
        `${counts.ran - counts.failed - counts.broken} passed`,
        `${counts.failed} failed`,
        ...(counts.broken > 0 ? [`${counts.broken} broke off`] : []),
        ...(bad.length > 0 ? [`${bad.length} bad ${bad.length === 1 ? "file" : "files"}`] : []),
      ];
      lines.write(`${told.join(", ")} (${runs.length} ${isSingle ? "run" : "runs"} in ${wallSeconds.toFixed(1)} s)\n`);
    },
  };
}

const NOTHING_EXPECTED = "  nothing is expected (no `expect`): it passes because it ran to its end";

function outcomeText(run: PlannedRun, outcome: RunOutcome, isSingle: boolean): string {
  if (outcome.type !== "ran") return `BROKE  ${run.label}: ${outcome.message}\n  again: ${replayCommand(run)}`;
  const { result } = outcome;
  const isPassed = result.outcome === "passed";
  const shown = result.expectations.filter(({ ok }) => isSingle || !ok);
  return [
    headline(run, result),
    ...shown.map(({ ok, name, detail }) => `  ${ok ? "ok  " : "FAIL"} ${name}: ${detail}`),
    ...remarksOf(result).map((remark) => `  ${remark}`),
    ...(result.expectations.length === 0 && isSingle ? [NOTHING_EXPECTED] : []),
    ...(outcome.page === undefined ? [] : [`  report: ${outcome.page}`]),
    ...(isPassed ? [] : [`  again: ${replayCommand(run)}${outcome.page === undefined ? " --report reports" : ""}`]),
  ].join("\n");
}

function headline({ label, seed }: PlannedRun, { outcome, virtualSeconds, realTimeFactor }: SimulationResult): string {
  const name = / seed \d+$/.test(label) ? label : `${label} seed ${seed}`;
  return `${outcome.toUpperCase()} ${name}: ${virtualSeconds.toFixed(1)} s simulated, ${realTimeFactor.toFixed(0)} x real time`;
}

interface Bar {
  draw(share: number, text: string): void;
  clear(): void;
}

function createBar(stream: DisplayOptions["stderr"]): Bar {
  return {
    draw(share, text) {
      const full = Math.round(share * BAR_WIDTH);
      const bar = `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}] ${text}`;
      stream.write(`\r\u001b[K${bar.slice(0, (stream.columns || 80) - 1)}`);
    },
    clear: () => void stream.write("\r\u001b[K"),
  };
}
