import { distance } from "#lib/geometry";
import { describe, expect, it } from "vitest";
import { startTestBed, type TestBed } from "./test-bed.ts";

const START = { x: 0, y: 0, yaw: 0 };
const world = { mapId: "open", zones: [], forbiddenZones: [] };

function start(): Promise<TestBed> {
  return startTestBed({ start: START, world });
}

it.each([
  { source: "base", blind: "odometry_frozen" },
  { source: "lidar", blind: "scan_frozen" },
] as const)(
  "a robot whose $source repeats itself stops, says so, and drives on when it is well",
  async ({ source, blind }) => {
    await using test = await startTestBed({ start: START, world, circles: [{ x: 0, y: 3, radius: 0.3 }] });
    const goal = { x: 6, y: 0, yaw: 0 };
    await test.drive(goal, 30, { until: ({ velocity }) => velocity.linear > 0.5 });
    test.robot.repeating.add(source);
    const from = test.robot.truth().pose;
    await test.drive(goal, 4, { until: () => false });
    expect(test.report()).toMatchObject({ blind, gate: { action: "stop", reason: blind } });
    expect(test.robot.truth().velocity.linear).toBe(0);
    expect(distance(test.robot.truth().pose, from)).toBeLessThan(2.5);
    test.robot.repeating.delete(source);
    expect((await test.drive(goal, 30)).drive.state).toBe("arrived");
  },
);

describe("a robot that nobody wants to move", () => {
  it.each([
    { source: "lidar", blind: "scan_stale" },
    { source: "base", blind: "odometry_stale" },
  ] as const)("says that it could not when $source is silent, and when it could again", async ({ source, blind }) => {
    await using test = await start();
    expect(test.report().blind).toBeUndefined();
    test.robot.frozen.add(source);
    await test.clock.advance(1000);
    expect(test.report()).toMatchObject({ blind, gate: { action: "pass" } });
    test.robot.frozen.delete(source);
    await test.clock.advance(1000);
    expect(test.report().blind).toBeUndefined();
  });
});
