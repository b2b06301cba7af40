import { type Point, type Pose, wrapAngle } from "#lib/geometry";
import type { Metres, MetresPerSecond, RadiansPerSecond, Seconds } from "#lib/units";

/** A round trip by time. */
export interface Itinerary {
  readonly duration: Seconds;
  /** Where the vehicle is `seconds` after it set out, from 0 to `duration`. */
  poseAt(seconds: Seconds): Pose;
}

interface Leg {
  readonly from: Pose;
  readonly to: Pose;
  readonly endsAt: Seconds;
  readonly lasts: Seconds;
}

/** Along `path` and back in reverse gear: straight legs, turns on the spot between them, a pause at either end. */
export function createItinerary(
  path: readonly Point[],
  { speed, turnSpeed, pause }: { speed: MetresPerSecond; turnSpeed: RadiansPerSecond; pause: Seconds },
): Itinerary {
  const legs: Leg[] = [];
  let now: Seconds = 0;
  function add(from: Pose, to: Pose, lasts: Seconds): void {
    if (lasts <= 0) return;
    now += lasts;
    legs.push({ from, to, endsAt: now, lasts });
  }
  const poses = turningPoints(path);
  const secondsFor = (from: Pose, to: Pose): Seconds =>
    wayOf(from, to) / speed + Math.abs(wrapAngle(to.yaw - from.yaw)) / turnSpeed;
  const pairs = poses.slice(1).map((to, at) => [poses[at]!, to] as const);
  for (const [from, to] of pairs) add(from, to, secondsFor(from, to));
  add(poses.at(-1)!, poses.at(-1)!, pause);
  for (const [from, to] of pairs.toReversed()) add(to, from, secondsFor(from, to));
  add(poses[0]!, poses[0]!, pause);
  return {
    duration: now,
    poseAt(seconds) {
      const leg = legs.find(({ endsAt }) => seconds <= endsAt) ?? legs.at(-1)!;
      const share = Math.min(1, 1 - (leg.endsAt - seconds) / leg.lasts);
      const { from, to } = leg;
      return {
        x: from.x + (to.x - from.x) * share,
        y: from.y + (to.y - from.y) * share,
        yaw: wrapAngle(from.yaw + wrapAngle(to.yaw - from.yaw) * share),
      };
    },
  };
}

/** Each corner with the heading of the way to it, and again with that of the way from it. */
function turningPoints(path: readonly Point[]): Pose[] {
  return path.slice(1).flatMap(([x, y], at) => {
    const [fromX, fromY] = path[at]!;
    const yaw = Math.atan2(y - fromY, x - fromX);
    return [
      { x: fromX, y: fromY, yaw },
      { x, y, yaw },
    ];
  });
}

function wayOf(from: Pose, to: Pose): Metres {
  return Math.hypot(to.x - from.x, to.y - from.y);
}
