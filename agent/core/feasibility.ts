import { isInside, type Point } from "#lib/geometry";
import type { Share } from "#lib/units";
import { ACTIONS, NavigateInputs } from "#contract/actions";
import type { Contract, Stage } from "#contract/contract";
import type { Problem } from "#contract/event";
import { decodeOccupancy, FREE, OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";
import { isIrreversible } from "./action-traits.ts";

/** What this device can do, and the state of its battery (a share) where it is known. */
export interface DeviceAbilities {
  readonly actions: readonly string[];
  readonly tools: readonly string[];
  /** How full the budget of the journal is; empty unless given. */
  readonly journalShare?: Share;
  readonly battery: number | undefined;
}

/**
 * Everything that keeps this device from fulfilling a contract that is valid in itself: actions and tools that it lacks,
 * stages that no lease is long enough for, goals where nothing can stand, a battery that is already below the contract's floor.
 */
export function infeasibilities(contract: Contract, abilities: DeviceAbilities): Problem[] {
  return [
    ...contract.stages.flatMap((stage, at) => missingAbilities(stage, at, abilities)),
    ...neverBegun(contract),
    ...blockedGoals(contract),
    ...lowBattery(contract, abilities),
  ];
}

function missingAbilities(stage: Stage, at: number, abilities: DeviceAbilities): Problem[] {
  const alternatives = stage.alternatives?.flatMap(({ action }) => (action === undefined ? [] : [action])) ?? [];
  const actions = [stage.action, ...alternatives];
  const tools = new Set([...stage.toolsRequired, ...actions.flatMap((action) => ACTIONS[action]?.tools ?? [])]);
  const lacking = (kind: string, names: readonly string[], known: readonly string[], path: string): Problem[] =>
    names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path: `/stages/${at}/${path}`,
        message: `this device has no ${kind} ${name}`,
        value: name,
        expected: known.join(", "),
      }));
  return [
    ...lacking("action", actions, abilities.actions, "action"),
    ...lacking("tool", [...tools], abilities.tools, "toolsRequired"),
  ];
}

/** What can't be undone is begun only while all of its time fits into the lease, and a lease is renewed to no more than its length. */
function neverBegun({ stages, lease: { durationSeconds } }: Contract): Problem[] {
  return stages.flatMap(({ action, timeoutSeconds }, at) => {
    if (!isIrreversible(action) || timeoutSeconds < durationSeconds) return [];
    const message = `the stage would never begin: its time must fit into the lease of ${durationSeconds} s`;
    const expected = `less than ${durationSeconds}`;
    return [{ path: `/stages/${at}/timeoutSeconds`, message, value: timeoutSeconds, expected }];
  });
}

function blockedGoals(contract: Contract): Problem[] {
  const { occupancy, zones } = contract.spatial;
  const grid = occupancy && decodeOccupancy(occupancy);
  const keepouts = zones.filter((zone) => zone.kind === "keepout");
  return contract.stages.flatMap((stage, at) =>
    goalsOf(stage, contract).flatMap((goal) => {
      const zone = keepouts.find((keepout) => isInside(goal, keepout.polygon));
      const obstacle = grid && obstacleAt(grid, goal);
      const what = zone ? `in the keepout zone ${zone.id}` : obstacle;
      if (what === undefined) return [];
      return [
        { path: `/stages/${at}/inputs/to`, message: `the goal is ${what}`, value: [...goal], expected: "free space" },
      ];
    }),
  );
}

function goalsOf(stage: Stage, contract: Contract): Point[] {
  const all = [{ action: stage.action, inputs: stage.inputs }, ...(stage.alternatives ?? [])];
  return all.flatMap(({ action = stage.action, inputs }) => {
    const parsed = action === "navigate" ? NavigateInputs.safeParse(inputs) : undefined;
    if (!parsed?.success) return [];
    const { to } = parsed.data;
    const pose = typeof to === "string" ? contract.spatial.landmarks.find((mark) => mark.id === to)?.pose : to;
    return pose ? [[pose[0], pose[1]] as const] : [];
  });
}

function obstacleAt(grid: OccupancyGrid, [x, y]: Point): string | undefined {
  const column = Math.floor((x - grid.originX) / grid.resolution);
  const row = Math.floor((y - grid.originY) / grid.resolution);
  if (column < 0 || row < 0 || column >= grid.width || row >= grid.height) return "outside of the map";
  const cell = grid.cells[row * grid.width + column];
  if (cell === FREE) return undefined;
  return cell === OCCUPIED ? "occupied" : "in unknown space";
}

function lowBattery(contract: Contract, { battery }: DeviceAbilities): Problem[] {
  const { minimum } = contract.constraints.battery;
  if (battery === undefined || battery > minimum) return [];
  return [
    {
      path: "/constraints/battery/minimum",
      message: "the battery is below it already",
      value: battery,
      expected: `above ${minimum}`,
    },
  ];
}
