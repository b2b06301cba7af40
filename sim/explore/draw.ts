import { fileURLToPath } from "node:url";
import { DeviceProfile } from "#agent/profile";
import { loadYaml } from "#lib/node/yaml-file";
import { createRng, type Rng } from "#lib/rng";
import { coarsen } from "../coarse-motion.ts";
import { Scenario } from "../scenario.ts";
import type { LoadedScenario } from "../scenario-file.ts";
import { drawContracts } from "./drawn-contracts.ts";
import { drawTroubles, type Trouble } from "./drawn-faults.ts";
import { drawPlace, type ExploredPlace, siteAt } from "./place.ts";

export type Motion = Scenario["motion"];

/** What a seed stands for: a site with its robots, the work that it is given, and all that goes wrong. */
export interface Drawn {
  readonly seed: number;
  readonly motion: Motion;
  /** Without its troubles. */
  readonly loaded: LoadedScenario;
  readonly troubles: readonly Trouble[];
}

/** The phases of a run, in milliseconds. */
export interface Phases {
  /** Nothing goes wrong from here on. */
  readonly calmAtMs: number;
  /** An operator lets go of what is held, then calls off what is left. */
  readonly resumeAtMs: number;
  readonly cancelAtMs: number;
  /** And takes tasks from devices whose disk was damaged: they may have forgotten them. */
  readonly releaseAtMs: number;
  readonly endMs: number;
}

export const PHASES: Phases = {
  calmAtMs: 26_000,
  resumeAtMs: 32_000,
  cancelAtMs: 44_000,
  releaseAtMs: 50_000,
  endMs: 60_000,
};

/** No contract is pushed later, unless its device is not free. */
const LAST_PUSH_MS = 15_000;
const PROFILE = fileURLToPath(new URL("../../config/devices/amr-sim.yaml", import.meta.url));
const ROBOTS_MAX = { coarse: 3, full: 2 } as const;
/** The wall clock of a simulation at its start, as `VirtualClock` has it. */
const WALL_AT_START_MS = Date.UTC(2026, 0, 5, 8);

/** The same for the same seed and motion. */
export function draw(seed: number, motion: Motion): Drawn {
  const rng = createRng(seed).fork("explored");
  const place = drawPlace(rng.fork("place"));
  const spots = rng.fork("spots");
  const robots = Array.from({ length: rng.integer(1, ROBOTS_MAX[motion]) }, (_, at) => `amr-${at + 1}`);
  const orders = { place, robots, lastPushMs: LAST_PUSH_MS, wallAtStartMs: WALL_AT_START_MS };
  const contracts = drawContracts(rng.fork("contracts"), orders);
  const free = shuffled(spots, place.spots);
  const scenario = Scenario.parse({
    name: `seed-${seed}`,
    map: "explored",
    motion,
    robots: robots.map((id, at) => ({ id, profile: "amr-sim", pose: free[at]! })),
    obstacles: drawObstacles(rng.fork("obstacles"), free.slice(robots.length)),
    people: drawPeople(rng.fork("people"), place),
    sites: place.sites,
    until: `${PHASES.endMs}ms`,
  });
  const names = contracts.flatMap(({ draft }) => draft.name ?? []);
  const conveyors = place.conveyors.map(siteAt);
  const stage = {
    robots,
    conveyors,
    contracts: names,
    spots: free.slice(robots.length + 2),
    calmAtMs: PHASES.calmAtMs,
  };
  const profile = profileOf(motion);
  return {
    seed,
    motion,
    loaded: {
      scenario,
      map: place.occupancy,
      zones: [],
      profiles: new Map(robots.map((id) => [id, profile])),
      contracts,
      tasks: [],
    },
    troubles: believable(drawTroubles(rng.fork("troubles"), stage)),
  };
}

/** What is assumed of a wall clock that says it is synced (`docs/no-double-assignment.md`); it counts after a reboot only. */
const WALL_ERROR_SECONDS = 5;

/** Without steps of the wall clock that break this assumption. */
function believable(troubles: readonly Trouble[]): Trouble[] {
  const rebooted = troubles.flatMap(({ fault }) => ("do" in fault && fault.do === "power-cut" ? [fault.device] : []));
  return troubles.filter(({ fault }) => {
    if (!("do" in fault) || fault.do !== "clock-step" || Math.abs(fault.by) <= WALL_ERROR_SECONDS) return true;
    return fault.device === undefined ? rebooted.length === 0 : !rebooted.includes(fault.device);
  });
}

/** The scenario with these of its troubles only. */
export function withTroubles({ loaded }: Drawn, troubles: readonly Trouble[]): LoadedScenario {
  const network = troubles.flatMap((trouble) => (trouble.part === "network" ? [trouble.fault] : []));
  const faults = troubles.flatMap((trouble) => (trouble.part === "fault" ? [trouble.fault] : []));
  return { ...loaded, scenario: { ...loaded.scenario, network, faults } };
}

const profiles = new Map<Motion, DeviceProfile>();

function profileOf(motion: Motion): DeviceProfile {
  const shipped = loadYaml(PROFILE, DeviceProfile);
  const profile = profiles.get(motion) ?? (motion === "coarse" ? coarsen(shipped) : shipped);
  profiles.set(motion, profile);
  return profile;
}

/** Things that no map shows, on the first two free places. */
function drawObstacles(rng: Rng, free: ExploredPlace["spots"]): Scenario["obstacles"] {
  return free.slice(0, rng.integer(0, 2)).map(([x, y]) => ({ circle: [x, y, 0.1 + rng.float() * 0.15] }));
}

/** People who walk from place to place and yield to nobody. */
function drawPeople(rng: Rng, { spots }: ExploredPlace): Scenario["people"] {
  return Array.from({ length: rng.chance(1, 3) ? rng.integer(1, 2) : 0 }, () => ({
    path: shuffled(rng, spots)
      .slice(0, 3)
      .map(([x, y]): [number, number] => [x, y]),
    speed: 0.3 + rng.float() * 0.7,
    radius: 0.25,
  }));
}

function shuffled<Item>(rng: Rng, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: rng.uint32() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
