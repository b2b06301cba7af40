import { describe, expect, it } from "vitest";
import { clockText, lastingText, timeScale, timeToPage } from "./time-scale.ts";

describe("timeScale", () => {
  it.each([0, 1, 37, 158, 300, 4000, 90_000, 3e6])("has round ticks with room between them over %d s", (duration) => {
    const scale = timeScale(100, 1300, duration);
    const places = scale.ticks.map((t) => timeToPage(scale, t));
    const steps = places.slice(1).map((place, at) => place - places[at]!);
    expect(Math.min(...steps, Infinity)).toBeGreaterThanOrEqual(70);
    expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
    expect(places.at(-1)).toBeLessThanOrEqual(1300);
  });

  it("clips moments outside of the axis to its ends", () => {
    const scale = timeScale(100, 1300, 60);
    expect([timeToPage(scale, -5), timeToPage(scale, 30), timeToPage(scale, 99)]).toEqual([100, 700, 1300]);
  });
});

describe("words for times", () => {
  it("writes moments as a clock", () => {
    expect([0, 63.6, 3599.6, 3723].map(clockText)).toEqual(["0:00", "1:04", "1:00:00", "1:02:03"]);
  });

  it("writes lengths in units", () => {
    expect([48, 252, 120, 3600, 7500].map(lastingText)).toEqual(["48 s", "4 min 12 s", "2 min", "1 h", "2 h 5 min"]);
  });
});
