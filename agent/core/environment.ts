import { ACTIONS } from "#contract/actions";
import { distance, poseFrom } from "#lib/geometry";
import type { Metres, Seconds } from "#lib/units";
import { elapsedMs } from "./elapsed.ts";
import type { EnvironmentCode } from "./environment-code.ts";
import { remainingOf } from "./local-revision.ts";
import type { Situation } from "./situation.ts";

/** What is found when the world is compared with what the journal says of it. */
export type EnvironmentCheck =
  | { readonly result: "as-left" }
  | {
      /** `unclear`: it cannot be told yet. */
      readonly result: "changed" | "unclear";
      readonly code: EnvironmentCode;
      readonly detail: string;
    };

/** What was written last may be this old when a drive ends unseen: reports, a slow disk, and a goal that lapses by itself. */
const UNSEEN_SECONDS_MAX: Seconds = 9;
/** A robot that stands may be nudged. */
const NUDGE: Metres = 0.5;

type Check = (situation: Situation) => EnvironmentCheck;

/**
 * Whether a robot that comes back to a contract after a restart is where the journal left it, with what was on board, and
 * with tools that work (document 4 §6.9). The first thing that is not so counts.
 */
export function checkEnvironment(situation: Situation): EnvironmentCheck {
  const found = CHECKS.map((check) => check(situation));
  return (
    found.find(({ result }) => result === "changed") ?? found.find(({ result }) => result !== "as-left") ?? AS_LEFT
  );
}

const AS_LEFT: EnvironmentCheck = { result: "as-left" };

const CHECKS: readonly Check[] = [pose, load, tools];

function pose(situation: Situation): EnvironmentCheck {
  const { state, robot } = situation;
  if (robot.pose === undefined || robot.battery === undefined) {
    const detail = "the robot does not know where it is and how full its battery is";
    return { result: "unclear", code: "pose_implausible", detail };
  }
  const seen = state.lastSeen?.pose;
  const off = seen ? distance(robot.pose, poseFrom(seen)) : 0;
  const plausible = plausibleWay(situation);
  if (off <= plausible) return AS_LEFT;
  const detail = `the robot is ${off.toFixed(1)} m from where it was last seen, it can have come ${plausible.toFixed(1)} m`;
  return { result: "changed", code: "pose_implausible", detail };
}

/** How far a robot can be from where it was seen: by what it may drive until nobody commands it any more, and its error. */
function plausibleWay({ contract, state, robot, now, outlook }: Situation): Metres {
  const unseenMs = elapsedMs({ at: state.lastSeen?.at }, now, contract.issuedAt) ?? Infinity;
  const drivenSeconds = Math.min(UNSEEN_SECONDS_MAX, unseenMs / 1000);
  return outlook.topSpeed * drivenSeconds + NUDGE + 3 * robot.sigmaXy;
}

function load({ state, robot }: Situation): EnvironmentCheck {
  const goods = Object.entries(state.load).map(([sku, quantity]) => `${quantity} ${sku}`);
  if (goods.length > 0 && !robot.isLoaded) {
    return {
      result: "changed",
      code: "load_lost",
      detail: `${goods.join(", ")} should be on board, the hand is empty`,
    };
  }
  if (goods.length === 0 && robot.isLoaded) {
    return { result: "changed", code: "load_unexpected", detail: "the hand holds something that it did not take" };
  }
  return AS_LEFT;
}

function tools({ contract, state, robot }: Situation): EnvironmentCheck {
  const left = remainingOf(contract, state).map(({ stage }) => stage);
  const needed = new Set(
    left.flatMap(({ action, toolsRequired }) => [...toolsRequired, ...(ACTIONS[action]?.tools ?? [])]),
  );
  for (const tool of needed) {
    const health = robot.tools[tool];
    if (health === undefined)
      return { result: "changed", code: "tool_gone", detail: `the device has no ${tool} any more` };
    if (health === "down") return { result: "unclear", code: "tool_gone", detail: `${tool} is down` };
  }
  return AS_LEFT;
}
