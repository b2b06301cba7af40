import type { ContractDraft } from "#contract/contract";
import type { Occupancy, Zone } from "#contract/spatial";
import type { Scenario } from "./scenario.ts";

/** A contract that only drives somewhere: what `navigate` of a scenario's robot stands for. */
export function driveContract(
  { id, navigate, knowsMap }: Drive,
  map: Occupancy | { readonly empty: readonly number[] },
  zones: readonly Zone[],
): ContractDraft {
  const keepouts = zones.filter((zone) => zone.kind === "keepout").map((zone) => zone.id);
  return {
    schema: "hf.contract/1",
    name: `drive-${id}`,
    taskId: `drive-${id}`,
    deviceId: id,
    task: { kind: "move", title: `Drive ${id} to ${navigate.to.join(", ")}` },
    stages: [
      {
        stageId: "drive",
        goal: `Navigate to ${navigate.to.join(", ")}`,
        action: "navigate",
        inputs: { to: navigate.to, ...(navigate.tolerance === undefined ? {} : { tolerance: navigate.tolerance }) },
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

type Robot = Scenario["robots"][number];
type Drive = Pick<Robot, "id" | "knowsMap"> & { readonly navigate: NonNullable<Robot["navigate"]> };
