import { ExecutionConfig } from "#cloud/config";
import { startExecution, type Execution } from "#cloud/execution";
import { createEquator, type SiteMap } from "#cloud/core/equator/site-map";
import { readTemplates, SHIPPED_TEMPLATES } from "#cloud/io/template-folder";
import { loadPolicy, SHIPPED_POLICIES } from "#cloud/io/policy-file";
import { openSqliteStore, type SqliteCloudStore } from "#cloud/io/sqlite-store";
import type { LogEntry } from "#cloud/io/store-rows";
import type { CloudStore } from "#cloud/io/store";
import type { Sha256, Signer } from "#contract/crypto";
import { sleep, type Clock } from "#lib/clock";
import { assert } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { delayed } from "./delayed.ts";
import { Life } from "./life.ts";
import type { Network } from "./network/network.ts";
import { rewire, type Rewiring } from "./rewiring.ts";

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
  /** Every answer of the database takes this long from now on, uniform between the two; undefined: no time. */
  slow(delayMs: readonly [minimum: number, maximum: number] | undefined): void;
  /** Puts a copy of the database away. */
  backUp(): void;
  /** The newest copy, or an empty database where none was put away, takes the place of the database; only while no process runs. */
  restore(): void;
}

export interface SimulatedCloudDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly network: Network;
  /** Names of all devices. */
  readonly devices: readonly string[];
  /** The map that it can cut excerpts from, if it has one. */
  readonly siteMap?: SiteMap | undefined;
  readonly crypto: { readonly signer: Signer; readonly sha256: Sha256 };
  readonly rewiring?: Rewiring | undefined;
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
  const { clock, log, network, crypto } = deps;
  const rng = deps.rng.fork("database");
  let restores = 0;
  let backup: Uint8Array | undefined;
  let delayMs: readonly [number, number] | undefined;
  const equator = createEquator(deps.siteMap ? [deps.siteMap] : []);
  const templates = readTemplates(SHIPPED_TEMPLATES);
  const wired = rewire(deps.rewiring);
  let running: Running | undefined;
  let starts = 0;
  let store = openStore();

  function openStore(restored?: { readonly copy: Uint8Array | undefined }): SqliteCloudStore {
    const newCloudId = `cloud-${++restores}`;
    const opened = openSqliteStore({ path: ":memory:", newCloudId, ...(restored && { restored }) });
    opened.onLogged(deps.onLogged);
    return opened;
  }
  const pause = (): Promise<void> | undefined => delayMs && sleep(clock, rng.integer(...delayMs));
  return {
    get store() {
      return store;
    },
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
      // Whoever restores a cloud says which devices there are.
      const config = ExecutionConfig.parse(restores > 1 ? { devices: deps.devices } : {});
      own.execution = await startExecution(config, {
        clock: wired.clock(life.clock(clock), CLOUD),
        rng: deps.rng.fork(`start ${++starts}`),
        log: log.child({ process: CLOUD }),
        store: wired.cloudStore(life.port(delayed(store, pause)), CLOUD),
        transport: wired.transport(network.transport(CLOUD), CLOUD),
        crypto,
        presets: SHIPPED_POLICIES.map(loadPolicy),
        equator,
        templates,
      });
    },
    slow(next) {
      delayMs = next;
    },
    backUp() {
      backup = store.backUp();
    },
    restore() {
      assert(!running, "the database of a cloud that runs is not replaced");
      const replaced = store;
      store = openStore({ copy: backup });
      void replaced[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      await running?.execution?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
