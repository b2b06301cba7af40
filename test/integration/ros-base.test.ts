import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { RosGraph } from "#sim/rosbridge/graph";
import { createTypeRegistry } from "#sim/rosbridge/message-types";
import { startRobotNodes } from "#sim/rosbridge/robot-nodes";
import { startRosapi } from "#sim/rosbridge/rosapi";
import { type RosbridgeServer, startRosbridgeServer } from "#sim/rosbridge/server";
import { benchSpec } from "#sim/world/bench";
import { createWorld, type World } from "#sim/world/world";

const AGENT = fileURLToPath(new URL("./ros-base.main.ts", import.meta.url));
/** The bound of the safety stop, from the last word of the agent to the zero at the base. */
const STOP_WITHIN_MS = 300;
/** A busy machine starts two processes. */
const PATIENCE = { timeout: 20_000, interval: 5 };

let world: World;
let server: RosbridgeServer;
let agent: ChildProcess;
let parts: AsyncDisposableStack;
let commands: { readonly atMs: number; readonly linear: number }[];

beforeEach(async () => {
  const clock = createSystemClock();
  parts = new AsyncDisposableStack();
  world = parts.use(createWorld(benchSpec(), { clock, rng: createRng(1) }));
  const graph = new RosGraph(createTypeRegistry(2));
  startRosapi(graph, clock);
  const position = { sigmaXy: 0.03, sigmaYaw: 0.01 };
  const channel = world.connect("bench");
  parts.use(await startRobotNodes({ clock, graph, channel, command: "twist", commandTimeoutMs: 5000, position }));
  server = parts.use(await startRosbridgeServer({ clock, graph, host: "127.0.0.1", port: 0, threads: "many" }));
  commands = [];
  graph.subscribe("/cmd_vel", undefined, "/test", (message) => {
    const { linear } = message as unknown as { linear: { x: number } };
    commands.push({ atMs: performance.now(), linear: linear.x });
  });
});

afterEach(async () => {
  if (agent.exitCode === null && agent.signalCode === null) agent.kill("SIGKILL");
  await parts.disposeAsync();
});

async function startDriving(...options: string[]): Promise<void> {
  agent = spawn(process.execPath, [AGENT, server.url, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  await once(agent.stdout!, "data");
  await expect.poll(() => isDriving(), PATIENCE).toBe(true);
}

const isDriving = (): boolean => (commands.at(-1)?.linear ?? 0) > 0;
const firstStop = (fromMs: number): number | undefined =>
  commands.find(({ atMs, linear }) => atMs >= fromMs && linear === 0)?.atMs;

describe("a guarded base behind a rosbridge", () => {
  it("is told zero within 300 ms when its agent is killed", async () => {
    await startDriving();
    const killedMs = performance.now();
    agent.kill("SIGKILL");
    await expect.poll(() => firstStop(killedMs), PATIENCE).toBeDefined();
    expect(firstStop(killedMs)! - killedMs).toBeLessThan(STOP_WITHIN_MS);
    expect(isDriving()).toBe(false);
  });

  it("is told zero within 300 ms of the last command when its agent hangs", async () => {
    await startDriving("guard", "hang");
    const hangs = (): boolean => !isDriving() && performance.now() - commands.at(-1)!.atMs > 500;
    await expect.poll(hangs, PATIENCE).toBe(true);
    const last = commands.findLast(({ linear }) => linear > 0)!;
    expect(firstStop(last.atMs)! - last.atMs).toBeLessThan(STOP_WITHIN_MS);
  });

  it("is left to its own time limit when the bridge dies, and never hears old speeds from a new one", async () => {
    await startDriving();
    server.unplug();
    const unpluggedMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(commands.filter(({ atMs }) => atMs > unpluggedMs + 50)).toEqual([]);
    server.plug();
    // The first thing that the base hears is a stop.
    await expect
      .poll(() => commands.find(({ atMs }) => atMs > unpluggedMs + 700), PATIENCE)
      .toMatchObject({ linear: 0 });
    await expect.poll(() => isDriving(), PATIENCE).toBe(true);
  });
});
