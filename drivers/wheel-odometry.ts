import { wrapAngle, type Pose, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import type { Odometry } from "./driver.ts";

export interface WheelSpeeds {
  readonly left: MetresPerSecond;
  readonly right: MetresPerSecond;
}

/** Where two driven wheels have taken the base. */
export interface WheelOdometry {
  /**
   * Takes how far each wheel has rolled since the last call, and how fast the wheels roll where their controllers measure it: what is
   * taken from distances is as wrong as the times at which they came.
   */
  advance(left: Metres, right: Metres, atMs: number, measured?: WheelSpeeds): Odometry;
  latest(): Odometry | undefined;
  /** Forgets the speed, as after a loss; the pose stays. */
  pause(): void;
}

/**
 * Speeds are averaged over this time at least: encoders are too coarse for the time between two samples, and samples that were held
 * up on their way come together.
 */
const AVERAGE_MS = 100;
/** What is enough right after a loss. */
const AVERAGE_MS_MIN = 50;

/** How far the base had come forward, and turned, in all. */
interface Mark {
  readonly atMs: number;
  readonly forward: Metres;
  readonly turned: number;
}

/** Odometry of a differential drive whose wheels are `track` apart, from the pose 0. */
export function createWheelOdometry(track: Metres): WheelOdometry {
  let pose: Pose = { x: 0, y: 0, yaw: 0 };
  let latest: Odometry | undefined;
  /** The newest that is old enough to measure speed from, and those that came after it. */
  let marks: Mark[] = [];

  function speed(now: Mark): Velocity {
    marks.push(now);
    const since = marks.findLastIndex(({ atMs }) => atMs <= now.atMs - AVERAGE_MS);
    marks = marks.slice(Math.max(0, since));
    const from = marks[0]!;
    if (now.atMs - from.atMs < AVERAGE_MS_MIN) return { linear: 0, angular: 0 };
    const seconds = (now.atMs - from.atMs) / 1000;
    return { linear: (now.forward - from.forward) / seconds, angular: (now.turned - from.turned) / seconds };
  }

  return {
    advance(left, right, atMs, measured) {
      const forward = (left + right) / 2;
      const turned = (right - left) / track;
      const middle = pose.yaw + turned / 2;
      pose = {
        x: pose.x + forward * Math.cos(middle),
        y: pose.y + forward * Math.sin(middle),
        yaw: wrapAngle(pose.yaw + turned),
      };
      const last = marks.at(-1) ?? { forward: 0, turned: 0 };
      const averaged = speed({ atMs, forward: last.forward + forward, turned: last.turned + turned });
      const velocity = measured
        ? { linear: (measured.left + measured.right) / 2, angular: (measured.right - measured.left) / track }
        : averaged;
      latest = { atMs, pose, velocity };
      return latest;
    },
    latest: () => latest,
    pause() {
      marks = [];
    },
  };
}

/** What a counter of so many bits moved by, whichever way is shorter. */
export function counterStep(from: number, to: number, bits: 16 | 32): number {
  const unused = 32 - bits;
  return ((to - from) << unused) >> unused;
}
