import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Clock, repeat, sleep } from "#lib/clock";
import { type AgentError, messageOf } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import { createSystemClock, monotonicMs } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import type { Control, Goal, MotionProfile } from "#agent/control/control";
import { startWorkerControl } from "#agent/control/worker-control";
import { createWorld, type World } from "#sim/world/world";
import { serveWorld, type WorldServer } from "#sim/world-server";
import { WorldSpec } from "#sim/world/world-spec";

/** Simulated seconds per real second. */
const SCALE = 4;

const profile: MotionProfile = {
  footprint: [
    [-0.35, -0.25],
    [0.35, -0.25],
    [0.35, 0.25],
    [-0.35, 0.25],
  ],
  maxSpeed: 1.5,
  maxReverseSpeed: 0.3,
  maxAngularSpeed: 1.2,
  maxAcceleration: 0.8,
  maxDeceleration: 1.2,
  maxAngularAcceleration: 2,
  controlHz: 20,
  // The clock runs fast and the machine is busy: what is 50 ms of real time must not count as a dead sensor here.
  scanStaleMs: 1000,
};

interface Rig extends AsyncDisposable {
  readonly clock: Clock;
  readonly world: World;
  readonly server: WorldServer;
  readonly control: Control;
  readonly failures: AgentError[];
}

/** A motion worker whose robot lives in a world behind a socket. */
async function startRig(): Promise<Rig> {
  await using parts = new AsyncDisposableStack();
  const clockScale = { factor: SCALE, originMs: monotonicMs() };
  const clock = createSystemClock(clockScale);
  const spec = WorldSpec.parse({
    map: { empty: [-5, -5, 25, 5] },
    obstacles: [{ circle: [6, 0.1, 0.4] }],
    robots: [{ id: "amr", pose: [0, 0, 0] }],
  });
  const world = parts.use(createWorld(spec, { clock, rng: createRng(3) }));
  const server = parts.use(
    await serveWorld(world, join(mkdtempSync(join(tmpdir(), "holdfast-motion-")), "world.sock")),
  );
  const failures: AgentError[] = [];
  const control = parts.use(
    await startWorkerControl({
      clock,
      clockScale,
      profile,
      drivers: { kind: "simulated", socket: server.address, robotId: "amr" },
      log: createMemoryLog().log,
      onFailure: (error) => failures.push(error),
    }),
  );
  control.setWorld({ mapId: "open", zones: [], forbiddenZones: [] });
  const owned = parts.move();
  return { clock, world, server, control, failures, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function goalTo(clock: Clock, x: number): Goal {
  return {
    goalId: `to ${x}`,
    pose: { x, y: 0, yaw: 0 },
    tolerance: 0.15,
    maxSpeed: 1.5,
    validUntilMs: clock.nowMs() + 1000,
  };
}

/** Sends a goal five times a second, as the executor does, until the returned function is called. */
function keepSending({ clock, control }: Rig, x: number): () => void {
  control.setGoal(goalTo(clock, x));
  return repeat(clock, 200, () => control.setGoal(goalTo(clock, x)));
}

async function until(clock: Clock, what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400; turn++) {
    if (holds()) return;
    await sleep(clock, 100);
  }
  expect.fail(`waited in vain until ${what}`);
}

const isMoving = ({ world }: Rig): boolean => world.truth("amr").velocity.linear > 0.5;
const isStill = ({ world }: Rig): boolean => world.truth("amr").velocity.linear === 0;

describe("the motion worker", () => {
  it("drives to a goal around an obstacle and reports on the way", async () => {
    await using rig = await startRig();
    const stop = keepSending(rig, 12);
    await until(rig.clock, "it has arrived", () => rig.control.report()?.drive.state === "arrived");
    stop();
    const report = rig.control.report()!;
    expect(rig.world.truth("amr").pose.x).toBeCloseTo(12, 0);
    expect(rig.world.metrics("amr").collisions).toEqual([]);
    expect(report.driven).toBeGreaterThan(11);
    expect(report.counters.latenessMsP99).toBeGreaterThan(0);
    expect(rig.failures).toEqual([]);
  });

  it("stops the robot by itself when the main thread falls silent", async () => {
    await using rig = await startRig();
    const stop = keepSending(rig, 12);
    await until(rig.clock, "it drives", () => isMoving(rig));
    stop();
    await until(rig.clock, "it stands", () => isStill(rig));
    expect(rig.world.truth("amr").pose.x).toBeLessThan(11);
    expect(rig.control.report()!.gate).toEqual({ action: "stop", reason: "goal_expired" });
  });

  it("brakes, lets go of the devices and ends when it is disposed of on the move", async () => {
    await using rig = await startRig();
    const stop = keepSending(rig, 12);
    await until(rig.clock, "it drives", () => isMoving(rig));
    stop();
    await rig.control[Symbol.asyncDispose]();
    await until(rig.clock, "it stands", () => isStill(rig));
    expect(rig.failures).toEqual([]);
  });

  it("tells the main thread why it died, once, and leaves a standing robot", async () => {
    await using rig = await startRig();
    const stop = keepSending(rig, 12);
    await until(rig.clock, "it drives", () => isMoving(rig));
    const occupancy = { resolution: 0.05, origin: [0, 0, 0] as [number, number, number], negate: 0 as const };
    const broken = { ...occupancy, occupied_thresh: 0.65, free_thresh: 0.1, png: "AAAA" };
    rig.control.setWorld({ mapId: "broken", occupancy: broken, zones: [], forbiddenZones: [] });
    await until(rig.clock, "the failure is known", () => rig.failures.length > 0);
    stop();
    await until(rig.clock, "it stands", () => isStill(rig));
    expect(rig.failures.map(({ code, cause }) => [code, messageOf(cause)])).toEqual([
      ["control.failed", "occupancy.png: not a readable PNG"],
    ]);
  });

  it("is refused by a world that is not there", async () => {
    const clockScale = { factor: SCALE, originMs: monotonicMs() };
    const starting = startWorkerControl({
      clock: createSystemClock(clockScale),
      clockScale,
      profile,
      drivers: { kind: "simulated", socket: join(tmpdir(), "holdfast-nobody.sock"), robotId: "amr" },
      log: createMemoryLog().log,
      onFailure: () => expect.fail("a control that never started cannot fail"),
    });
    await expect(starting).rejects.toMatchObject({ code: "driver.down" });
  });
});
