import { describe, expect, it } from "vitest";
import type { Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { ResourceHints } from "#contract/resource-hints";
import { checkStageResources, type Availability } from "./resources.ts";
import { ROBOT } from "./situation-fixture.ts";
import type { RobotView } from "./situation.ts";

interface Case {
  readonly name: string;
  readonly hints?: ResourceHints;
  readonly robot?: Partial<RobotView>;
  readonly shortForSeconds?: number;
  readonly isLighter?: boolean;
  readonly is: object;
}

const [go] = exampleContract().stages as [Stage];

function check({ hints, robot, shortForSeconds, isLighter = false }: Omit<Case, "name" | "is">): Availability {
  const stage = hints ? { ...go, resourceHints: ResourceHints.parse(hints) } : go;
  const shortForMs = (): number | undefined => (shortForSeconds === undefined ? undefined : shortForSeconds * 1000);
  return checkStageResources({
    stage,
    contract: exampleContract(),
    robot: { ...ROBOT, ...robot },
    isLighter,
    shortForMs,
  });
}

const DOWN: Partial<RobotView> = { tools: { base: "down" } };
const OFFLINE: Partial<RobotView> = { isOnline: false };
const TIGHT: Partial<RobotView> = { board: { memoryAvailableBytes: 100e6, diskFreeBytes: 200e6 } };

const SHORTAGES: readonly Case[] = [
  { name: "nothing is needed and nothing is known", robot: { board: {} }, is: { kind: "available" } },
  {
    name: "a tool that the device lacks",
    robot: { tools: {} },
    is: { kind: "impossible", shortage: { code: "tool_missing" } },
  },
  { name: "a tool that is down", robot: DOWN, is: { kind: "wait", limitSeconds: 30, shortage: { code: "tool_down" } } },
  { name: "a tool that stays down", robot: DOWN, shortForSeconds: 30, is: { kind: "impossible" } },
  {
    name: "less charge than the stage takes down to the minimum",
    hints: { energy: 0.1 },
    robot: { battery: 0.25 },
    is: { kind: "impossible", shortage: { code: "energy_short" } },
  },
  { name: "charge enough", hints: { energy: 0.1 }, robot: { battery: 0.31 }, is: { kind: "available" } },
  {
    name: "memory",
    hints: { memoryBytes: 200e6 },
    robot: TIGHT,
    is: { kind: "wait", shortage: { code: "memory_short" } },
  },
  { name: "memory enough", hints: { memoryBytes: 90e6 }, robot: TIGHT, is: { kind: "available" } },
  { name: "memory that nobody measures", hints: { memoryBytes: 20e9 }, is: { kind: "available" } },
  { name: "disk", hints: { diskBytes: 300e6 }, robot: TIGHT, is: { kind: "wait", shortage: { code: "disk_short" } } },
  {
    name: "the link",
    hints: { link: "required" },
    robot: OFFLINE,
    is: { kind: "wait", shortage: { code: "link_down" } },
  },
  { name: "a link that is nice to have", hints: { link: "preferred" }, robot: OFFLINE, is: { kind: "available" } },
  {
    name: "a link that the cloud has throttled to nothing",
    hints: { link: "required" },
    robot: { grantBytesPerSecond: 100 },
    is: { kind: "wait", shortage: { code: "link_slow" } },
  },
];

const LIMITS: readonly Case[] = [
  { name: "the stage's limit", hints: { waitSeconds: 5 }, robot: DOWN, is: { kind: "wait", limitSeconds: 5 } },
  {
    name: "the resource's own limit before the stage's",
    hints: { waitSeconds: 5, waits: { tools: 90 } },
    robot: DOWN,
    shortForSeconds: 89,
    is: { kind: "wait", limitSeconds: 90 },
  },
  { name: "no waiting at all", hints: { waits: { tools: 0 } }, robot: DOWN, is: { kind: "impossible" } },
  {
    name: "a battery on its charger, where the contract says so",
    hints: { energy: 0.1, waits: { energy: 3600 } },
    robot: { battery: 0.25 },
    is: { kind: "wait", limitSeconds: 3600 },
  },
];

const LIGHTER: readonly Case[] = [
  {
    name: "only when the waiting is over",
    hints: { link: "required", lighter: {} },
    robot: OFFLINE,
    is: { kind: "wait" },
  },
  {
    name: "when it can do without what is short",
    hints: { link: "required", lighter: { speedShare: 0.5 } },
    robot: OFFLINE,
    shortForSeconds: 60,
    is: { kind: "lighter", mode: { speedShare: 0.5 }, shortage: { code: "link_down" } },
  },
  {
    name: "when it needs less of it",
    hints: { energy: 0.1, lighter: { energy: 0.04, speedShare: 0.5 } },
    robot: { battery: 0.25 },
    is: { kind: "lighter" },
  },
  {
    name: "not when that is short as well",
    hints: { energy: 0.1, lighter: { energy: 0.06 } },
    robot: { battery: 0.25 },
    is: { kind: "impossible" },
  },
  {
    name: "and then by what it needs there",
    hints: { link: "required", lighter: {} },
    robot: OFFLINE,
    isLighter: true,
    is: { kind: "available" },
  },
  {
    name: "but never without its tools",
    hints: { lighter: {} },
    robot: DOWN,
    shortForSeconds: 31,
    is: { kind: "impossible", shortage: { code: "tool_down" } },
  },
];

const STRAIN: readonly Case[] = [
  {
    name: "heat",
    robot: { board: { temperatureCelsius: 90 } },
    is: { kind: "wait", shortage: { code: "board_strained" } },
  },
  { name: "memory pressure", robot: { board: { memoryPressure: 0.5 } }, is: { kind: "wait" } },
  {
    name: "memory down to the floor",
    robot: { board: { memoryAvailableBytes: 20e6 } },
    is: { kind: "wait", limitSeconds: 30, shortage: { detail: "the board has 20 MB of memory left" } },
  },
  { name: "a full disk", robot: { board: { diskFreeBytes: 0 } }, is: { kind: "wait" } },
  {
    name: "not for ever, because it stops no work by itself",
    robot: { board: { temperatureCelsius: 90 } },
    shortForSeconds: 30,
    is: { kind: "available" },
  },
  {
    name: "in the lighter mode where there is one, when the waiting is over",
    hints: { lighter: { telemetrySeconds: 10 } },
    robot: { board: { temperatureCelsius: 90 } },
    shortForSeconds: 30,
    is: { kind: "lighter" },
  },
];

const BUSY: Partial<RobotView> = { board: { loadPerCore: 30 } };

const LOAD: readonly Case[] = [
  { name: "delays nothing", robot: BUSY, is: { kind: "available" } },
  {
    name: "delays nothing that has hints either",
    hints: { energy: 0.01, memoryBytes: 1, waitSeconds: 60 },
    robot: BUSY,
    is: { kind: "available" },
  },
  {
    name: "takes the lighter mode at once where there is one",
    hints: { lighter: { telemetrySeconds: 10 } },
    robot: BUSY,
    is: { kind: "lighter", shortage: { detail: "30.0 processes wait for each core" } },
  },
  { name: "takes it once", hints: { lighter: {} }, robot: BUSY, isLighter: true, is: { kind: "available" } },
  {
    name: "does not take one that lacks something",
    hints: { lighter: { link: "required" } },
    robot: { ...BUSY, ...OFFLINE },
    is: { kind: "available" },
  },
  {
    name: "does not hide what is short",
    robot: { ...BUSY, ...DOWN },
    is: { kind: "wait", shortage: { code: "tool_down" } },
  },
];

describe("the resources of a stage", () => {
  for (const [topic, cases] of Object.entries({ SHORTAGES, LIMITS, LIGHTER, STRAIN, LOAD })) {
    it.each(cases)(`${topic.toLowerCase()}: $name`, ({ is, ...rest }) => {
      expect(check(rest)).toMatchObject(is);
    });
  }
});
