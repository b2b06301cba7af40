import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeAgent, type AgentDeps } from "#agent/compose";
import type { Control, MotionReport } from "#agent/control/control";
import { startWorkerStore } from "#agent/io/worker-store";
import { loadProfile } from "#agent/io/profile-file";
import { startJournal } from "#agent/journal/journal";
import { createLeases, momentOf } from "#agent/link/leases";
import type { Store } from "#agent/store";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { Event } from "#contract/event";
import { createNodeVerifier, sha256Hex } from "#contract/io/node-crypto";
import type { ToolDrivers } from "#drivers/driver";
import { timestamp, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import type { Chapter } from "./measurements-page.ts";

const STAGES = 200;
const CONTRACTS = 3;
const SOFTWARE = "holdfast/bench";

/**
 * What the stage runner costs: contracts of stages that take no time, carried out by a whole agent on a real file. The time
 * between two ends of stages is then all the runner's own: three durable steps, and their events.
 */
export async function measureStages(): Promise<Chapter> {
  const overheads: number[] = [];
  const rates: number[] = [];
  for (let run = 0; run < CONTRACTS; run++) {
    const events = await carryOut();
    const ends = events.filter(({ type }) => type === "stage.completed").map(({ atMs }) => atMs);
    overheads.push(...ends.slice(1).map((end, at) => end - ends[at]!));
    const [from, to] = [events.find(({ type }) => type === "contract.started")?.atMs ?? 0, events.at(-1)?.atMs ?? 0];
    rates.push((events.length / (to - from)) * 1000);
  }
  return {
    title: "The stage runner",
    figures: [
      {
        what: "stage overhead",
        unit: "ms",
        better: "lower",
        samples: overheads,
        how: `between the durable ends of two stages of 0 s, ${CONTRACTS} contracts of ${STAGES} stages; storage worker, WAL, \`synchronous=FULL\`, in ${tmpdir()}`,
      },
      {
        what: "events of such a contract",
        unit: "events/s",
        better: "higher",
        samples: rates,
        how: "decided, stamped, hashed, folded and durable, in the same runs",
      },
    ],
    remarks: [
      "A stage is three commits that wait for each other: `stage.started`, `stage.attempt` before the effect, `stage.completed` after it. " +
        "Each is durable before the next begins, so an fsync of the disk at hand, three times, is most of the overhead.",
    ],
  };
}

interface Written {
  readonly type: string;
  /** When it was durable, on the monotonic clock. */
  readonly atMs: number;
}

async function carryOut(): Promise<readonly Written[]> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-stages-"));
  const clock = createSystemClock();
  const parts = new AsyncDisposableStack();
  try {
    const path = join(folder, "core.db");
    const store = parts.use(await startWorkerStore({ path, log: silentLog, onFatal: raise }));
    await accept(store, clock);
    const written: Written[] = [];
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const listening = listen(store, (events) => {
      written.push(...events.map(({ type }) => ({ type, atMs: clock.nowMs() })));
      if (events.some(({ type }) => type === "contract.completed")) resolve();
    });
    const profile = loadProfile("amr-sim");
    const settings = { site: "bench", deviceId: "amr-07", profile, software: SOFTWARE };
    parts.use(await composeAgent(settings, agentDeps(clock, listening)));
    await done;
    return written;
  } finally {
    await parts.disposeAsync();
    rmSync(folder, { recursive: true });
  }
}

/** Puts a contract where the inbox would have put it. */
async function accept(store: Store, clock: Clock): Promise<void> {
  const uuid = createUuidSource(clock, createRng("bench"));
  await using journal = await startJournal({
    store,
    clock,
    uuid,
    sha256: sha256Hex,
    log: silentLog,
    software: SOFTWARE,
  });
  const leases = createLeases({ journal, clock, log: silentLog });
  const contract = contractOf(clock);
  const { contractId, revision, epoch, taskId, lease, session, stages } = contract;
  const outline = stages.map(({ stageId, action }) => ({ stageId, action }));
  const data = { taskId, lease, session, stages: outline, hash: "", offline: contract.failurePolicy.offline };
  await journal.decide(() => ({
    events: [{ type: "contract.accepted", contractId, revision, epoch, data }],
    ops: () => [{ type: "put-contract", jws: "", contract }, leases.grant(contract, momentOf(clock))],
  }));
}

function contractOf(clock: Clock): Contract {
  const stages = Array.from({ length: STAGES }, (_, at): Stage => {
    const common = { goal: "Do nothing", action: "wait", inputs: { seconds: 0 }, toolsRequired: [], validation: [] };
    return { ...common, stageId: `wait-${at + 1}`, timeoutSeconds: 60, nominalSeconds: 1 };
  });
  return exampleContract({
    stages,
    issuedAt: timestamp(clock.wallMs()),
    scope: { actions: [{ action: "wait" }] },
    assumptions: [],
  });
}

function listen(store: Store, onEvents: (events: readonly Event[]) => void): Store {
  return {
    load: () => store.load(),
    readJournal: (...args) => store.readJournal(...args),
    readReplies: (inReplyTo) => store.readReplies(inReplyTo),
    readDurations: () => store.readDurations(),
    journalShare: () => store.journalShare(),
    async commit(ops) {
      await store.commit(ops);
      onEvents(ops.flatMap((op) => (op.type === "append" ? [op.entry.event] : [])));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A robot that stands still and is well, without a cloud. */
function agentDeps(clock: Clock, store: Store): AgentDeps {
  const still = (): MotionReport => ({
    atMs: clock.nowMs(),
    pose: { x: 0, y: 0, yaw: 0 },
    sigmaXy: 0.02,
    isLocalised: true,
    velocity: { linear: 0, angular: 0 },
    drive: { state: "idle" },
    gate: { action: "pass" },
    driven: 0,
    route: [],
    zones: [],
    counters: { ticks: 0, gateStops: 0, latenessMsMax: 0, latenessMsP99: 0 },
  });
  const nothing = (): void => undefined;
  const control: Control = {
    setWorld: nothing,
    setGoal: nothing,
    stop: nothing,
    report: still,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const resolved = (): Promise<void> => Promise.resolve();
  const tools: ToolDrivers = {
    battery: {
      name: "battery",
      open: resolved,
      enable: resolved,
      disable: resolved,
      health: () => ({ state: "ok", errors: 0 }),
      latest: () => ({ atMs: clock.nowMs(), charge: 0.9, isCharging: false }),
      [Symbol.asyncDispose]: resolved,
    },
  };
  const offline = (): Promise<never> => Promise.reject(new AgentError("transport.unreachable", "no cloud"));
  return {
    clock,
    rng: createRng("bench"),
    log: silentLog,
    store,
    transport: { connect: offline },
    crypto: { verifier: createNodeVerifier({ keys: [] }), sha256: sha256Hex },
    tools,
    control,
    onFailure: raise,
  };
}

function raise(thrown: unknown): never {
  throw thrown;
}
