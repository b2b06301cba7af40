import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startWorkerControl } from "#agent/control/worker-control";
import type { DeviceStore } from "#agent/io/sqlite-store";
import { startWorkerStore } from "#agent/io/worker-store";
import { motionProfileOf } from "#agent/profile";
import type { Control } from "#agent/control/control";
import { repeat, sleep, type Clock } from "#lib/clock";
import { poseFrom } from "#lib/geometry";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { loadScenario } from "#sim/scenario-file";
import { awaited, startChild } from "../bin/demo/child.ts";
import { recordingOf } from "./buffering/workbench.ts";
import { startCommitting } from "./commits.ts";
import type { Chapter } from "./measurements-page.ts";

const LOADED_MS = 20_000;
const UNLOADED_MS = 10_000;
/** By then the robot has planned its way, with code that is compiled. */
const UNDER_WAY_AFTER_MS = 4000;
/** The main thread works for so long of every ten milliseconds. */
const BUSY_MS = 5;
const WRITERS = 8;
const RECORD_EVERY_MS = 100;
const GOAL_VALID_MS = 1000;
const GOAL_EVERY_MS = 200;
const LOOK_MS = 5;
const ENDS = [poseFrom([-0.25, -10, Math.PI]), poseFrom([-5.5, -1, 0])];
const SCENARIO = fileURLToPath(new URL("../config/scenarios/warehouse-pick.yaml", import.meta.url));
const WORLD = fileURLToPath(new URL("../sim/world-process.main.ts", import.meta.url));

/** Lateness of the real motion worker's ticks while the storage worker commits without a pause and the main thread is busy. */
export async function measureMotion(): Promise<Chapter> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const clock = createSystemClock();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const { profiles, contracts } = loadScenario(SCENARIO);
  const [profile] = profiles.values();
  const [order] = contracts;
  const telemetry = { newStore: "bench", budgets: { backfill: 4_000_000, logs: 1_000_000 }, retainMs: 0 };
  const path = join(folder, "core.db");
  const store = stack.use(await startWorkerStore({ path, telemetry, log: silentLog, onFatal: fail }));
  const control = stack.use(
    await startWorkerControl({
      clockScale: { factor: 1, originMs: 0 },
      profile: motionProfileOf(profile!),
      drivers: { kind: "simulated", socket: await startWorld(stack), robotId: "amr-07" },
      clock,
      log: silentLog,
      onFailure: fail,
    }),
  );
  const { mapId, occupancy, zones } = order!.draft.spatial;
  control.setWorld({ mapId, ...(occupancy && { occupancy }), zones, forbiddenZones: [] });
  await sleep(clock, 1500);
  const stopGoals = keepDriving(control, clock);
  await sleep(clock, UNDER_WAY_AFTER_MS);
  const committing = startCommitting(store, WRITERS);
  const stopRecording = keepRecording(store, clock);
  const stopWork = keepBusy(clock);
  const loaded = await listenToTicks(control, clock, LOADED_MS);
  stopWork();
  stopRecording();
  const commits = await committing.end();
  const unloaded = await listenToTicks(control, clock, UNLOADED_MS);
  stopGoals();
  const { hz } = profile!.control;
  const jitterOf = (periods: readonly number[]): number[] => periods.map((period) => Math.abs(period - 1000 / hz));
  return {
    title: "Motion loop",
    figures: [
      {
        what: "period jitter while SQLite commits and telemetry is recorded",
        unit: "ms",
        better: "lower",
        goal: { of: "p99", limit: 5 },
        samples: jitterOf(loaded),
        how: `motion worker at ${hz} Hz, under way; ${commits} durable commits and a second of telemetry every ${RECORD_EVERY_MS} ms in the storage worker meanwhile; main thread busy half of the time`,
      },
      {
        what: "period jitter, nothing else going on in the process",
        unit: "ms",
        better: "lower",
        samples: jitterOf(unloaded),
        how: "the same without commits and without work in the main thread: what the machine itself adds",
      },
    ],
    remarks: [
      "Jitter is how far the time between two ticks is from the period; a late tick makes two such differences. Ways are planned in a thread of " +
        "their own; decoding a map is in the tick that first needs it. " +
        "Where the second figure is as bad as the first, the machine is the cause and not the commits.",
    ],
  };
}

/** Drives to and fro, as the executor would: each goal is refreshed until the robot is there. */
function keepDriving(control: Control, clock: Clock): () => void {
  let drives = 0;
  return repeat(clock, GOAL_EVERY_MS, () => {
    const drive = control.report()?.drive;
    if (drive?.state === "arrived" && drive.goalId === `drive ${drives}`) drives++;
    const validUntilMs = clock.nowMs() + GOAL_VALID_MS;
    const pose = ENDS[drives % ENDS.length]!;
    control.setGoal({ goalId: `drive ${drives}`, pose, tolerance: 0.15, maxSpeed: 1.4, validUntilMs });
  });
}

/** The time between each two ticks that follow one another, in milliseconds. */
async function listenToTicks(control: Control, clock: Clock, durationMs: number): Promise<number[]> {
  const periods: number[] = [];
  let before = control.report();
  for (const endMs = clock.nowMs() + durationMs; clock.nowMs() < endMs;) {
    await sleep(clock, LOOK_MS);
    const newest = control.report();
    if (!newest || newest.atMs === before?.atMs) continue;
    if (before && newest.counters.ticks === before.counters.ticks + 1) periods.push(newest.atMs - before.atMs);
    before = newest;
  }
  return periods;
}

/** Far more than all channels of a robot give. */
function keepRecording(store: DeviceStore, clock: Clock): () => void {
  let at = 0;
  return repeat(clock, RECORD_EVERY_MS, () => void store.telemetry!.record([recordingOf(at++, 10)]));
}

/** Occupies this thread with JSON half of the time, as nobody should. */
function keepBusy(clock: Clock): () => void {
  const text = JSON.stringify(Array.from({ length: 2000 }, (_, at) => ({ at, name: `item ${at}` })));
  return repeat(clock, 2 * BUSY_MS, () => {
    for (const endMs = clock.nowMs() + BUSY_MS; clock.nowMs() < endMs;) JSON.parse(text);
  });
}

async function startWorld(stack: AsyncDisposableStack): Promise<string> {
  const { promise, bring } = awaited<string>("the world did not start", 30_000);
  stack.use(
    startChild({
      name: "the world",
      args: [WORLD, "--scenario", SCENARIO, "--seed", "1", "--factor", "1", "--origin-ms", "0"],
      onLog: (record) => record["msg"] === "world listens" && bring(String(record["address"])),
      onCrash: fail,
    }),
  );
  return promise;
}

function fail(thrown: unknown): never {
  throw thrown;
}
