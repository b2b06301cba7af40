import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startWorkerControl } from "#agent/control/worker-control";
import type { Control, ControlWorld, Goal } from "#agent/control/control";
import type { MotionRequest, MotionWorkerConfig } from "#agent/control/protocol";
import { motionProfileOf } from "#agent/profile";
import { type Clock, repeat, sleep } from "#lib/clock";
import { distance, type Pose } from "#lib/geometry";
import { silentLog } from "#lib/log";
import { createSystemClock, monotonicMs, type ClockScale } from "#lib/node/system-clock";
import { connectWorldControl, type WorldControl } from "#sim/world-control";
import { loadScenario } from "#sim/scenario-file";
import { assert } from "#lib/errors";
import { awaited, startChild, type Child } from "../../bin/demo/child.ts";

/** Simulated seconds per real second. */
const FACTOR = 4;
const SCENARIO = join(import.meta.dirname, "scenarios", "fetch.yaml");
const WORLD = fileURLToPath(new URL("../../sim/world-process.main.ts", import.meta.url));
const ROBOT = "amr-07";
const GOAL_VALID_MS = 1000;
const REFRESH_MS = 200;
const POLL_MS = 50;
/** What a test waits for at most, in simulated time. */
const WITHIN_MS = 60_000;

const loaded = loadScenario(SCENARIO);
const profile = motionProfileOf(loaded.profiles.get(ROBOT)!);
assert("png" in loaded.map, "the scenario has a map");
const place: ControlWorld = { mapId: "warehouse", occupancy: loaded.map, zones: [], forbiddenZones: [] };
const NEAR: Pose = { x: 2.4, y: -10, yaw: 0 };
const FAR: Pose = { x: 2, y: -17, yaw: -Math.PI / 2 };

let scale: ClockScale;
let clock: Clock;
let worldProcess: Child;
let world: WorldControl;
let config: MotionWorkerConfig;
beforeEach(async () => {
  scale = { factor: FACTOR, originMs: monotonicMs() };
  clock = createSystemClock(scale);
  const { promise, bring } = awaited<string>("the world did not start", WITHIN_MS);
  const clockArguments = ["--factor", String(scale.factor), "--origin-ms", String(scale.originMs)];
  worldProcess = startChild({
    name: "the world",
    args: [WORLD, "--scenario", SCENARIO, ...clockArguments],
    onLog: (record) => record["msg"] === "world listens" && bring(String(record["address"])),
    onCrash: () => undefined,
  });
  const socket = await promise;
  world = await connectWorldControl(socket);
  config = { clockScale: scale, profile, drivers: { kind: "simulated", socket, robotId: ROBOT } };
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await worldProcess[Symbol.asyncDispose]();
});

/** The control in this thread, the loop in its own. */
async function start(): Promise<{ control: Control; failure: Promise<Error> }> {
  const { promise: failure, resolve } = Promise.withResolvers<Error>();
  const control = await startWorkerControl({ ...config, clock, log: silentLog, onFailure: resolve });
  control.setWorld(place);
  return { control, failure };
}

function goalTo(pose: Pose): Goal {
  return { goalId: "goal", pose, tolerance: 0.15, maxSpeed: 1, validUntilMs: clock.nowMs() + GOAL_VALID_MS };
}

/** Keeps a goal alive as the executor does; returns what ends it. */
function keepGoal(setGoal: (goal: Goal) => void, pose: Pose): () => void {
  setGoal(goalTo(pose));
  return repeat(clock, REFRESH_MS, () => setGoal(goalTo(pose)));
}

async function until(what: string, isMet: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = clock.nowMs() + WITHIN_MS;
  while (!(await isMet())) {
    assert(clock.nowMs() < deadlineMs, `${what} within ${WITHIN_MS} ms`);
    await sleep(clock, POLL_MS);
  }
}

const speed = async (): Promise<number> => Math.abs((await world.truth(ROBOT)).velocity.linear);
const isDriving = async (): Promise<boolean> => (await speed()) > 0.3;
const isStanding = async (): Promise<boolean> => (await speed()) === 0;

describe("the motion loop in its thread", () => {
  it("drives to a goal that is kept alive, and arrives", async () => {
    const { control } = await start();
    const stop = keepGoal((goal) => control.setGoal(goal), NEAR);
    await until("arrival", () => control.report()?.drive.state === "arrived");
    stop();
    expect(distance((await world.truth(ROBOT)).pose, NEAR)).toBeLessThan(0.3);
    expect((await world.metrics(ROBOT)).collisions).toEqual([]);
    await control[Symbol.asyncDispose]();
  });

  it("stops the robot by itself while the main thread hangs", async () => {
    const { control } = await start();
    const stop = keepGoal((goal) => control.setGoal(goal), FAR);
    await until("driving", isDriving);
    hang((5 * GOAL_VALID_MS) / FACTOR);
    expect(await speed()).toBe(0);
    expect(distance((await world.truth(ROBOT)).pose, FAR)).toBeGreaterThan(2);
    // Awake again, the main thread refreshes the goal, and the robot goes on.
    await until("driving on", isDriving);
    stop();
    await until("standing", isStanding);
    await control[Symbol.asyncDispose]();
  });

  it("stops the robot and reports it when it dies of a bug", async () => {
    const { control, failure } = await start();
    const stop = keepGoal((goal) => control.setGoal(goal), FAR);
    await until("driving", isDriving);
    stop();
    control.setGoal({ ...goalTo(FAR), pose: undefined as unknown as Pose });
    expect(await failure).toMatchObject({ code: "control.failed", message: "the motion worker died of a bug" });
    await until("standing", isStanding);
  });

  it("reports that it cannot go on with a place that it cannot read, and stops the robot", async () => {
    const { control, failure } = await start();
    const stop = keepGoal((goal) => control.setGoal(goal), FAR);
    await until("driving", isDriving);
    stop();
    control.setWorld({ ...place, mapId: "broken", occupancy: { ...place.occupancy!, png: "bm8gUE5H" } });
    expect(await failure).toMatchObject({ code: "control.failed", cause: { code: "contract.invalid" } });
    await until("standing", isStanding);
  });

  it("leaves a robot that the watchdog of its base stops when the thread is killed", async () => {
    const worker = new Worker(new URL("../../agent/control/motion.worker.ts", import.meta.url), { workerData: config });
    const tell = (request: MotionRequest): void => worker.postMessage(request);
    tell({ type: "world", world: place });
    const stop = keepGoal((goal) => tell({ type: "goal", goal }), FAR);
    await until("driving", isDriving);
    await worker.terminate();
    stop();
    await until("standing", isStanding);
    expect(distance((await world.truth(ROBOT)).pose, FAR)).toBeGreaterThan(2);
  });

  it("is refused when the robot's devices cannot be reached", async () => {
    const drivers = { ...config.drivers, robotId: "nobody" };
    const refused = startWorkerControl({ ...config, drivers, clock, log: silentLog, onFailure: () => undefined });
    await expect(refused).rejects.toMatchObject({ code: "driver.down" });
  });
});

/** Blocks this thread for so many real milliseconds. */
function hang(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
