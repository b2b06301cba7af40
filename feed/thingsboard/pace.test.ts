import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

describe("a pace", () => {
  it("takes no more than its share in any window", () => {
    const pace = new Pace();
    pace.adopt([
      { count: 10, windowMs: 1000 },
      { count: 30, windowMs: 10_000 },
    ]);
    const takenAtMs: number[] = [];
    for (let nowMs = 0; takenAtMs.length < 60;) {
      const waitMs = pace.waitMs(1, nowMs);
      if (waitMs === 0) {
        pace.take(1, nowMs);
        takenAtMs.push(nowMs);
      }
      nowMs += waitMs;
    }
    const most = (windowMs: number): number =>
      Math.max(...takenAtMs.map((from) => takenAtMs.filter((at) => at >= from && at < from + windowMs).length));
    expect([most(1000), most(10_000)]).toEqual([8, 24]);
  });

  it("does not forget over new rates of the same window", () => {
    const pace = new Pace();
    pace.adopt([{ count: 10, windowMs: 1000 }]);
    pace.take(8, 0);
    pace.adopt([{ count: 10, windowMs: 1000 }]);
    expect(pace.waitMs(1, 400)).toBe(600);
    expect(pace.waitMs(1, 1000)).toBe(0);
  });

  it("does not wait without rates", () => {
    expect(new Pace().waitMs(1e9, 0)).toBe(0);
    expect(new Pace().atOnceMax()).toBe(Infinity);
  });
});
