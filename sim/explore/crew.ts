import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { typescriptFlags } from "#lib/node/typescript-flags";
import { type Errand, PART_FAILS, type SeedReport } from "./run-seed.ts";

const WORKER = fileURLToPath(new URL("explore.worker.ts", import.meta.url));
const LAST_WORDS = 4000;

/**
 * Runs errands in as many processes, each taking the next when it is done with one; `onReport` hears of each as it ends. A process that dies
 * is a failure of the seed that it ran, and another takes its place.
 */
export async function runInProcesses(
  errands: Iterable<Errand>,
  processes: number,
  onReport: (report: SeedReport) => void,
): Promise<void> {
  const left = errands[Symbol.iterator]();
  const work = async (): Promise<void> => {
    let worker: Worker | undefined;
    for (let next = left.next(); !next.done; next = left.next()) {
      worker ??= startWorker();
      const report = await worker.run(next.value);
      onReport(report);
      if (!worker.isAlive()) worker = undefined;
    }
    worker?.end();
  };
  await Promise.all(Array.from({ length: processes }, work));
}

interface Worker {
  run(errand: Errand): Promise<SeedReport>;
  isAlive(): boolean;
  end(): void;
}

function startWorker(): Worker {
  const child: ChildProcess = fork(WORKER, {
    execArgv: [...process.execArgv, ...typescriptFlags()],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-LAST_WORDS);
  });
  return {
    isAlive: () => child.connected,
    end: () => child.disconnect(),
    run: (errand) =>
      new Promise((resolve) => {
        const onExit = (): void => resolve(deathOf(errand, words));
        child.once("close", onExit);
        child.once("message", (report) => {
          child.off("close", onExit);
          resolve(report as SeedReport);
        });
        child.send(errand);
      }),
  };
}

function deathOf({ seed, motion }: Errand, words: string): SeedReport {
  const failure = {
    seed,
    motion,
    violations: [`${PART_FAILS}: the process died: ${words}`],
    drawn: 0,
    kept: [],
    troubles: [],
    events: [],
    replay: `npx holdfast sim explore --seeds ${seed}..${seed} --motion ${motion}`,
  };
  return { seed, digest: "", virtualSeconds: 0, statuses: [], failure };
}
