import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { createRng } from "#lib/rng";
import { isOnMover, moversAt } from "./movers.ts";
import { createObstacleTracker, type ObstacleTracker, type Track, trackScan } from "./obstacle-tracker.ts";
import { scanOf, type SyntheticScene } from "./synthetic-scan.ts";

const HERE: Pose = { x: 0, y: 0, yaw: 0 };
const SCAN_MS = 100;

/** Feeds a tracker one scan each 100 ms of what the scene shows then. */
function watch(
  seconds: number,
  sceneAt: (seconds: number) => SyntheticScene,
  { lidarAt = () => HERE, sigma = 0.01, seed = 1, look }: WatchOptions = {},
): ObstacleTracker {
  const tracker = createObstacleTracker();
  const noise = { rng: createRng(seed), sigma };
  for (let ms = 0; ms <= seconds * 1000; ms += SCAN_MS) {
    const lidar = lidarAt(ms / 1000);
    trackScan(tracker, scanOf(sceneAt(ms / 1000), lidar, ms, noise), { inMap: lidar, tracked: lidar }, undefined);
    look?.(tracker, ms / 1000);
  }
  return tracker;
}

interface WatchOptions {
  readonly lidarAt?: (seconds: number) => Pose;
  readonly sigma?: number;
  readonly seed?: number;
  readonly look?: (tracker: ObstacleTracker, seconds: number) => void;
}

function moving({ tracks }: ObstacleTracker): Track[] {
  return tracks.filter(({ state }) => state === "moving");
}

const walker = (x: number, y: number): SyntheticScene => ({ discs: [{ x, y, radius: 0.25 }] });

