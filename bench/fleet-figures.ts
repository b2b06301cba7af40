import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { DeviceProfile } from "#agent/profile";
import type { Occupancy } from "#contract/spatial";
import { loadYaml } from "#lib/node/yaml-file";
import { coarsen } from "#sim/coarse-motion";
import { driveContract } from "#sim/drive-contract";
import { createPlaces } from "#sim/places";
import { Scenario } from "#sim/scenario";
import type { LoadedScenario } from "#sim/scenario-file";
import { simulate } from "#sim/simulate";
import type { Figure } from "./figure.ts";
import type { Chapter } from "./measurements-page.ts";

type Motion = Scenario["motion"];

const PROFILE = fileURLToPath(new URL("../config/devices/amr-sim.yaml", import.meta.url));
const FLEETS = [1, 10, 50] as const;
const RUNS = 3;
/** Metres. */
const HALL = { length: 40, lane: 2.5, drive: 34, resolution: 0.1 };
/** One robot driving, in times real time. */
const GOALS: Readonly<Record<Motion, number>> = { full: 30, coarse: 150 };

/** How fast the whole system is simulated that drives one robot, ten, or fifty, each with an agent of its own. */
export async function measureFleet(): Promise<Chapter> {
  const figures: Figure[] = [];
  for (const motion of ["full", "coarse"] as const) {
    for (const count of FLEETS) figures.push(await measure(motion, count));
  }
  return {
    title: "Whole agents on one core",
    figures,
    remarks: ["Cloud, network, world and an agent for each robot in one process; every robot drives all the time."],
  };
}

async function measure(motion: Motion, count: number): Promise<Figure> {
  const loaded = hallOf(motion, count);
  const places = createPlaces();
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { result } = await simulate(loaded, { seed: run + 1, places, realMs: () => performance.now() });
    samples.push(result.realTimeFactor);
  }
  return {
    what: `${count} ${count === 1 ? "robot" : "robots"}, ${motion} motion`,
    unit: "× real time",
    better: "higher",
    samples,
    how: `a drive of ${HALL.drive} m in lanes of a hall, ${RUNS} runs in one process`,
    ...(count === 1 ? { goal: { of: "median", limit: GOALS[motion] } as const } : {}),
  };
}

/** A hall with a lane for each robot. */
function hallOf(motion: Motion, count: number): LoadedScenario {
  const map = emptyHall(count * HALL.lane + 1);
  const shipped = loadYaml(PROFILE, DeviceProfile);
  const profile = motion === "coarse" ? coarsen(shipped) : shipped;
  const robots = Array.from({ length: count }, (_, lane) => {
    const y = (lane + 0.5) * HALL.lane + 0.5;
    return { id: `amr-${lane + 1}`, y };
  });
  const scenario = Scenario.parse({
    name: `hall-${count}`,
    map: "hall",
    motion,
    robots: robots.map(({ id, y }) => ({ id, profile: "amr-sim", pose: [2, y, 0] })),
    until: "120s",
  });
  const contracts = robots.map(({ id, y }) => ({
    atMs: 0,
    draft: driveContract({ id, knowsMap: true, navigate: { to: [2 + HALL.drive, y, 0] } }, map, []),
  }));
  return { scenario, map, zones: [], profiles: new Map(robots.map(({ id }) => [id, profile])), contracts, tasks: [] };
}

function emptyHall(width: number): Occupancy {
  const [columns, rows] = [HALL.length, width].map((metres) => Math.round(metres / HALL.resolution)) as [
    number,
    number,
  ];
  const data = new Uint8Array(columns * rows).fill(254);
  const png = encode({ width: columns, height: rows, data, channels: 1, depth: 8 });
  return {
    resolution: HALL.resolution,
    origin: [0, 0, 0],
    negate: 0,
    occupied_thresh: 0.65,
    free_thresh: 0.1,
    png: Buffer.from(png).toString("base64"),
  };
}
