import { describe, expect, it } from "vitest";
import { learn, nothingLearned, placeOf, sampleOf, type DurationSample, type LearnedDuration } from "./durations.ts";
import { attemptAt, DRIVING, situationAfter } from "./situation-fixture.ts";

function after(samples: readonly DurationSample[]): LearnedDuration | undefined {
  return samples.reduce<LearnedDuration | undefined>((known, sample) => learn(sample, () => known) ?? known, undefined);
}

function pick(seconds: number): DurationSample {
  return { stage: { action: "pick", inputs: { sku: "A", quantity: 1, from: "rack" } }, seconds, distance: 0 };
}

function drive(seconds: number, distance: number): DurationSample {
  return { stage: { action: "navigate", inputs: { to: "rack" } }, seconds, distance };
}

describe("a duration", () => {
  it("is the mean of few samples, with their variance", () => {
    expect(after([pick(4), pick(6)])).toEqual({ action: "pick", place: "rack", count: 2, mean: 5, variance: 1 });
  });

  it("follows a place that has changed: after many samples, each new one counts a fifth", () => {
    const before = Array.from({ length: 20 }, () => pick(5));
    expect(after([...before, pick(10)])?.mean).toBeCloseTo(6, 1);
    expect(after([...before, ...Array.from({ length: 20 }, () => pick(10))])?.mean).toBeCloseTo(10, 0);
  });

  it("of a drive is a pace, so that ways of any length teach the same", () => {
    expect(after([drive(4 + 10, 10), drive(4 + 40, 40)])).toMatchObject({ mean: 1, variance: 0 });
  });

  it("is not learned from what says nothing: a step aside, or a wait that takes as long as it was told to", () => {
    expect(learn(drive(8, 0.3), nothingLearned)).toBeUndefined();
    const wait = { stage: { action: "wait", inputs: { seconds: 3 } }, seconds: 3, distance: 0 };
    expect(learn(wait, nothingLearned)).toBeUndefined();
  });
});

describe("the place of an action", () => {
  it.each([
    [{ to: "rack" }, "rack"],
    [{ sku: "A", quantity: 1, from: "rack.shelf-3" }, "rack.shelf-3"],
    [{ to: [3.2, -1.4, 1.57] }, "3,-1"],
    [{ expect: "4711" }, ""],
  ])("of %o is %o", (inputs, place) => {
    expect(placeOf({ inputs })).toBe(place);
  });
});

describe("a sample", () => {
  it("is of the attempt itself, not of the stage with its failures and holds", () => {
    const activity = { attempts: [attemptAt("go-to-rack", "navigate", { drivenAtStart: 2 })] };
    const situation = situationAfter(DRIVING, { activity, robot: { driven: 6 } });
    expect(sampleOf(situation, "go-to-rack")).toMatchObject({ seconds: 10, distance: 4 });
  });

  it("is not there for a stage that this process has not seen run", () => {
    expect(sampleOf(situationAfter(DRIVING), "go-to-rack")).toBeUndefined();
  });
});
