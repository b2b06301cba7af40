import { describe, expect, it } from "vitest";
import type { StageSample } from "./estimator.ts";
import { createExperience } from "./experience.ts";

const DRIVE: StageSample = {
  deviceKind: "amr",
  action: "navigate",
  from: "dock",
  to: "rack",
  metres: 10,
  seconds: 20,
  batteryUsed: 0.01,
};
const PICK: StageSample = { deviceKind: "amr", action: "pick", to: "shelf", seconds: 6, batteryUsed: 0.003 };

describe("experience", () => {
  it("knows nothing before it has learned, and nothing of other kinds of devices", () => {
    const experience = createExperience();
    expect(experience.forecast(DRIVE)).toBeUndefined();
    experience.learn(DRIVE);
    expect(experience.forecast({ ...DRIVE, deviceKind: "cleaner" })).toBeUndefined();
    expect(experience.forecast(PICK)).toBeUndefined();
  });

  it("knows drives from landmark to landmark, one way apart from the other", () => {
    const experience = createExperience();
    const back = { ...DRIVE, from: "rack", to: "dock", seconds: 35 };
    for (const sample of [DRIVE, back]) experience.learn(sample);
    expect(experience.forecast(DRIVE)!.seconds).toBeCloseTo(20, 9);
    expect(experience.forecast(back)!.seconds).toBeCloseTo(35, 9);
  });

  it("expects the usual pace between other landmarks, and nothing where the distance is not known", () => {
    const experience = createExperience();
    experience.learn(DRIVE);
    const { metres: _metres, ...unknown } = { ...DRIVE, to: "station" };
    expect(experience.forecast({ ...DRIVE, to: "station", metres: 4 })!.seconds).toBeCloseTo(8, 9);
    expect(experience.forecast(unknown)).toBeUndefined();
  });

  it("learns no pace from turning on the spot", () => {
    const experience = createExperience();
    experience.learn({ ...DRIVE, metres: 0.1 });
    expect(experience.forecast({ ...DRIVE, to: "station", metres: 4 })).toBeUndefined();
  });

  it("expects at a new place what such work takes elsewhere", () => {
    const experience = createExperience();
    experience.learn(PICK);
    expect(experience.forecast({ ...PICK, to: "other-shelf" })!.seconds).toBeCloseTo(6, 9);
  });

  it("follows a site that changes, and grows surer where nothing does", () => {
    const experience = createExperience();
    experience.learn(DRIVE);
    const { sigmaSeconds } = experience.forecast(DRIVE)!;
    for (let times = 0; times < 30; times++) experience.learn(DRIVE);
    expect(experience.forecast(DRIVE)!.sigmaSeconds).toBeLessThan(sigmaSeconds / 2);
    for (let times = 0; times < 30; times++) experience.learn({ ...DRIVE, seconds: 40 });
    expect(experience.forecast(DRIVE)!.seconds).toBeGreaterThan(39);
  });

  it("knows what each action drains in a second", () => {
    const experience = createExperience();
    for (const sample of [DRIVE, PICK, { ...PICK, batteryUsed: -0.1, deviceKind: "charging" }])
      experience.learn(sample);
    expect(experience.forecast(DRIVE)!.drainPerSecond).toBeCloseTo(0.0005, 9);
    expect(experience.forecast(PICK)!.drainPerSecond).toBeCloseTo(0.0005, 9);
    expect(experience.forecast({ ...PICK, deviceKind: "charging" })!.drainPerSecond).toBe(0);
  });
});
