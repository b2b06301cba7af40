import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createControlState, stepControl, takeWorld } from "#agent/control/step-control";
import type { ControlWorld } from "#agent/control/control";
import { startWorkerStore } from "#agent/io/worker-store";
import { motionProfileOf } from "#agent/profile";
import type { Event } from "#contract/event";
import { emptyDevice, foldEvents } from "#contract/reducer";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { makeFootprint } from "#edge-planner/footprint";
import { createCostedGround } from "#edge-planner/global/costed-ground";
import { planOver } from "#edge-planner/global/global-path";
import { createMapSource } from "#edge-planner/map-cache";
import { mapFromOccupancy } from "#edge-planner/planning-map";
import { poseFrom } from "#lib/geometry";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { loadScenario, type LoadedScenario } from "#sim/scenario-file";
import { worldSpecOf } from "#sim/scenario-world";
import { settle, simulate } from "#sim/simulate";
import { createWorld, type World } from "#sim/world/world";
import { startCommitting } from "./commits.ts";
import type { Figure } from "./figure.ts";
import type { Chapter } from "./measurements-page.ts";

const SCENARIO = fileURLToPath(new URL("../config/scenarios/warehouse-pick.yaml", import.meta.url));
const RUNS = 4;
const PLANS = 20;
const FOLDS = 200;
const TICK_SECONDS = 20;
const COMMIT_SECONDS = 3;
const DEVICE = "amr-07";
const RACK = poseFrom([-0.25, -10, Math.PI]);
const PACKING = poseFrom([10.5, -14.9, 0]);

/** Everything that is one thread's work: simulation, planning, control, folding, committing. */
export async function measureComputing(): Promise<Chapter[]> {
  const loaded = loadScenario(SCENARIO);
  const { figure: virtual, journal } = await measureSimulation(loaded);
  return [
    { title: "Virtual time", figures: [virtual] },
    {
      title: "Planning, control and the journal",
      figures: [
        ...measurePlan(loaded),
        await measureTick(loaded),
        measureFold(journal),
        await measureCommits(1),
        await measureCommits(32),
      ],
    },
  ];
}

async function measureSimulation(loaded: LoadedScenario): Promise<{ figure: Figure; journal: readonly Event[] }> {
  const samples: number[] = [];
  let journal: readonly Event[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { result, journals } = await simulate(loaded, { seed: 1, realMs: () => performance.now() });
    samples.push(result.realTimeFactor);
    journal = journals.get(DEVICE) ?? [];
  }
  return {
    journal,
    figure: {
      what: "whole system: cloud, agent, network and world (`demo --fast`)",
      unit: "× real time",
      better: "higher",
      goal: { of: "median", limit: 20 },
      samples,
      how: `scenario warehouse-pick, seed 1, ${RUNS} runs in one process`,
    },
  };
}

async function openDrivers(world: World, clock: VirtualClock): Promise<ReturnType<typeof simulatedMotionDrivers>> {
  const drivers = simulatedMotionDrivers(world.connect(DEVICE), clock);
  for (const driver of [drivers.base, drivers.lidar, drivers.position]) {
    const ready = driver.open().then(() => driver.enable());
    await clock.advance(500, settle);
    await ready;
  }
  return drivers;
}

function measurePlan(loaded: LoadedScenario): Figure[] {
  const { place, profile } = groundOf(loaded);
  const map = mapFromOccupancy(place, place.occupancy!);
  const terrain = { map, clearance: map.clearance, footprint: makeFootprint(profile.footprint) };
  const cells = `warehouse map, ${map.width} × ${map.height} planning cells`;
  const ready = timed(PLANS, () => planOver(createCostedGround(terrain), RACK, RACK).ok);
  const ground = createCostedGround(terrain);
  const samples = timed(PLANS, () => planOver(ground, RACK, PACKING).ok);
  const how = `rack B-12 to packing station 2 on the ${cells}`;
  return [
    { what: "ground made ready for planning, once a map", unit: "ms", better: "lower", samples: ready, how: cells },
    { what: "one global plan", unit: "ms", better: "lower", samples, how },
  ];
}

/** Ticks of a drive in the world, each timed by itself; the world's own work is not. */
async function measureTick(loaded: LoadedScenario): Promise<Figure> {
  const { place, profile } = groundOf(loaded);
  const clock = new VirtualClock();
  using world = createWorld(worldSpecOf(loaded), { clock, rng: createRng(1) });
  const { base, lidar, position } = await openDrivers(world, clock);
  const state = createControlState(profile);
  takeWorld(state, place, createMapSource());
  const samples: number[] = [];
  const periodMs = 1000 / profile.controlHz;
  for (let ms = 0; ms < TICK_SECONDS * 1000; ms += periodMs) {
    await clock.advance(periodMs, settle);
    const nowMs = clock.nowMs();
    const goal = { goalId: "there", pose: RACK, tolerance: 0.15, maxSpeed: 1.4, validUntilMs: nowMs + 1000 };
    const sensed = { odometry: base.latest(), scan: lidar.latest(), fix: position.latest(), mount: lidar.mount };
    const startedMs = performance.now();
    const { command } = stepControl(state, { ...sensed, goal, power: "enabled", latenessMs: 0 }, nowMs);
    samples.push(performance.now() - startedMs);
    base.drive(command, 4 * periodMs);
  }
  const how = `perception, local control and safety gate while driving to the rack, ${profile.controlHz} Hz`;
  return { what: "one control tick", unit: "ms", better: "lower", samples, how };
}

function measureFold(journal: readonly Event[]): Figure {
  const durations = timed(FOLDS, () => foldEvents(emptyDevice("bench"), journal).seq === journal.length);
  return {
    what: "folding events into state",
    unit: "events/s",
    better: "higher",
    samples: durations.map((ms) => journal.length / (ms / 1000)),
    how: `the ${journal.length} events of the warehouse run, from nothing, ${FOLDS} times`,
  };
}

async function measureCommits(writers: number): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const onFatal = (error: Error): never => {
    throw error;
  };
  const store = stack.use(await startWorkerStore({ path: join(folder, "core.db"), log: silentLog, onFatal }));
  const startedMs = performance.now();
  const committing = startCommitting(store, writers);
  await wait(COMMIT_SECONDS * 1000);
  const commits = await committing.end();
  const rate = commits / ((performance.now() - startedMs) / 1000);
  const who = writers === 1 ? "one writer" : `${writers} writers that share fsyncs`;
  const how = `storage worker, WAL, \`synchronous=FULL\`, ${COMMIT_SECONDS} s, in ${tmpdir()}`;
  return { what: `durable commits, ${who}`, unit: "commits/s", better: "higher", samples: [rate], how };
}

function groundOf({ contracts, profiles }: LoadedScenario): {
  place: ControlWorld;
  profile: ReturnType<typeof motionProfileOf>;
} {
  const { mapId, occupancy, zones } = contracts[0]!.draft.spatial;
  const forbiddenZones = contracts[0]!.draft.constraints.zones.forbidden ?? [];
  const place = { mapId, ...(occupancy && { occupancy }), zones, forbiddenZones };
  return { place, profile: motionProfileOf(profiles.get(DEVICE)!) };
}

/** Milliseconds that each of so many calls took; what is called answers whether it worked. */
function timed(count: number, run: () => boolean): number[] {
  return Array.from({ length: count }, () => {
    const startedMs = performance.now();
    const isGood = run();
    const ms = performance.now() - startedMs;
    return isGood ? ms : Number.NaN;
  });
}
