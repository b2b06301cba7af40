import { dirname, resolve } from "node:path";
import { checkContractDraft } from "#contract/check";
import type { ContractDraft } from "#contract/contract";
import { readContractFile } from "#contract/io/contract-file";
import { readMapFile } from "#contract/io/map-file";
import type { Occupancy, Zone } from "#contract/spatial";
import { DeviceProfile } from "#agent/profile";
import { AgentError } from "#lib/errors";
import { parseYaml, readYaml, type YamlDocument } from "#lib/node/yaml-file";
import { coarsen } from "./coarse-motion.ts";
import { checkExpectations } from "./expectations.ts";
import { keepoutZones, speedZones } from "./mask-zones.ts";
import { findUnknownNames } from "./scenario-names.ts";
import { Scenario } from "./scenario.ts";
import { findMisplaced } from "./world/placement.ts";

const SHIPPED_PROFILES = resolve(import.meta.dirname, "../config/devices");

/** A scenario with every file that it names read and checked. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly map: Occupancy | { readonly empty: [number, number, number, number] };
  /** Zones of the filter masks. */
  readonly zones: readonly Zone[];
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
  /** What is pushed, in the order of the file; `navigate` shorthands come first. */
  readonly contracts: readonly ScheduledContract[];
}

export interface ScheduledContract {
  readonly draft: ContractDraft;
  /** Earliest moment; it is pushed when the device is live. */
  readonly atMs: number;
}

/** Reads a scenario. Throws `config.invalid` that names file, line, path, value and expectation. */
export function loadScenario(path: string): LoadedScenario {
  const document = readYaml(path);
  const scenario = parseYaml(document, Scenario);
  const faulty = checkExpectations(scenario.expect).map(
    ({ index, message }) => `${path}:${document.lineOf(["expect", index, "that"])}: expect[${index}].that: ${message}`,
  );
  if (faulty.length > 0) throw new AgentError("config.invalid", faulty.join("\n"));
  const beside = (name: string): string => resolve(dirname(path), name);
  const map = typeof scenario.map === "string" ? readMapFile(beside(scenario.map)).occupancy : scenario.map;
  const profiles = new Map(
    scenario.robots.map((robot) => {
      const isShipped = !robot.profile.includes("/") && !robot.profile.endsWith(".yaml");
      const file = isShipped ? resolve(SHIPPED_PROFILES, `${robot.profile}.yaml`) : beside(robot.profile);
      const profile = readProfile(file, robot.set ?? {});
      return [robot.id, scenario.motion === "coarse" ? coarsen(profile) : profile] as const;
    }),
  );
  const zones: Zone[] = [];
  if ("png" in map) {
    if (scenario.maskKeepout) zones.push(...keepoutZones(readMapFile(beside(scenario.maskKeepout)).occupancy));
    const maxSpeed = Math.max(...[...profiles.values()].map((profile) => profile.limits.maxSpeed));
    if (scenario.maskSpeed) zones.push(...speedZones(readMapFile(beside(scenario.maskSpeed)).occupancy, maxSpeed));
  }
  const drives = scenario.robots.flatMap((robot) =>
    robot.navigate ? [{ draft: driveContract(robot.id, robot.navigate, robot.knowsMap, map, zones), atMs: 0 }] : [],
  );
  const contracts = scenario.contracts.map(({ file, at }) => ({ draft: readDraft(beside(file)), atMs: at }));
  const loaded = { scenario, map, zones, profiles, contracts: [...drives, ...contracts] };
  const unfit = [...unknownNames(loaded, document), ...misplacedRobots(loaded, document)];
  if (unfit.length > 0) throw new AgentError("config.invalid", unfit.join("\n"));
  return loaded;
}

function unknownNames({ scenario, contracts }: LoadedScenario, document: YamlDocument): string[] {
  const drafts = contracts.map(({ draft }) => draft);
  return findUnknownNames(scenario, drafts).map(
    ({ path, value, message }) =>
      `${document.file}:${document.lineOf(path)}: ${path.join(".")} is ${JSON.stringify(value)}: ${message}`,
  );
}

function misplacedRobots({ scenario, map, profiles }: LoadedScenario, document: YamlDocument): string[] {
  const robots = scenario.robots.map(({ id, pose }) => ({ id, pose, footprint: profiles.get(id)!.footprint }));
  return findMisplaced({ map, obstacles: scenario.obstacles, robots }).map(({ robot, touches }) => {
    const { id, pose } = robots[robot]!;
    const path = ["robots", robot, "pose"];
    return `${document.file}:${document.lineOf(path)}: ${path.join(".")} is ${JSON.stringify(pose)}: ${id} stands in ${touches.join(", ")}`;
  });
}

function readDraft(file: string): ContractDraft {
  const checked = checkContractDraft(readContractFile(file));
  if (checked.ok) return checked.contract;
  const problems = checked.problems.map(({ path, message }) => `${file}: ${path}: ${message}`);
  throw new AgentError("config.invalid", problems.join("\n"));
}

/** The profile of a file with some values replaced, each named by its dotted path. */
function readProfile(file: string, overrides: Readonly<Record<string, unknown>>): DeviceProfile {
  const document = readYaml(file);
  for (const [path, value] of Object.entries(overrides)) {
    const keys = path.split(".");
    let parent = document.value as Record<string, unknown>;
    for (const key of keys.slice(0, -1)) parent = (parent[key] ?? {}) as Record<string, unknown>;
    const last = keys.at(-1)!;
    if (!Object.hasOwn(parent, last)) {
      throw new AgentError("config.invalid", `set: ${path}: the profile ${file} has no such value`);
    }
    parent[last] = value;
  }
  return parseYaml(document, DeviceProfile);
}

/** A contract that only drives somewhere, for scenarios that are about driving. */
function driveContract(
  deviceId: string,
  drive: { to: [number, number, number]; tolerance?: number | undefined },
  knowsMap: boolean,
  map: LoadedScenario["map"],
  zones: readonly Zone[],
): ContractDraft {
  const keepouts = zones.filter((zone) => zone.kind === "keepout").map((zone) => zone.id);
  return {
    schema: "hf.contract/1",
    name: `drive-${deviceId}`,
    taskId: `drive-${deviceId}`,
    deviceId,
    task: { kind: "move", title: `Drive ${deviceId} to ${drive.to.join(", ")}` },
    stages: [
      {
        stageId: "drive",
        goal: `Navigate to ${drive.to.join(", ")}`,
        action: "navigate",
        inputs: { to: drive.to, ...(drive.tolerance === undefined ? {} : { tolerance: drive.tolerance }) },
        toolsRequired: ["base"],
        validation: [],
        timeoutSeconds: 3600,
      },
    ],
    scope: { actions: [{ action: "navigate" }] },
    spatial: {
      frame: "map",
      mapId: "scenario",
      mapRevision: "1",
      ...(knowsMap && "png" in map ? { occupancy: map } : {}),
      zones: [...zones],
      landmarks: [],
    },
    constraints: {
      battery: { minimum: 0.05 },
      window: { maxDurationSeconds: 3600 },
      zones: { forbidden: keepouts },
    },
    failurePolicy: { rules: [], fallback: "hold", replanBudget: 0, offline: "finish" },
    assumptions: [],
  };
}
