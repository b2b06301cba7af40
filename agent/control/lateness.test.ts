import { describe, expect, it } from "vitest";
import { createLateness } from "./lateness.ts";

describe("lateness", () => {
  it("tells the longest and the share that came in time", () => {
    const lateness = createLateness();
    for (let tick = 0; tick < 98; tick++) lateness.record(0.1);
    lateness.record(4.1);
    lateness.record(30);
    expect(lateness.maxMs()).toBe(30);
    expect(lateness.quantileMs(0.5)).toBe(0.25);
    expect(lateness.quantileMs(0.99)).toBe(4.25);
    expect(lateness.quantileMs(1)).toBe(30);
  });

  it("puts what is later than its range into its last bucket and keeps the maximum", () => {
    const lateness = createLateness();
    lateness.record(700);
    expect(lateness.maxMs()).toBe(700);
    expect(lateness.quantileMs(0.99)).toBe(50);
  });

  it("is zero before the first tick", () => {
    expect(createLateness().quantileMs(0.99)).toBe(0);
  });
});
