import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emulatedRoomba } from "#drivers/bench/emulated-devices";
import { createFrameDecoder } from "#drivers/framing/frame-decoder";
import { OI_COMMAND_FORMAT, type OiCommand } from "#drivers/roomba/codec";
import { createSystemClock } from "#lib/node/system-clock";
import { canOpenPtys, openPty, type Pty } from "./pty.ts";

const AGENT = fileURLToPath(new URL("./roomba-driver.main.ts", import.meta.url));
/** The bound of the safety stop, from the last word of the agent to the bytes on the wire. */
const STOP_WITHIN_MS = 300;
/** A busy machine starts two processes. */
const PATIENCE = { timeout: 20_000, interval: 5 };

let pty: Pty;
let agent: ChildProcess;
let commands: { readonly atMs: number; readonly command: OiCommand }[];

beforeEach(async () => {
  pty = await openPty();
  const roomba = emulatedRoomba(createSystemClock());
  roomba.connect((bytes) => pty.send(bytes));
  commands = [];
  const decoder = createFrameDecoder(OI_COMMAND_FORMAT);
  pty.onBytes((bytes) => {
    roomba.receive(bytes);
    decoder.push(bytes, (command) => commands.push({ atMs: performance.now(), command }));
  });
});

afterEach(async () => {
  if (agent.exitCode === null && agent.signalCode === null) agent.kill("SIGKILL");
  await pty[Symbol.asyncDispose]();
});

async function startDriving(mode?: "hang"): Promise<void> {
  agent = spawn(process.execPath, [AGENT, pty.path, ...(mode ? [mode] : [])], { stdio: ["ignore", "pipe", "inherit"] });
  await once(agent.stdout!, "data");
  await expect.poll(() => isDriving(commands.at(-1)?.command), PATIENCE).toBe(true);
}

function isDriving(command: OiCommand | undefined): boolean {
  return command?.type === "drive-direct" && command.left > 0;
}

/** Commands that stop the base, at and after the time. */
const stops = (fromMs: number): number[] =>
  commands.flatMap(({ atMs, command }) =>
    atMs >= fromMs && command.type === "drive-direct" && command.left === 0 ? [atMs] : [],
  );

describe.skipIf(!canOpenPtys)("a guarded base", () => {
  it("is stopped within 300 ms when its agent is killed", async () => {
    await startDriving();
    const killedMs = performance.now();
    agent.kill("SIGKILL");
    await expect.poll(() => stops(killedMs).length > 0, PATIENCE).toBe(true);
    expect(stops(killedMs)[0]! - killedMs).toBeLessThan(STOP_WITHIN_MS);
    expect(isDriving(commands.at(-1)!.command)).toBe(false);
  });

  it("is stopped within 300 ms of the last command when its agent hangs", async () => {
    await startDriving("hang");
    await expect
      .poll(
        () => commands.some(({ command }) => command.type === "drive-direct" && command.left === 0 && isHanging()),
        PATIENCE,
      )
      .toBe(true);
    const last = commands.findLast(({ command }) => isDriving(command))!;
    const [first] = stops(last.atMs);
    expect(first! - last.atMs).toBeLessThan(STOP_WITHIN_MS);
  });

  it("is not stopped while it is told to drive", async () => {
    await startDriving();
    const fromMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(stops(fromMs)).toEqual([]);
  });
});

/** Whether no command to drive has come for a while. */
function isHanging(): boolean {
  const last = commands.findLast(({ command }) => isDriving(command));
  return last !== undefined && stops(last.atMs).length > 0;
}
