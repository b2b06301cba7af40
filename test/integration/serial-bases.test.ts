import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFrameDecoder } from "#drivers/framing/frame-decoder";
import { OI_COMMAND_FORMAT } from "#drivers/roomba/codec";
import { readInt32, VESC_COMMAND, VESC_FORMAT } from "#drivers/vesc/codec";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { loadScenario } from "#sim/scenario-file";
import { serveScenario, type ServedWorld } from "#sim/hardware/serve";
import { canOpenPtys } from "./pty.ts";

const HOST = fileURLToPath(new URL("./motion-host.main.ts", import.meta.url));
/** The bound of the safety stop, from the kill to the bytes on the wire. */
const STOP_WITHIN_MS = 300;
/** A busy machine starts three processes. */
const PATIENCE = { timeout: 60_000, interval: 5 };

/** What a base was told on its wire: whether any wheel is to turn, and when the last byte of it was there. */
interface Told {
  readonly atMs: number;
  readonly isDriving: boolean;
}

let folder: string;
let served: ServedWorld;
let host: ChildProcess | undefined;
let told: Told[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-bases-"));
  told = [];
});
afterEach(async () => {
  host?.kill("SIGKILL");
  await served[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const READERS = {
  "serial-roomba": () => {
    const decoder = createFrameDecoder(OI_COMMAND_FORMAT);
    return (bytes: Uint8Array) =>
      decoder.push(bytes, (command) => {
        if (command.type === "drive-direct") hear(command.left !== 0 || command.right !== 0);
      });
  },
  "serial-fetch": () => {
    const decoder = createFrameDecoder(VESC_FORMAT);
    const rpm = [0, 0];
    return (bytes: Uint8Array) =>
      decoder.push(bytes, ({ command, data }) => {
        const isRemote = command === VESC_COMMAND.forwardCan;
        const packet = isRemote ? { command: data[1]!, data: data.subarray(2) } : { command, data };
        if (packet.command !== VESC_COMMAND.setRpm) return;
        rpm[Number(isRemote)] = readInt32(packet)!;
        hear(rpm.some((wheel) => wheel !== 0));
      });
  },
};

function hear(isDriving: boolean): void {
  told.push({ atMs: performance.now(), isDriving });
}

async function startDriving(scenario: keyof typeof READERS): Promise<void> {
  const loaded = loadScenario(join(import.meta.dirname, "scenarios", `${scenario}.yaml`));
  const clock = createSystemClock();
  const read = READERS[scenario]();
  served = await serveScenario(loaded, {
    clock,
    rng: createRng(1),
    address: "127.0.0.1:0",
    folder,
    overhear: (part, direction, bytes) => part === "base" && direction === "received" && read(bytes),
  });
  host = spawn(process.execPath, [HOST, served.profiles.get("amr-07")!], { stdio: ["ignore", "ignore", "inherit"] });
  await expect.poll(() => served.world.truth("amr-07").velocity.linear, PATIENCE).toBeGreaterThan(0.2);
  expect(told.at(-1)!.isDriving).toBe(true);
}

describe.skipIf(!canOpenPtys).each(["serial-fetch", "serial-roomba"] as const)("the base of %s", (scenario) => {
  it.each([
    { who: "the agent", signal: "SIGKILL" },
    { who: "the motion worker", signal: "SIGUSR2" },
  ] as const)("is told to stand within 300 ms when $who is killed while it drives", async ({ signal }) => {
    await startDriving(scenario);
    const killedMs = performance.now();
    host!.kill(signal);
    await expect.poll(() => told.at(-1)!.isDriving, PATIENCE).toBe(false);
    const lastDriving = told.findLastIndex(({ isDriving }) => isDriving);
    expect(told[lastDriving + 1]!.atMs - killedMs).toBeLessThan(STOP_WITHIN_MS);
    await expect.poll(() => served.world.truth("amr-07").velocity.linear, PATIENCE).toBe(0);
  });
});
