import { describe, expect, it } from "vitest";
import { createProgressWatch, watchProgress } from "./progress-watch.ts";

const START = { x: 0, y: 0, yaw: 0 };

describe("progress watch", () => {
  it("counts how long the robot has stood, however its pose trembles", () => {
    const watch = createProgressWatch(START, 0);
    let stuckMs = 0;
    for (let atMs = 0; atMs <= 4000; atMs += 50) {
      const x = atMs % 100 === 0 ? 0.03 : -0.03;
      stuckMs = watchProgress(watch, { x, y: 0, yaw: 0.1 }, 5 - x, atMs);
    }
    expect(stuckMs).toBe(4000);
  });

  it("starts anew when the robot gets nearer, gets away, or turns towards where it must go", () => {
    const watch = createProgressWatch(START, 0);
    watchProgress(watch, START, 5, 0);
    expect(watchProgress(watch, { x: 0.1, y: 0, yaw: 0 }, 4.85, 3000)).toBe(0);
    expect(watchProgress(watch, { x: 0.1, y: 0.6, yaw: 0 }, 9, 4000)).toBe(0);
    expect(watchProgress(watch, { x: 0.1, y: 0.6, yaw: 0.4 }, 9, 5000)).toBe(0);
    expect(watchProgress(watch, { x: 0.1, y: 0.6, yaw: 0.4 }, 9, 6000)).toBe(1000);
  });

  it("does not take backing out and trying again for progress", () => {
    const watch = createProgressWatch(START, 0);
    watchProgress(watch, START, 5, 0);
    let stuckMs = 0;
    for (let atMs = 0; atMs <= 20_000; atMs += 50) {
      const back = 0.35 * Math.abs(Math.sin(atMs / 3000));
      stuckMs = watchProgress(watch, { x: -back, y: 0, yaw: 0 }, 5 + back, atMs);
    }
    expect(stuckMs).toBe(20_000);
  });

  it("does not take turning round and round for progress", () => {
    const watch = createProgressWatch(START, 0);
    let stuckMs = 0;
    for (let atMs = 0; atMs <= 60_000; atMs += 100) {
      stuckMs = watchProgress(watch, { x: 0, y: 0, yaw: atMs / 1000 }, 5, atMs);
    }
    expect(stuckMs).toBeGreaterThan(40_000);
  });

  it("remembers the last metre and a half of the way here", () => {
    const watch = createProgressWatch(START, 0);
    for (let step = 0; step <= 400; step++) watchProgress(watch, { x: step / 100, y: 0, yaw: 0 }, 5, step * 20);
    expect(watch.trail.at(-1)!.x).toBeCloseTo(4, 0);
    expect(watch.trail[0]!.x).toBeGreaterThan(2.3);
    expect(watch.trail[0]!.x).toBeLessThan(2.8);
  });
});
