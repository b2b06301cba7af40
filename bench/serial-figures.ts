import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createMapSource } from "#edge-planner/map-cache";
import { startMotionLoop } from "#agent/control/motion-loop";
import { loadProfile } from "#agent/io/profile-file";
import { motionProfileOf } from "#agent/profile";
import { createMotionDevices } from "#drivers/create-devices";
import { createFrameDecoder } from "#drivers/framing/frame-decoder";
import { LD19_FORMAT } from "#drivers/ld19/codec";
import { nodeLines } from "#drivers/serial/node-lines";
import { VESC_COMMAND, VESC_FORMAT } from "#drivers/vesc/codec";
import { repeat } from "#lib/clock";
import { assert } from "#lib/errors";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { type ServeOptions, serveScenario } from "#sim/hardware/serve";
import { loadScenario } from "#sim/scenario-file";
import { agentPid } from "./agent-process.ts";
import type { Figure } from "./figure.ts";
import type { Chapter } from "./measurements-page.ts";
import { startRealSite } from "./real-site.ts";

const SCENARIO = fileURLToPath(new URL("../config/scenarios/warehouse-serial.yaml", import.meta.url));
const DEVICE = "amr-07";
const LATENCY_SECONDS = 30;
const CPU_SECONDS = 20;
const CPU_WARM_MS = 5000;
/** Of /proc/pid/stat: clock ticks a second, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What a robot of serial parts costs, and how soon what its lidar sees becomes what its wheels are told. */
export async function measureSerial(): Promise<Chapter> {
  return {
    title: "A robot of serial parts",
    figures: [await latency(), ...(await cpu())],
    remarks: [
      "The devices are emulated at their line rates on pseudo-terminals, LD19 at 230,400 Bd and VESC at 115,200 Bd. Latency counts from the last byte of a turn of the lidar to the last byte of the velocity that was decided from it; waiting for the next tick of the loop, 20 a second, is most of it. The emulation shares the machine with what is measured, for latency its thread too.",
    ],
  };
}

async function latency(): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const clock = createSystemClock();
  const wire = watchWires();
  const { overhear } = wire;
  const place = { address: "127.0.0.1:0", folder };
  const served = stack.use(
    await serveScenario(loadScenario(SCENARIO), { clock, rng: createRng(1), ...place, overhear }),
  );
  const profile = loadProfile(served.profiles.get(DEVICE)!);
  assert(profile.drivers.kind === "devices", "the profile names devices");
  const drivers = createMotionDevices(profile.drivers, { clock, rng: createRng(2), lines: nodeLines });
  for (const driver of [drivers.base, drivers.lidar, drivers.position]) stack.use(driver);
  let scanMs = 0;
  const loop = stack.use(
    await startMotionLoop({
      clock,
      profile: motionProfileOf(profile),
      drivers,
      maps: createMapSource(),
      onReport: () => undefined,
      // Called after the velocity of the tick was handed to the driver.
      onTick(_state, { scan }) {
        if (!scan || scan.atMs === scanMs) return;
        scanMs = scan.atMs;
        wire.decided();
      },
    }),
  );
  loop.setWorld({ mapId: "open", zones: [], forbiddenZones: [] });
  const goal = { goalId: "ahead", pose: { x: -0.25, y: -10, yaw: 0 }, tolerance: 0.2, maxSpeed: 1 };
  stack.defer(repeat(clock, 200, () => loop.setGoal({ ...goal, validUntilMs: clock.nowMs() + 1000 })));
  await wait(LATENCY_SECONDS * 1000);
  return {
    what: "last byte of a scan → velocity on the wire",
    unit: "ms",
    samples: wire.latenciesMs,
    better: "lower",
    how: `${LATENCY_SECONDS} s, LD19 and VESC on pseudo-terminals`,
  };
}

/** Listens at both wires: when a turn of the lidar was complete, and when the next velocity after a decision had come. */
function watchWires(): {
  readonly latenciesMs: readonly number[];
  readonly overhear: NonNullable<ServeOptions["overhear"]>;
  decided(): void;
} {
  const latenciesMs: number[] = [];
  let turnMs: number | undefined;
  let awaited: number | undefined;
  let lastDeg = 0;
  const lidar = createFrameDecoder(LD19_FORMAT);
  const base = createFrameDecoder(VESC_FORMAT);
  const hearLidar = (bytes: Uint8Array): void =>
    lidar.push(bytes, ({ points }) => {
      for (const { angleDeg } of points) {
        if (angleDeg < lastDeg - 180) turnMs = performance.now();
        lastDeg = angleDeg;
      }
    });
  const hearBase = (bytes: Uint8Array): void =>
    base.push(bytes, ({ command, data }) => {
      // The command for the second wheel is the last of a velocity.
      const isWhole = command === VESC_COMMAND.forwardCan && data[1] === VESC_COMMAND.setRpm;
      if (!isWhole || awaited === undefined) return;
      latenciesMs.push(performance.now() - awaited);
      awaited = undefined;
    });
  return {
    latenciesMs,
    overhear(part, direction, bytes) {
      if (part === "lidar" && direction === "sent") hearLidar(bytes);
      if (part === "base" && direction === "received") hearBase(bytes);
    },
    decided: () => {
      awaited = turnMs;
    },
  };
}

/** The share of a core that the agent takes while it drives, and its guard. */
async function cpu(): Promise<Figure[]> {
  await using site = await startRealSite(SCENARIO);
  await site.push();
  await site.firstMotion();
  await wait(CPU_WARM_MS);
  const agent = agentPid();
  const guards = childrenOf(agent);
  const [agentShares, guardShares]: [number[], number[]] = [[], []];
  for (let second = 0; second < CPU_SECONDS; second++) {
    const [agentBefore, guardBefore] = [cpuSeconds([agent]), cpuSeconds(guards)];
    const startMs = performance.now();
    await wait(1000);
    const seconds = (performance.now() - startMs) / 1000;
    agentShares.push((100 * (cpuSeconds([agent]) - agentBefore)) / seconds);
    guardShares.push((100 * (cpuSeconds(guards) - guardBefore)) / seconds);
  }
  const how = `${CPU_SECONDS} s of warehouse-serial while it drives, each second a sample`;
  return [
    { what: "CPU of the agent while driving", unit: "% of a core", samples: agentShares, better: "lower", how },
    { what: "CPU of the base's guard", unit: "% of a core", samples: guardShares, better: "lower", how },
  ];
}

/** User and system time of processes (proc(5)). */
function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, may hold spaces; utime and stime are 12th and 13th after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Children of all threads. */
function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}
