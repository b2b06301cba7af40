import { dirname, resolve } from "node:path";
import { z } from "zod";
import { SpatialReference } from "#cloud/core/equator/excerpt";
import type { SiteMap } from "#cloud/core/equator/site-map";
import type { TaskOrder } from "#cloud/core/scheduling/task-order";
import { readMapWithPlaces } from "#cloud/io/map-folder";
import { checkContractDraft } from "#contract/check";
import type { ContractDraft } from "#contract/contract";
import { readContractFile } from "#contract/io/contract-file";
import { readMapFile } from "#contract/io/map-file";
import type { Occupancy, Zone } from "#contract/spatial";
import type { DeviceProfile } from "#agent/profile";
import { AgentError } from "#lib/errors";
import { describeProblem, parseYaml, readYaml, type YamlDocument } from "#lib/node/yaml-file";
import type { DocumentPath } from "#lib/node/yaml-problems";
import { coarsen } from "./coarse-motion.ts";
import { driveContract } from "./drive-contract.ts";
import { checkExpectations } from "./expectations.ts";
import { keepoutZones, speedZones } from "./mask-zones.ts";
import { expandMatrix, parametersText, type Parameters, type Variant } from "./scenario-matrix.ts";
import { findUnknownNames } from "./scenario-names.ts";
import { readRobotProfile } from "./scenario-profile.ts";
import { Scenario } from "./scenario.ts";
import { findMisplaced } from "./world/placement.ts";

/** A scenario with every file that it names read and checked. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  /** Of a scenario with a matrix, the values of this run. */
  readonly parameters?: Parameters;
  readonly map: Occupancy | { readonly empty: [number, number, number, number] };
  /** Zones of the filter masks. */
  readonly zones: readonly Zone[];
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
  /** What is pushed, in the order of the file; `navigate` shorthands come first. */
  readonly contracts: readonly ScheduledContract[];
  /** What the cloud is asked to find a robot for, in the order of the file. */
  readonly tasks: readonly ScheduledTask[];
  /** The map as the cloud has it, where places stand beside it. */
  readonly siteMap?: SiteMap | undefined;
}

export interface ScheduledContract {
  readonly draft: ContractDraft;
  /** Where the file only names the map, so that the cloud cuts the excerpt; `draft` then has the places of all of it. */
  readonly reference?: SpatialReference | undefined;
  /** Earliest moment; it is pushed when the device is live. */
  readonly atMs: number;
}

export interface ScheduledTask {
  readonly order: TaskOrder & { readonly taskId: string };
  readonly atMs: number;
}

/** The parameters of every run that a scenario file stands for: those of its matrix, or none for a single one. */
export function scenarioVariants(path: string): readonly Parameters[] {
  return expandMatrix(readYaml(path)).map(({ parameters }) => parameters);
}

/**
 * Reads a scenario; of one with a matrix the variant with these parameters. Throws `config.invalid` that names file, line,
 * path, value and expectation.
 */
export function loadScenario(path: string, parameters?: Parameters): LoadedScenario {
  const variants = expandMatrix(readYaml(path));
  const wanted = parameters === undefined ? undefined : parametersText(parameters);
  const [chosen, ...others] = variants.filter(
    (variant) => (wanted ?? parametersText(variant.parameters)) === parametersText(variant.parameters),
  );
  if (!chosen || others.length > 0) {
    const there = variants.map((variant) => `[${parametersText(variant.parameters)}]`).join(", ");
    const problem = chosen ? "has a matrix; one of its variants must be chosen" : `has no variant [${wanted}]`;
    throw new AgentError("config.invalid", `${path}: ${problem}: ${there}`);
  }
  return readVariant(chosen);
}

function readVariant({ parameters, document }: Variant): LoadedScenario {
  const scenario = parseYaml(document, Scenario);
  const { map, siteMap, profiles, masks, drafts } = readNamedFiles(scenario, document);
  const maxSpeed = Math.max(...[...profiles.values()].map((profile) => profile.limits.maxSpeed));
  const zones = masks.flatMap(({ key, mask }) =>
    key === "maskKeepout" ? keepoutZones(mask) : speedZones(mask, maxSpeed),
  );
  const drives = scenario.robots.flatMap(({ navigate, ...robot }) =>
    navigate ? [{ draft: driveContract({ ...robot, navigate }, map, zones), atMs: 0 }] : [],
  );
  const contracts = scenario.contracts.map(({ at }, index) => ({ ...drafts[index]!, atMs: at }));
  const tasks = scenario.tasks.map(({ at, ...order }) => ({ order, atMs: at }));
  const loaded = { scenario, parameters, map, siteMap, zones, profiles, contracts: [...drives, ...contracts], tasks };
  refuse([...unknownNames(loaded, document), ...misplacedRobots(loaded, document)]);
  return loaded;
}

type Draft = Pick<ScheduledContract, "draft" | "reference">;

