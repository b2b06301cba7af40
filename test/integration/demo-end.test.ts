import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sleep } from "#lib/clock";
import { createSystemClock } from "#lib/node/system-clock";
import { PROGRAM } from "./command-run.ts";

const POLL_MS = 50;
const clock = createSystemClock();

let folder: string;
let demo: ChildProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-demo-end-"));
  // Keys, configurations and databases of the demo go where we can see whether they stay.
  const env = { ...process.env, TMPDIR: folder };
  demo = spawn(process.execPath, [PROGRAM, "demo", "--speed", "6", "--report", join(folder, "report")], { env });
});
afterEach(() => {
  demo.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** The demo's processes, once its story has begun. */
async function processesOfDemo(): Promise<readonly number[]> {
  for await (const line of createInterface({ input: demo.stdout! })) {
    if (line.includes("sees amr-07 live")) break;
  }
  const children = readFileSync(`/proc/${demo.pid}/task/${demo.pid}/children`, "utf8");
  return children.trim().split(" ").map(Number);
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
};

describe.skipIf(process.platform !== "linux")("a demo that is ended early", () => {
  it("by SIGTERM says so, exits with 1, and leaves neither processes nor files behind", async () => {
    const pids = await processesOfDemo();
    expect(pids).toHaveLength(3);
    const [complaint] = [text(demo.stderr!), demo.kill("SIGTERM")];
    const [code] = (await once(demo, "exit")) as [number | null];
    expect(await complaint).toBe("holdfast: stopped by SIGTERM\n");
    expect(code).toBe(1);
    expect(pids.filter(isThere)).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith("holdfast-demo-"))).toEqual([]);
  });

  it("by SIGKILL takes its processes with it", async () => {
    const pids = await processesOfDemo();
    demo.kill("SIGKILL");
    while (pids.some(isThere)) await sleep(clock, POLL_MS);
    expect(pids).toHaveLength(3);
  });
});
