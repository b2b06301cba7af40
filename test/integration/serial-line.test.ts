import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { emulatedLd19 } from "#drivers/bench/emulated-devices";
import { createLd19, Ld19Options } from "#drivers/ld19/driver";
import { nodeLines } from "#drivers/serial/node-lines";
import { dialSerial } from "#drivers/serial/serial-line";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { canOpenPtys, openPty, type Pty } from "./pty.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Connects and tells how the line ended. */
async function connect(
  pty: Pty,
): Promise<{ line: Awaited<ReturnType<ReturnType<typeof dialSerial>>>; ended: Promise<string> }> {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const line = await dialSerial({ path: pty.path, baudRate: 115_200 })({ onBytes: () => undefined, onEnd: resolve });
  return { line, ended };
}

describe.skipIf(!canOpenPtys)("a serial line", () => {
  it("passes all bytes in both directions", async () => {
    await using pty = await openPty();
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    const got: number[] = [];
    const line = await dialSerial({ path: pty.path, baudRate: 230_400 })({
      onBytes: (chunk) => got.push(...chunk),
      onEnd: () => undefined,
    });
    pty.send(all);
    line.write(all);
    await expect.poll(() => got.length).toBe(256);
    await expect.poll(() => pty.received.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(256);
    expect(got).toEqual([...all]);
    await line.close();
  });

  it("says that it was unplugged", async () => {
    await using pty = await openPty();
    const { ended } = await connect(pty);
    await pty.hangUp();
    expect(await ended).toContain(pty.path);
  });

  it("ends without burning a core when it is hung up as soon as it is open", async () => {
    await using pty = await openPty();
    const { ended } = await connect(pty);
    await pty.hangUp();
    const before = process.cpuUsage();
    expect(await ended).toContain("unplugged");
    await sleep(1000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(500);
  });

  it("is read in a thread of its own", async () => {
    await using pty = await openPty();
    const worker = new Worker(new URL("./line-reader.worker.ts", import.meta.url), { workerData: pty.path });
    const heard: (Uint8Array | string)[] = [];
    worker.on("message", (message: Uint8Array | string) => heard.push(message));
    const sending = setInterval(() => pty.send(Uint8Array.of(0x54)), 20);
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(5);
    clearInterval(sending);
    await pty.hangUp();
    await expect.poll(() => heard.at(-1), { timeout: 5000 }).toContain("unplugged");
    await worker.terminate();
  });

  it("can't be opened where there is nothing", async () => {
    const dialling = dialSerial({ path: "/dev/holdfast-nothing", baudRate: 9600 })({
      onBytes: () => undefined,
      onEnd: () => undefined,
    });
    await expect(dialling).rejects.toMatchObject({
      code: "driver.down",
      message: expect.stringContaining("/dev/holdfast-nothing") as string,
    });
  });
});

describe.skipIf(!canOpenPtys)("a lidar on a terminal", () => {
  it("comes back under its stable name when it is plugged in again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-pty-"));
    const path = join(folder, "usb-lidar");
    const clock = createSystemClock();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const plugIn = async (): Promise<Pty> => {
      const pty = stack.use(await openPty(path));
      const stop = emulatedLd19(clock).connect((bytes) => pty.send(bytes));
      stack.defer(stop);
      return pty;
    };
    const first = await plugIn();
    const lidar = stack.use(
      createLd19(Ld19Options.parse({ driver: "ld19", path }), { clock, rng: createRng(1), lines: nodeLines }),
    );
    await lidar.open();
    await expect.poll(() => lidar.latest(), { timeout: 5000 }).toBeDefined();
    await first.hangUp();
    await expect.poll(() => lidar.health().state, { timeout: 5000 }).toBe("down");
    const lostMs = clock.nowMs();
    await plugIn();
    await expect.poll(() => lidar.latest()!.atMs, { timeout: 20_000 }).toBeGreaterThan(lostMs);
    expect(lidar.health().state).toBe("ok");
  });
});
