import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { typescriptFlags } from "#lib/node/typescript-flags";
import type { RunOptions, RunOutcome } from "./run-once.ts";
import type { PlannedRun } from "./run-plan.ts";
import type { RunNotice, RunRequest } from "./run-process.main.ts";

export interface PoolOptions {
  /** How many run at the same time. */
  readonly jobs: number;
  readonly optionsOf: (run: PlannedRun) => RunOptions;
  readonly onTime: (run: PlannedRun, seconds: number) => void;
  readonly onOutcome: (run: PlannedRun, outcome: RunOutcome) => void;
}

const PROGRAM = fileURLToPath(new URL("run-process.main.ts", import.meta.url));
const ERROR_BYTES_KEPT = 4000;

/** Runs scenarios in processes of their own, several at a time; the outcomes stand in the order of the runs. */
export async function runAll(runs: readonly PlannedRun[], options: PoolOptions): Promise<RunOutcome[]> {
  const outcomes: RunOutcome[] = [];
  const waiting = [...runs.entries()];
  const work = async (): Promise<void> => {
    let worker: Worker | undefined;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, run] = next;
      if (!worker?.isAlive()) worker = startWorker();
      const outcome = await worker.run(
        { run, options: options.optionsOf(run) },
        { onTime: (seconds) => options.onTime(run, seconds) },
      );
      outcomes[index] = outcome;
      options.onOutcome(run, outcome);
    }
    worker?.end();
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, runs.length) }, work));
  return outcomes;
}

/** A process that runs one scenario at a time. */
interface Worker {
  isAlive(): boolean;
  /** Resolves also when the process dies of the run. */
  run(request: RunRequest, watch: { onTime: (seconds: number) => void }): Promise<RunOutcome>;
  end(): void;
}

function startWorker(): Worker {
  const child = fork(PROGRAM, {
    execArgv: [...process.execArgv, ...typescriptFlags()],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr!.on("data", (bytes: Buffer) => {
    errors = (errors + bytes.toString()).slice(-ERROR_BYTES_KEPT);
  });
  const ended = once(child, "close");
  return {
    isAlive: () => child.connected,
    async run(request, { onTime }) {
      const { promise, resolve } = Promise.withResolvers<RunOutcome>();
      const listen = (notice: RunNotice): void => {
        if (notice.type === "time") onTime(notice.seconds);
        else resolve(notice);
      };
      child.on("message", listen);
      void ended.then(() => resolve(deathOf(child, errors)));
      child.send(request);
      const outcome = await promise;
      child.off("message", listen);
      return outcome;
    },
    // A process that has died has let go of the channel by itself.
    end: () => void (child.connected && child.disconnect()),
  };
}

function deathOf({ exitCode, signalCode }: ChildProcess, errors: string): RunOutcome {
  return {
    type: "died",
    message: `its process ended (${signalCode ?? `exit ${exitCode}`}): ${errors || "no message"}`,
  };
}