describe("obstacle tracker", () => {
  it("confirms somebody who crosses, with velocity, within half a second of seeing the first steps", () => {
    const tracker = watch(1, (t) => walker(3, -1 + Math.max(0, t - 0.5)));
    expect(moving(tracker)).toHaveLength(1);
    const { motion } = moving(tracker)[0]!;
    expect(motion.vy).toBeGreaterThan(0.6);
    expect(motion.vy).toBeLessThan(1.3);
    expect(Math.abs(motion.vx)).toBeLessThan(0.3);
  });

  it("tells the velocity in any direction to 0.3 m/s, with noise, after two seconds", () => {
    const drive = fc.record({
      heading: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
      speed: fc.double({ min: 0.5, max: 1.6, noNaN: true }),
      seed: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(drive, ({ heading, speed, seed }) => {
        const [vx, vy] = [speed * Math.cos(heading), speed * Math.sin(heading)];
        // Past the robot at two metres, so that it is seen from all sides.
        const [x0, y0] = [-vx - 2 * Math.sin(heading), -vy + 2 * Math.cos(heading)];
        const { tracks } = watch(2, (t) => walker(x0 + vx * t, y0 + vy * t), { seed, sigma: 0.02 });
        const track = tracks.find(({ state }) => state === "moving")!;
        expect(track).toBeDefined();
        expect(Math.hypot(track.motion.vx - vx, track.motion.vy - vy)).toBeLessThan(0.3);
      }),
      { numRuns: 60 },
    );
  });

  it("takes nothing that stands for moving, however the robot drives past it", () => {
    const scene: SyntheticScene = {
      discs: [
        { x: 4, y: 1, radius: 0.3 },
        { x: 6, y: -1.2, radius: 0.1 },
      ],
      // Two walls with a gap, through which a changing part of a third is seen.
      walls: [
        [2, 2, 4, 2],
        [4.6, 2, 9, 2],
        [1, 4, 9, 4],
      ],
    };
    let seen = 0;
    watch(6, () => scene, {
      sigma: 0.01,
      lidarAt: (t) => ({ x: t, y: 0, yaw: 0.4 * Math.sin(2 * t) }),
      look: (tracker) => {
        seen += moving(tracker).length;
      },
    });
    expect(seen).toBe(0);
  });

  it("follows somebody behind a pillar, and loses them only when they do not come out again", () => {
    const pillar = { x: 2, y: 0, radius: 0.12 };
    const crossing = (t: number): SyntheticScene => ({ discs: [pillar, { x: 3, y: -1.5 + t, radius: 0.2 }] });
    const ids = new Set<number>();
    watch(3, crossing, {
      look: (tracker, t) => {
        if (t > 0.8) for (const { id } of moving(tracker)) ids.add(id);
      },
    });
    expect(ids.size).toBe(1);
    const gone = watch(3, (t) => (t < 1.4 ? crossing(t) : { discs: [pillar] }));
    expect(gone.tracks.filter(({ state }) => state !== "standing")).toEqual([]);
  });

  it("keeps two who pass each other apart", () => {
    const { tracks } = watch(3, (t) => ({
      discs: [
        { x: 3, y: -1.5 + t, radius: 0.2 },
        { x: 4.2, y: 1.5 - t, radius: 0.2 },
      ],
    }));
    const velocities = tracks.filter(({ state }) => state === "moving").map(({ motion }) => Math.round(motion.vy));
    expect(velocities.toSorted((a, b) => a - b)).toEqual([-1, 1]);
  });

  it("calls somebody who stops paused, and after a while standing", () => {
    const states: string[] = [];
    watch(10, (t) => walker(3, -1 + Math.min(t, 1.5)), {
      look: ({ tracks }) => states.push(tracks[0]?.state ?? "lost"),
    });
    expect(states.slice(6)).not.toContain("lost");
    expect(states[14]).toBe("moving");
    expect(states[30]).toBe("paused");
    expect(states.at(-1)).toBe("standing");
  });

  it("reckons with whoever appears where nothing was to be seen as coming at once, until it is known better", () => {
    const wall: SyntheticScene = { walls: [[1, 0.4, 1, 6]] };
    let atFirst: readonly number[] = [];
    watch(2.4, (t) => ({ ...wall, discs: [{ x: 1.5, y: 2.6 - t, radius: 0.25 }] }), {
      look: (tracker, t) => {
        const newcomer = tracker.tracks.find(({ state }) => state === "newcomer");
        if (!newcomer || atFirst.length > 0) return;
        const { rows } = moversAt(tracker, HERE, t * 1000, 1.2);
        atFirst = [...rows.subarray(0, 4)];
      },
    });
    const [x = 0, y = 0, vx = 0, vy = 0] = atFirst;
    expect(Math.hypot(vx, vy)).toBeCloseTo(1.2, 3);
    expect(vx * x + vy * y).toBeLessThan(0);
  });

  it("gives points in the frame of the base, carried on to the moment of asking, and tells their rays from others", () => {
    const tracker = watch(1.5, (t) => ({ ...walker(3, -1 + t), walls: [[-3, -5, -3, 5]] }));
    const base: Pose = { x: 1, y: 0, yaw: Math.PI / 2 };
    const { rows, count } = moversAt(tracker, base, 1700, 1.2);
    expect(count).toBeGreaterThan(2);
    for (let row = 0; row < count; row++) {
      const [x, y, vx, vy] = rows.subarray(4 * row, 4 * row + 4);
      expect(Math.hypot(x! - 0.7, y! + 2)).toBeLessThan(0.4);
      expect(vx).toBeGreaterThan(0.7);
      expect(Math.abs(vy!)).toBeLessThan(0.3);
    }
    const rayAt = (bearing: number): number => Math.round((bearing + Math.PI) / ((2 * Math.PI) / 360));
    expect(isOnMover(tracker.tracks, 1500, rayAt(Math.atan2(0.5, 3)))).toBe(true);
    expect(isOnMover(tracker.tracks, 1500, rayAt(Math.PI * 0.99))).toBe(false);
  });

  it("forgets everything over a silence of the lidar", () => {
    const tracker = watch(1, (t) => walker(3, -1 + t));
    trackScan(tracker, scanOf({}, HERE, 3000), { inMap: HERE, tracked: HERE }, undefined);
    expect(tracker.tracks).toEqual([]);
  });
});
