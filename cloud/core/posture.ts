import { homeOf, OFFLINE_GRACE_MS } from "#contract/offline";
import { pointAlong, polylineLength, type Point, type Pose } from "#lib/geometry";
import type { Seconds } from "#lib/units";
import type { ProjectionBasis } from "./basis.ts";
import { stageEnds, type Timeline } from "./timeline.ts";

/** How a device that has lost the cloud stops working, by its contract (`failurePolicy.offline`). */
export interface Posture {
  /** When it stops, milliseconds of the wall clock. */
  readonly worksUntilMs: number;
}

/** The way of a device that drives home after it has stopped, as a straight line: nobody has planned it yet. */
export interface WayHome {
  readonly route: readonly Point[];
  readonly seconds: Seconds;
  readonly fromMs: number;
}

/** Undefined where the device goes on as if nothing was, or has ended its work by then. */
export function postureOf({ state, lostAtMs }: ProjectionBasis, timeline: Timeline): Posture | undefined {
  if (lostAtMs === undefined || state?.offline === undefined || state.offline === "finish") return undefined;
  const stopsMs = lostAtMs + OFFLINE_GRACE_MS;
  const ends = stageEnds(timeline);
  const worksUntilMs = state.offline === "finish-stage" ? ends.find((endMs) => endMs >= stopsMs) : stopsMs;
  if (worksUntilMs === undefined || worksUntilMs >= ends.at(-1)!) return undefined;
  return { worksUntilMs };
}

/** Undefined for a device that stays where it has stopped. */
export function wayHomeOf(
  { state, contract }: ProjectionBasis,
  { worksUntilMs }: Posture,
  from: Pose,
  speed: number,
): WayHome | undefined {
  const home = contract && state?.offline === "return-home" ? homeOf(contract, from) : undefined;
  const mayDrive = contract?.scope.actions.some(({ action }) => action === "navigate");
  if (!home || !mayDrive || speed <= 0) return undefined;
  const route: readonly Point[] = [
    [from.x, from.y],
    [home.pose[0], home.pose[1]],
  ];
  return { route, seconds: polylineLength(route) / speed, fromMs: worksUntilMs };
}

/** How far it has come on the way, and for how long it has driven, in seconds. */
export function onWayHome({ route, seconds, fromMs }: WayHome, atMs: number): { pose: Pose; driven: Seconds } {
  const driven = Math.min(seconds, Math.max(0, (atMs - fromMs) / 1000));
  const share = seconds === 0 ? 1 : driven / seconds;
  return { pose: pointAlong(route, polylineLength(route) * share), driven };
}
