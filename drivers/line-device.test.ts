import { beforeEach, describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { emulatedLd19, emulatedRoomba } from "./bench/emulated-devices.ts";
import { createMemoryLines, type EmulatedDevice, type MemoryLines } from "./bench/memory-lines.ts";
import { createLd19, Ld19Options } from "./ld19/driver.ts";
import { createRoomba, RoombaOptions } from "./roomba/driver.ts";
import type { BaseDriver, LidarDriver } from "./driver.ts";

const path = "/dev/serial/by-id/bench";
let clock: VirtualClock;
let bench: MemoryLines;
let mouth: { isMute: boolean; noise: Uint8Array };

/** The device, which can be made to fall silent and to speak noise. */
function gagged(device: EmulatedDevice): EmulatedDevice {
  return {
    receive: device.receive,
    connect: (send) =>
      device.connect((bytes) => {
        if (mouth.noise.length > 0) send(mouth.noise);
        if (!mouth.isMute) send(bytes);
      }),
  };
}

/** Lets time pass until the promise has settled. */
async function after<Value>(durationMs: number, promise: Promise<Value>): Promise<Value> {
  const settled = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await clock.advance(durationMs);
  const outcome = await settled;
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

beforeEach(() => {
  clock = new VirtualClock({ nowMs: 1000 });
  mouth = { isMute: false, noise: new Uint8Array() };
});

describe("a supervised device", () => {
  let lidar: LidarDriver;
  beforeEach(() => {
    bench = createMemoryLines(gagged(emulatedLd19(clock)));
    lidar = createLd19(Ld19Options.parse({ driver: "ld19", path }), { clock, rng: createRng(1), lines: bench.lines });
  });

  it("is down when its line is up but nothing that makes sense comes, and back by itself", async () => {
    await after(500, lidar.open());
    mouth.isMute = true;
    await clock.advance(400);
    expect(lidar.health()).toMatchObject({
      state: "down",
      reason: expect.stringContaining("nothing that makes sense") as string,
    });
    mouth.isMute = false;
    await clock.advance(10_000);
    expect(lidar.health()).toMatchObject({ state: "ok", counters: { reconnections: expect.any(Number) as number } });
    const before = lidar.latest()!.atMs;
    await clock.advance(500);
    expect(lidar.latest()!.atMs).toBeGreaterThan(before);
  });

  it("refuses to open a device that says nothing", async () => {
    mouth.isMute = true;
    await expect(after(6000, lidar.open())).rejects.toMatchObject({ code: "driver.timeout" });
    expect(lidar.health().state).toBe("down");
  });

  it("comes back after it was plugged in again, ever more patient while it is away", async () => {
    await after(500, lidar.open());
    bench.unplug();
    expect(lidar.health()).toMatchObject({ state: "down", reason: "ld19: it was unplugged" });
    await clock.advance(60_000);
    // Two attempts a second would be 120.
    expect(bench.attempts()).toBeGreaterThan(10);
    expect(bench.attempts()).toBeLessThan(60);
    bench.plug();
    await clock.advance(6000);
    expect(lidar.health().state).toBe("ok");
  });

  it("leaves a device alone for a minute that was lost five times in one", async () => {
    await after(500, lidar.open());
    for (let loss = 0; loss < 5; loss++) {
      bench.unplug();
      bench.plug();
      await clock.advance(loss < 4 ? 2000 : 0);
    }
    expect(lidar.health().reason).toContain("left alone for 60 s");
    const attempts = bench.attempts();
    await clock.advance(59_000);
    expect(bench.attempts()).toBe(attempts);
    await clock.advance(2000);
    expect(lidar.health().state).toBe("ok");
  });

  it("is degraded while much of what comes makes no sense", async () => {
    await after(500, lidar.open());
    mouth.noise = new Uint8Array(60).fill(0x54);
    await clock.advance(1000);
    expect(lidar.health()).toMatchObject({
      state: "degraded",
      reason: expect.stringMatching(/\d\d % of what comes/) as string,
    });
    mouth.noise = new Uint8Array();
    await clock.advance(1000);
    expect(lidar.health().state).toBe("ok");
  });

  it("tries no more once it is disposed", async () => {
    await after(500, lidar.open());
    bench.unplug();
    await lidar[Symbol.asyncDispose]();
    const attempts = bench.attempts();
    await clock.advance(60_000);
    expect(bench.attempts()).toBe(attempts);
  });
});

describe("a supervised base", () => {
  let roomba: ReturnType<typeof emulatedRoomba>;
  let base: BaseDriver;
  const speeds = (): number[] =>
    roomba.sent.flatMap((command) => (command.type === "drive-direct" ? [command.left] : []));
  beforeEach(async () => {
    roomba = emulatedRoomba(clock);
    bench = createMemoryLines(roomba);
    base = createRoomba(RoombaOptions.parse({ driver: "roomba", path }), {
      clock,
      rng: createRng(1),
      lines: bench.lines,
    });
    await after(500, base.open());
  });

  it("is told no speed by opening, and no mode in which it would obey one", () => {
    expect(roomba.sent.map(({ type }) => type)).toEqual(["start", "stream"]);
  });

  it("never hears again what it was told before its line was lost", async () => {
    await base.enable();
    base.drive({ linear: 0.3, angular: 0 }, 60_000);
    await clock.advance(500);
    expect(speeds()).toContain(300);
    bench.unplug();
    const told = roomba.sent.length;
    bench.plug();
    await clock.advance(10_000);
    expect(base.health().state).toBe("ok");
    const since = roomba.sent.slice(told);
    expect(since.map(({ type }) => type)).toContain("safe");
    expect(since.filter((command) => command.type === "drive-direct" && command.left !== 0)).toEqual([]);
    base.drive({ linear: 0.2, angular: 0 }, 200);
    expect(speeds().at(-1)).toBe(200);
  });

  it("is down while a wheel hangs, and obeys again when it stands", async () => {
    await base.enable();
    await clock.advance(500);
    roomba.lift(true);
    await clock.advance(500);
    expect(base.health()).toMatchObject({ state: "down", reason: "roomba: a wheel has dropped" });
    roomba.lift(false);
    await clock.advance(500);
    expect(base.health().state).toBe("ok");
  });

  it("slows both wheels alike when one would be too fast", async () => {
    await base.enable();
    base.drive({ linear: 0.6, angular: 0 }, 100);
    base.drive({ linear: 0.4, angular: 2 }, 100);
    const [straight, curve] = roomba.sent
      .flatMap((command) => (command.type === "drive-direct" ? [command] : []))
      .slice(-2);
    expect(straight).toMatchObject({ left: 500, right: 500 });
    expect(curve!.right).toBe(500);
    expect(curve!.left / curve!.right).toBeCloseTo((0.4 - 0.235) / (0.4 + 0.235), 2);
  });
});
