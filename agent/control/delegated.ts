import { distance, type Pose, type Velocity } from "#lib/geometry";
import type { PilotState } from "#drivers/driver";
import { STANDSTILL } from "#edge-planner/kinematics";
import type { Drive } from "#edge-planner/navigator";
import type { Goal } from "./control.ts";

/** What another navigation wanted longer ago than this, it wants no more. */
const WANTED_MS = 300;

/**
 * A drive that another navigation plans and steers: what it wants now, which the gate has still to judge, and how far it is.
 * Undefined where it is stuck: it gave up, or says that it arrived elsewhere.
 */
export function decideByPilot(
  { goalId, pose: target, tolerance }: Goal,
  pilot: PilotState,
  here: Pose,
  nowMs: number,
): { readonly velocity: Velocity; readonly drive: Drive } | undefined {
  const remaining = distance(here, target);
  const driving: Drive = { state: "driving", goalId, remaining: pilot.remaining ?? remaining };
  // It is told of the goal after this tick; what it wants now belongs to another.
  if (pilot.goalId !== goalId) return { velocity: STANDSTILL, drive: driving };
  if (pilot.progress === "arrived" && remaining <= tolerance) {
    return { velocity: STANDSTILL, drive: { state: "arrived", goalId } };
  }
  if (pilot.progress !== "driving") return undefined;
  const { wanted } = pilot;
  const isFresh = wanted !== undefined && nowMs - wanted.atMs <= WANTED_MS;
  return { velocity: isFresh ? wanted.velocity : STANDSTILL, drive: driving };
}
