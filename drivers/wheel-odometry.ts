import { wrapAngle, type Pose, type Velocity } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Odometry } from "./driver.ts";

/** Where two driven wheels have taken the base. */
export interface WheelOdometry {
  /** Takes how far each wheel has rolled since the last call. */
  advance(left: Metres, right: Metres, atMs: number): Odometry;
  latest(): Odometry | undefined;
  /** Forgets the speed, as after a loss; the pose stays. */
  pause(): void;
}

/** Speeds are averaged over this time: encoders are too coarse for the time between two samples. */
const AVERAGE_MS = 100;

/** Odometry of a differential drive whose wheels are `track` apart, from the pose 0. */
export function createWheelOdometry(track: Metres): WheelOdometry {
  let pose: Pose = { x: 0, y: 0, yaw: 0 };
  let latest: Odometry | undefined;
  let steps: { atMs: number; forward: Metres; turned: number }[] = [];

  function speed(nowMs: number): Velocity {
    steps = steps.filter(({ atMs }) => atMs >= nowMs - AVERAGE_MS);
    const first = steps[0];
    const seconds = first ? (nowMs - first.atMs) / 1000 : 0;
    if (seconds <= 0) return { linear: 0, angular: 0 };
    // The first step was made before the time that is looked at.
    const [forward, turned] = steps.slice(1).reduce(([f, t], step) => [f + step.forward, t + step.turned], [0, 0]);
    return { linear: forward! / seconds, angular: turned! / seconds };
  }

  return {
    advance(left, right, atMs) {
      const forward = (left + right) / 2;
      const turned = (right - left) / track;
      const middle = pose.yaw + turned / 2;
      pose = {
        x: pose.x + forward * Math.cos(middle),
        y: pose.y + forward * Math.sin(middle),
        yaw: wrapAngle(pose.yaw + turned),
      };
      steps.push({ atMs, forward, turned });
      latest = { atMs, pose, velocity: speed(atMs) };
      return latest;
    },
    latest: () => latest,
    pause() {
      steps = [];
    },
  };
}

/** What a counter of so many bits moved by, whichever way is shorter. */
export function counterStep(from: number, to: number, bits: 16 | 32): number {
  const unused = 32 - bits;
  return ((to - from) << unused) >> unused;
}
