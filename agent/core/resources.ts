import { ACTIONS } from "#contract/actions";
import type { Contract, Stage } from "#contract/contract";
import type { RobotView } from "./situation.ts";

/** Whether what a stage needs is there. */
export type Availability =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: "tool_missing" | "tool_down" | "energy_short" | "link_down";
      readonly detail: string;
    };

/** Step one of the stage loop: the tools of the action, and what the stage's hints ask for. */
export function checkResources(stage: Stage, contract: Contract, robot: RobotView): Availability {
  const needed = new Set([...stage.toolsRequired, ...(ACTIONS[stage.action]?.tools ?? [])]);
  for (const tool of needed) {
    const state = robot.tools[tool];
    if (state === undefined) return { ok: false, code: "tool_missing", detail: `the device has no ${tool}` };
    if (state === "down") return { ok: false, code: "tool_down", detail: `${tool} is down` };
  }
  const { energy = 0, link } = stage.resourceHints ?? {};
  const spare = (robot.battery ?? 1) - contract.constraints.battery.minimum;
  if (spare < energy) {
    return {
      ok: false,
      code: "energy_short",
      detail: `the stage needs ${energy} of the battery, ${spare} is to spare`,
    };
  }
  if (link === "required" && !robot.isOnline) return { ok: false, code: "link_down", detail: "the link is down" };
  return { ok: true };
}