interface NamedFiles extends Pick<LoadedScenario, "map" | "siteMap" | "profiles"> {
  readonly masks: readonly { readonly key: "maskKeepout" | "maskSpeed"; readonly mask: Occupancy }[];
  /** In the order of the scenario's contracts. */
  readonly drafts: readonly Draft[];
}

/** The files that a scenario names; what is wrong with them, and with its expectations, is told at once. */
function readNamedFiles(scenario: Scenario, document: YamlDocument): NamedFiles {
  const problems: string[] = [];
  const beside = (name: string): string => resolve(dirname(document.file), name);
  function named<Value>(path: DocumentPath, read: () => Value): Value[] {
    try {
      return [readNamed(document, path, read)];
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      problems.push(thrown.message);
      return [];
    }
  }
  const { map } = scenario;
  const read = typeof map === "string" ? named(["map"], () => readMap(beside(map))) : [{ map }];
  const masks = (["maskKeepout", "maskSpeed"] as const).flatMap((key) => {
    const file = scenario[key];
    if (file === undefined) return [];
    if (typeof map === "string") return named([key], () => ({ key, mask: readMapFile(beside(file)).occupancy }));
    problems.push(describeProblem(document, [key], "needs a map of its own size; this map is empty"));
    return [];
  });
  const profiles = scenario.robots.flatMap((robot, index) =>
    named(["robots", index, "profile"], () => {
      const profile = readRobotProfile(robot, { index, document, beside });
      return [robot.id, scenario.motion === "coarse" ? coarsen(profile) : profile] as const;
    }),
  );
  const drafts = scenario.contracts.flatMap(({ file }, index) =>
    named(["contracts", index, "file"], () => readDraft(beside(file), read[0]?.siteMap)),
  );
  refuse([...problems, ...unreadableExpectations(scenario, document)]);
  return { ...read[0]!, profiles: new Map(profiles), masks, drafts };
}

function readMap(file: string): Pick<LoadedScenario, "map" | "siteMap"> {
  const siteMap = readMapWithPlaces(file);
  return { map: siteMap?.occupancy ?? readMapFile(file).occupancy, siteMap };
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new AgentError("config.invalid", problems.join("\n"));
}

function unreadableExpectations({ expect, matrix }: Scenario, document: YamlDocument): string[] {
  return checkExpectations(expect, { hasMatrix: matrix !== undefined }).map(
    ({ index, message }) =>
      `${document.file}:${document.lineOf(["expect", index, "that"])}: expect[${index}].that: ${message}`,
  );
}

/** Reads what the scenario names at `path`; a file that is not there is told where it is named. */
function readNamed<Value>(document: YamlDocument, path: DocumentPath, read: () => Value): Value {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || thrown.message.startsWith(`${document.file}:`)) throw thrown;
    const message = `${document.file}:${document.lineOf(path)}: ${path.join(".")}: ${thrown.message}`;
    throw new AgentError("config.invalid", message, { cause: thrown });
  }
}

function unknownNames({ scenario, contracts }: LoadedScenario, document: YamlDocument): string[] {
  const drafts = contracts.map(({ draft }) => draft);
  return findUnknownNames(scenario, drafts).map(
    ({ path, value, message }) =>
      `${document.file}:${document.lineOf(path)}: ${path.join(".")} is ${JSON.stringify(value)}: ${message}`,
  );
}

function misplacedRobots({ scenario, map, profiles }: LoadedScenario, document: YamlDocument): string[] {
  const robots = scenario.robots.map(({ id, pose, body }) => ({
    id,
    pose,
    footprint: body?.footprint ?? profiles.get(id)!.footprint,
  }));
  const { obstacles, sites, vehicles, doors } = scenario;
  return findMisplaced({ map, obstacles, sites, vehicles, doors, robots }).map(({ robot, touches }) => {
    const { id, pose } = robots[robot]!;
    const path = ["robots", robot, "pose"];
    return `${document.file}:${document.lineOf(path)}: ${path.join(".")} is ${JSON.stringify(pose)}: ${id} stands in ${touches.join(", ")}`;
  });
}

function readDraft(file: string, siteMap: SiteMap | undefined): Draft {
  const body = readContractFile(file);
  const asked = z.looseObject({ spatial: SpatialReference }).safeParse(body);
  const reference = asked.success ? asked.data.spatial : undefined;
  if (reference && reference.mapId !== siteMap?.mapId) {
    const known = siteMap ? `the scenario's is ${siteMap.mapId}` : "the scenario's map has no places beside it";
    throw new AgentError("config.invalid", `${file}: /spatial/mapId is ${JSON.stringify(reference.mapId)}: ${known}`);
  }
  const checked = checkContractDraft(reference && siteMap ? { ...asked.data, spatial: placesOf(siteMap) } : body);
  if (checked.ok) return { draft: checked.contract, reference };
  const problems = checked.problems.map(({ path, message }) => `${file}: ${path}: ${message}`);
  throw new AgentError("config.invalid", problems.join("\n"));
}

function placesOf({ mapId, mapRevision, zones, landmarks }: SiteMap): ContractDraft["spatial"] {
  return { frame: "map", mapId, mapRevision, zones, landmarks };
}
