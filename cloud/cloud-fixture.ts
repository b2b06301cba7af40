import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContractDraft } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { createNodeSigner, createNodeVerifier, generateKey, sha256Hex } from "#contract/io/node-crypto";
import { assert, messageOf } from "#lib/errors";
import { createMemoryLog, type LogLine } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { BrokerFixture } from "./broker-fixture.ts";
import { ExecutionConfig } from "./config.ts";
import { createDeviceFixture, type DeviceFixture } from "./device-fixture.ts";
import { startExecution, type Execution, type ExecutionDeps } from "./execution.ts";
import { openSqliteStore, type SqliteCloudStore } from "./io/sqlite-store.ts";
import type { LogEntry } from "./io/store-rows.ts";

/** A cloud with its broker on a virtual clock, for unit tests of the whole execution. */
export interface CloudFixture extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly broker: BrokerFixture;
  readonly cloud: Execution;
  readonly store: SqliteCloudStore;
  readonly lines: readonly LogLine[];
  /** What the stream has told since the cloud's first start. */
  readonly told: readonly LogEntry[];
  device(deviceId: string): DeviceFixture;
  /** Lets time pass and everything settle. */
  pass(seconds: number): Promise<void>;
  /** Resolves `promise` while time passes, at most `seconds`. */
  during<Value>(promise: Promise<Value>, seconds?: number): Promise<Value>;
  /** Kills the cloud and starts it again on the same database. */
  restart(): Promise<void>;
  /** Kills the cloud and starts it with a copy of its database, in a configuration that names these devices. */
  restore(copy: Uint8Array, devices?: readonly string[]): Promise<void>;
  /** Kills the cloud without starting it again. */
  kill(): Promise<void>;
}

const KEY = generateKey(new Uint8Array(32).fill(7));

export async function startCloudFixture(
  config: Partial<ExecutionConfig> = {},
  parts: Pick<ExecutionDeps, "equator" | "templates" | "presets" | "checkMovement" | "archive"> = {},
): Promise<CloudFixture> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cloud-"));
  const path = join(folder, "cloud.db");
  const clock = new VirtualClock();
  const broker = new BrokerFixture(clock);
  const { log, lines } = createMemoryLog(2000);
  const told: LogEntry[] = [];
  const verifier = createNodeVerifier({ keys: [KEY.publicJwk] });
  const crypto = { signer: createNodeSigner(KEY.privateJwk), sha256: sha256Hex };
  const shared = { clock, log, transport: broker.transport, crypto, ...parts };
  let settings = ExecutionConfig.parse(config);
  let store = openSqliteStore({ path, newCloudId: "cloud-1" });
  let starts = 0;

  async function start(): Promise<Execution & AsyncDisposable> {
    store.onLogged((entries) => told.push(...entries));
    const rng = createRng(`cloud/${++starts}`);
    const cloud = await startExecution(settings, { ...shared, rng, store });
    await settle();
    return cloud;
  }
  let cloud = await start();
  await clock.advance(1000, settle);
  const fixture: CloudFixture = {
    clock,
    broker,
    get cloud() {
      return cloud;
    },
    get store() {
      return store;
    },
    lines,
    told,
    device: (deviceId) => createDeviceFixture({ deviceId, broker, clock, verifier }),
    pass: (seconds) => clock.advance(seconds * 1000, settle),
    during: (promise, seconds = 30) => whilePassing(clock, promise, seconds),
    async kill() {
      await cloud[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
    async restart() {
      await fixture.kill();
      store = openSqliteStore({ path, newCloudId: "cloud-2" });
      cloud = await start();
    },
    async restore(copy, devices = []) {
      await fixture.kill();
      settings = ExecutionConfig.parse({ ...config, devices });
      const file = join(folder, `restored-${starts}.db`);
      writeFileSync(file, copy);
      store = openSqliteStore({ path: file, newCloudId: `cloud-${starts + 1}`, restored: {} });
      cloud = await start();
    },
    async [Symbol.asyncDispose]() {
      assertNoFailure(lines);
      await cloud[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
  return fixture;
}

function assertNoFailure(lines: readonly LogLine[]): void {
  const failed = lines.filter((line) => line.message === "task failed");
  const told = failed.map((line) => messageOf(line.data["err"])).join();
  assert(failed.length === 0, `nothing fails unnoticed: ${told}`);
}

async function whilePassing<Value>(clock: VirtualClock, promise: Promise<Value>, seconds: number): Promise<Value> {
  let isOver = false;
  const ended = promise.finally(() => (isOver = true));
  ended.catch(() => undefined);
  for (let step = 0; step < seconds * 10 && !isOver; step++) await clock.advance(100, settle);
  return ended;
}

/** A draft of the example contract for a device and task. */
export function draftFor(deviceId: string, taskId = "task-1", overrides: Partial<ContractDraft> = {}): ContractDraft {
  const {
    contractId: _id,
    session: _session,
    epoch: _epoch,
    issuedAt: _at,
    revision: _revision,
    lease: _lease,
    ...draft
  } = exampleContract({ deviceId, taskId });
  return { ...draft, ...overrides };
}

/** One turn of the event loop: every promise that can settle has. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
