import { describe, expect, it } from "vitest";
import type { Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { nothingLearned, type LearnedDuration } from "./durations.ts";
import type { Outlook } from "./estimate.ts";
import { confidenceOf, forecastDrive, forecastStage } from "./forecast.ts";

const [go, pick] = exampleContract().stages as [Stage, Stage];
const way = [
  [0, 0],
  [10, 0],
] as const;

function outlook(...known: readonly LearnedDuration[]): Outlook {
  const learned =
    known.length === 0
      ? nothingLearned
      : (action: string, place: string) =>
          known.find((duration) => duration.action === action && duration.place === place);
  return { speed: 0.5, topSpeed: 1, drainPerSecond: 0, routes: new Map(), learned };
}

function pickedAt(place: string, count: number): LearnedDuration {
  return { action: "pick", place, count, mean: 9, variance: 0.25 };
}

describe("the forecast of a stage", () => {
  it("is the contract's own while nothing was learned, and uncertain", () => {
    expect(forecastStage(pick, outlook(), undefined)).toEqual({ seconds: 5, sigmaSeconds: 2 });
  });

  it("comes nearer to experience with every sample, and more certain", () => {
    const one = forecastStage(pick, outlook(pickedAt("rack.shelf-3", 1)), undefined);
    const many = forecastStage(pick, outlook(pickedAt("rack.shelf-3", 99)), undefined);
    expect(one.seconds).toBe(7);
    expect(many.seconds).toBeCloseTo(8.96);
    expect(many.sigmaSeconds).toBeLessThan(one.sigmaSeconds);
  });

  it("does not take one place for another", () => {
    expect(forecastStage(pick, outlook(pickedAt("elsewhere", 99)), undefined).seconds).toBe(5);
  });

  it("of a drive is that of its way, at the pace learned on the way there", () => {
    expect(forecastStage(go, outlook(), way).seconds).toBe(4 + 20);
    const slow = { action: "navigate", place: "rack", count: 9, mean: 4, variance: 0.01 };
    expect(forecastStage(go, outlook(slow), way).seconds).toBeCloseTo(4 + 38);
  });

  it("of a wait is certain", () => {
    const wait = { ...pick, action: "wait", inputs: { seconds: 30 } };
    expect(forecastStage(wait, outlook(), undefined)).toEqual({ seconds: 30, sigmaSeconds: 0 });
  });
});

describe("what is left of a drive", () => {
  it("goes by the plan at first, and by the drive's own speed the further it has come", () => {
    const left = (driven: number, seconds: number): number =>
      forecastDrive(go, outlook(), { driven, seconds, left: 10 }).seconds;
    expect(left(1, 10)).toBe(2 + 20);
    expect(left(10, 40)).toBeCloseTo(2 + 30);
    expect(left(90, 360)).toBeCloseTo(2 + 38);
  });
});

describe("confidence", () => {
  it.each([
    [{ seconds: 100, sigmaSeconds: 0 }, 1],
    [{ seconds: 100, sigmaSeconds: 20 }, 0.683],
    [{ seconds: 100, sigmaSeconds: 10 }, 0.954],
    [{ seconds: 0, sigmaSeconds: 5 }, 0],
  ])("in %o is %d", (forecast, confidence) => {
    expect(confidenceOf(forecast)).toBeCloseTo(confidence, 3);
  });
});
