import { ACTIONS } from "#contract/actions";
import type { Contract, Stage } from "#contract/contract";
import type { LighterMode, Resource, ResourceHints } from "#contract/resource-hints";
import { BUSY_LOAD_PER_CORE } from "#lib/board";
import type { RobotView } from "./situation.ts";

/** Something that a stage needs and that is not there in that measure. `strain`: the board itself is short of what any work needs. */
export interface Shortage {
  readonly resource: Resource | "strain";
  readonly code:
    | "tool_missing"
    | "tool_down"
    | "energy_short"
    | "memory_short"
    | "disk_short"
    | "link_down"
    | "link_slow"
    | "board_strained";
  readonly detail: string;
}

/** What is to be done about what a stage needs. */
export type Availability =
  | { readonly kind: "available" }
  /** It may come: wait for it until it has been short for this long. */
  | { readonly kind: "wait"; readonly shortage: Shortage; readonly limitSeconds: number }
  /** It does not come, and the stage can do with less. */
  | { readonly kind: "lighter"; readonly shortage: Shortage; readonly mode: LighterMode }
  | { readonly kind: "impossible"; readonly shortage: Shortage };

/** What resources are judged by. */
export interface ResourceInput {
  readonly stage: Pick<Stage, "action" | "toolsRequired" | "resourceHints">;
  readonly contract: Pick<Contract, "constraints">;
  readonly robot: RobotView;
  /** Whether the stage has gone over to its lighter mode. */
  readonly isLighter: boolean;
  /** For how long the resource has been short already; undefined when it was not. */
  readonly shortForMs: (resource: Shortage["resource"]) => number | undefined;
}

/**
 * Step one of the stage loop (document 4, §6.8). What is short for a while is waited for within its limit; then the stage
 * goes over to the lighter mode that it declares, if that is to be had; else there is no way. A board under strain
 * is given time to recover, but never stops the work by itself. Processor load alone delays nothing: it only chooses the
 * lighter mode of a stage that has one. What was not measured is not short.
 */
export function checkStageResources(input: ResourceInput): Availability {
  const { stage, isLighter, shortForMs } = input;
  const hints = stage.resourceHints ?? {};
  const needs = isLighter ? (hints.lighter ?? {}) : hints;
  const shortages = findShortages(needs, input);
  const shortage = shortages.at(0);
  if (!shortage) return lighterFor(load(input), input) ?? { kind: "available" };
  const limitSeconds = waitLimit(shortage, hints);
  if ((shortForMs(shortage.resource) ?? 0) < limitSeconds * 1000) return { kind: "wait", shortage, limitSeconds };
  const without: Availability =
    shortage.resource === "strain" ? { kind: "available" } : { kind: "impossible", shortage };
  return lighterFor(shortage, input) ?? without;
}

/** The lighter mode of the stage, where it declares one that is to be had and has not gone over to it. */
function lighterFor(shortage: Shortage | undefined, input: ResourceInput): Availability | undefined {
  const mode = input.stage.resourceHints?.lighter;
  if (!shortage || !mode || input.isLighter) return undefined;
  const left = findShortages(mode, input).filter(({ resource }) => resource !== "strain");
  return left.length === 0 ? { kind: "lighter", shortage, mode } : undefined;
}

/** How long a shortage is waited for where the contract does not say; a battery that nobody charges does not fill. */
const WAIT_SECONDS: Readonly<Record<Shortage["resource"], number>> = {
  tools: 30,
  energy: 0,
  memory: 30,
  disk: 30,
  link: 60,
  strain: 30,
};
/** A link that the cloud has throttled to less than this is as good as none for a stage that needs it. */
const LINK_BYTES_PER_SECOND_MIN = 1024;
/** A board is strained beyond this heat and this share of the time that something waits for memory. */
const STRAIN_MAX = { memoryPressure: 0.4, temperatureCelsius: 85 };
/** A board is strained with less than this: the kernel soon kills programs, or the journal can't be written. */
const STRAIN_MIN = { memoryAvailableBytes: 32e6, diskFreeBytes: 32e6 };

type Needs = Pick<ResourceHints, "energy" | "memoryBytes" | "diskBytes" | "link">;
type Check = (needs: Needs, input: ResourceInput) => Shortage | undefined;

