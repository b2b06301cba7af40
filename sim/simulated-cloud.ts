import { ExecutionConfig } from "#cloud/config";
import { startExecution, type Execution } from "#cloud/execution";
import { openSqliteStore } from "#cloud/io/sqlite-store";
import type { CloudStore, LogEntry } from "#cloud/io/store";
import type { Sha256, Signer } from "#contract/crypto";
import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { Life } from "./life.ts";
import type { Network } from "./network/network.ts";

/** The cloud of a simulation: one database, and one process on it after another. */
export interface SimulatedCloud extends AsyncDisposable {
  /** The process that runs, or undefined while it is dead. */
  execution(): Execution | undefined;
  /** Its disk, which outlives every process; for those who look at it, not to write. */
  readonly store: CloudStore;
  /** Ends the process without a word. */
  kill(): void;
  /** Starts the process; does nothing while one runs. */
  start(): Promise<void>;
}

export interface SimulatedCloudDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly network: Network;
  readonly crypto: { readonly signer: Signer; readonly sha256: Sha256 };
  readonly onLogged: (entries: readonly LogEntry[]) => void;
}

/** Name of the cloud's place in the simulated network. */
export const CLOUD = "cloud";

interface Running {
  readonly life: Life;
  /** Absent while it starts. */
  execution?: Execution & AsyncDisposable;
}

export function createSimulatedCloud(deps: SimulatedCloudDeps): SimulatedCloud {
  const store = openSqliteStore({ path: ":memory:", newCloudId: "cloud-1" });
  const { clock, log, network, crypto } = deps;
  let running: Running | undefined;
  let starts = 0;
  store.onLogged(deps.onLogged);
  return {
    store,
    execution: () => running?.execution,
    kill() {
      running?.life.end();
      running = undefined;
      network.killProcess(CLOUD);
    },
    async start() {
      // Two faults may overlap; the cloud is one process.
      if (running) return;
      const own: Running = { life: new Life() };
      running = own;
      const { life } = own;
      own.execution = await startExecution(ExecutionConfig.parse({}), {
        clock: life.clock(clock),
        rng: deps.rng.fork(`start ${++starts}`),
        log: log.child({ process: CLOUD }),
        store: life.port(store),
        transport: network.transport(CLOUD),
        crypto,
      });
    },
    async [Symbol.asyncDispose]() {
      await running?.execution?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
