import { expect, test } from "vitest";
import { runRecorded } from "#sim/recorded-run";
import type { DeviceRecord, MotionRecord } from "#sim/record";
import { simulate } from "#sim/simulate";
import { DEVICE, scenario } from "./support.ts";

const OPTIONS = { seed: 3, realMs: () => 0 };
const BLOCKED = scenario("short-pick", {
  obstacles: [{ circle: [2.9, -3.6, 0.3] }],
  people: [
    {
      path: [
        [-6, 3],
        [2, 3],
      ],
      speed: 0.5,
      radius: 0.25,
    },
  ],
  expect: [
    { name: "done", that: "contract('pick-4521').status == 'completed'" },
    { name: "stays near", that: `robot('${DEVICE}').distance < 1.0` },
  ],
});

test("a run that is recorded is the same run", async () => {
  const [bare, recorded] = [await simulate(BLOCKED, OPTIONS), await runRecorded(BLOCKED, OPTIONS)];
  expect(recorded.simulation.result.digest).toBe(bare.result.digest);
});

test("what the motion loop saw and decided is kept at a bounded rate", async () => {
  const { record } = await runRecorded(BLOCKED, OPTIONS);
  const motion = motionOf(record.devices[0]!);
  expect(motion.scans.length).toBeGreaterThan(record.duration);
  expect(motion.scans.length).toBeLessThanOrEqual(record.duration * 2 + 1);
  expect(motion.gate.length).toBeLessThanOrEqual(record.duration * 5);
  expect(motion.routes.length).toBeLessThanOrEqual(record.duration * 2);
  expect(Math.max(...motion.scans.map(({ ranges }) => ranges.length))).toBeLessThanOrEqual(180);
  const times = [motion.scans, motion.gate, motion.routes].map((entries) => entries.map(({ t }) => t));
  expect(times).toEqual(times.map((each) => each.toSorted((a, b) => a - b)));
});

test("a costmap holds the map's closed cells and the obstacle that only the lidar saw", async () => {
  const { record } = await runRecorded(BLOCKED, OPTIONS);
  const { frame, levels, closed, observed, rings } = motionOf(record.devices[0]!).costmaps[0]!;
  expect(new Set(levels)).toContain(0);
  expect(new Set(levels)).toContain(closed);
  expect(rings.map(({ radius }) => radius)).toEqual(rings.map(({ radius }) => radius).toSorted((a, b) => a - b));
  const near = observed
    .flatMap(({ appeared }) => appeared)
    .filter((cell) => {
      const x = frame.originX + ((cell % frame.width) + 0.5) * frame.resolution;
      const y = frame.originY + (Math.floor(cell / frame.width) + 0.5) * frame.resolution;
      return Math.abs(Math.hypot(x - 2.9, y + 3.6) - 0.3) < 0.2;
    });
  expect(near.length).toBeGreaterThan(2);
});

test("a missed expectation says when and where: the robot, and the moment at which it was lost", async () => {
  const { record } = await runRecorded(BLOCKED, OPTIONS);
  expect(record.outcome).toBe("failed");
  expect(record.expectations[0]!.verdict).toEqual({ is: "met" });
  const { verdict } = record.expectations[1]!;
  expect(verdict).toMatchObject({ is: "missed", how: "became-false", devices: [DEVICE] });
  const mark = record.devices[0]!.marks.find(({ kind }) => kind === "violation");
  expect(mark?.text).toBe("expectation lost: stays near");
  const start = record.devices[0]!.truth[0]!;
  const driven = Math.hypot(mark!.at![0] - start.x, mark!.at![1] - start.y);
  expect(driven).toBeGreaterThan(0.5);
  expect(driven).toBeLessThan(3);
});

test("people are recorded where they walked", async () => {
  const { record } = await runRecorded(BLOCKED, OPTIONS);
  const [person] = record.movers;
  expect(person!.samples.length).toBeGreaterThan(record.duration - 2);
  expect(person!.samples.every(({ y }) => Math.abs(y - 3) < 1e-9)).toBe(true);
});

function motionOf(device: DeviceRecord): MotionRecord {
  expect(device.motion).toBeDefined();
  return device.motion!;
}