/** The ones that can't be done without come first. */
const CHECKS: readonly Check[] = [tools, energy, memory, disk, link, strain];

function findShortages(needs: Needs, input: ResourceInput): readonly Shortage[] {
  return CHECKS.map((check) => check(needs, input)).filter((shortage) => shortage !== undefined);
}

function waitLimit({ code, resource }: Shortage, hints: ResourceHints): number {
  // A tool that the device does not have will not come.
  if (code === "tool_missing") return 0;
  if (resource === "strain") return WAIT_SECONDS.strain;
  return hints.waits?.[resource] ?? hints.waitSeconds ?? WAIT_SECONDS[resource];
}

function tools(_needs: Needs, { stage, robot }: ResourceInput): Shortage | undefined {
  const needed = [...new Set([...stage.toolsRequired, ...(ACTIONS[stage.action]?.tools ?? [])])];
  const missing = needed.find((tool) => robot.tools[tool] === undefined);
  if (missing !== undefined) {
    return { resource: "tools", code: "tool_missing", detail: `the device has no ${missing}` };
  }
  const down = needed.find((tool) => robot.tools[tool] === "down");
  return down === undefined ? undefined : { resource: "tools", code: "tool_down", detail: `${down} is down` };
}

function energy({ energy: share = 0 }: Needs, { robot, contract }: ResourceInput): Shortage | undefined {
  const spare = (robot.battery ?? 1) - contract.constraints.battery.minimum;
  if (spare >= share) return undefined;
  const detail = `the stage needs ${percent(share)} of the battery, ${percent(spare)} is to spare`;
  return { resource: "energy", code: "energy_short", detail };
}

function memory({ memoryBytes = 0 }: Needs, { robot }: ResourceInput): Shortage | undefined {
  const there = robot.board?.memoryAvailableBytes ?? Infinity;
  if (there >= memoryBytes) return undefined;
  const detail = `the stage needs ${megabytes(memoryBytes)} of memory, ${megabytes(there)} is available`;
  return { resource: "memory", code: "memory_short", detail };
}

function disk({ diskBytes = 0 }: Needs, { robot }: ResourceInput): Shortage | undefined {
  const there = robot.board?.diskFreeBytes ?? Infinity;
  if (there >= diskBytes) return undefined;
  const detail = `the stage needs ${megabytes(diskBytes)} of the disk, ${megabytes(there)} is free`;
  return { resource: "disk", code: "disk_short", detail };
}

function link({ link: need }: Needs, { robot }: ResourceInput): Shortage | undefined {
  if (need !== "required") return undefined;
  if (!robot.isOnline) return { resource: "link", code: "link_down", detail: "the link is down" };
  const grant = robot.grantBytesPerSecond ?? Infinity;
  if (grant >= LINK_BYTES_PER_SECOND_MIN) return undefined;
  return { resource: "link", code: "link_slow", detail: `the cloud takes no more than ${Math.round(grant)} B/s now` };
}

function strain(_needs: Needs, { robot }: ResourceInput): Shortage | undefined {
  const { memoryAvailableBytes = Infinity, diskFreeBytes = Infinity } = robot.board ?? {};
  const { memoryPressure = 0, temperatureCelsius = 0 } = robot.board ?? {};
  if (temperatureCelsius > STRAIN_MAX.temperatureCelsius) return strained(`the board is at ${temperatureCelsius} °C`);
  if (memoryAvailableBytes < STRAIN_MIN.memoryAvailableBytes) {
    return strained(`the board has ${megabytes(memoryAvailableBytes)} of memory left`);
  }
  if (memoryPressure > STRAIN_MAX.memoryPressure) {
    return strained(`something waits for memory ${percent(memoryPressure)} of the time`);
  }
  if (diskFreeBytes < STRAIN_MIN.diskFreeBytes) {
    return strained(`the board has ${megabytes(diskFreeBytes)} of disk left`);
  }
  return undefined;
}

/** Not among the checks, because nobody waits for it. */
function load({ robot }: ResourceInput): Shortage | undefined {
  const { loadPerCore = 0 } = robot.board ?? {};
  if (loadPerCore <= BUSY_LOAD_PER_CORE) return undefined;
  return strained(`${loadPerCore.toFixed(1)} processes wait for each core`);
}

function strained(detail: string): Shortage {
  return { resource: "strain", code: "board_strained", detail };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
