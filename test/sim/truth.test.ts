import { expect, test } from "vitest";
import { distance, type Pose } from "#lib/geometry";
import { violationsOf } from "#sim/checkers";
import { DEVICE, scenario, Trial } from "./support.ts";

/** How wrong a robot may be about its place once its position source has spoken, in metres. */
const KNOWN = 0.12;
const CARRIED = 0.3;
const SITES = ["rack-b-12.shelf-3", "packing-station-2.conveyor"];

test("a robot that is carried off its place learns it from its sensors only, and completes", async () => {
  await using trial = await driving();
  const before = trial.agent().robot().pose!;
  expect(distance(before, truthOf(trial))).toBeLessThan(KNOWN);
  carry(trial);
  // Nothing was sensed yet: whoever reads the truth would know already.
  expect(distance(trial.agent().robot().pose!, before)).toBe(0);
  expect(distance(trial.agent().robot().pose!, truthOf(trial))).toBeGreaterThan(CARRIED - KNOWN);

  await trial.until("it knows where it is", () => errorOf(trial) < KNOWN, 10);
  await expectDone(trial);
});

test("without its position source a robot that is carried off its place does not notice", async () => {
  await using trial = await driving();
  trial.site.world.apply({ do: "driver-fault", device: DEVICE, driver: "position", forMs: 4000 });
  await trial.advance(0.5);
  carry(trial);
  await trial.advance(3);
  expect(errorOf(trial)).toBeGreaterThan(CARRIED - KNOWN);

  await trial.until("it knows where it is", () => errorOf(trial) < KNOWN, 15);
  await expectDone(trial);
});

test("noise that the position source does not admit moves no stage away from its place", async () => {
  await using trial = await driving();
  trial.site.world.apply({ do: "sensor-noise", device: DEVICE, driver: "position", factor: 3 });
  await expectDone(trial);
  expect(trial.site.world.movements().map(({ site }) => site)).toEqual(SITES);
});

test.each<[string, [number, number, number]]>([
  ["far away", [400, -250, 0]],
  ["turned round", [0, 0, Math.PI]],
  ["far away and turned", [-90, 75, 2]],
])("a frame of odometry that is %s leads to the same work", async (_where, odometryOrigin) => {
  const loaded = scenario("short-pick");
  const robots = loaded.scenario.robots.map((robot) => ({ ...robot, odometryOrigin }));
  await using trial = await Trial.start({ ...loaded, scenario: { ...loaded.scenario, robots } });
  await expectDone(trial);
  undisturbed ??= driveUndisturbed();
  expect(trial.site.world.metrics(DEVICE).distance).toBeCloseTo(await undisturbed, 0);
});

/** The pick with the item on board, under way to packing. */
async function driving(): Promise<Trial> {
  const trial = await Trial.start(scenario("short-pick"));
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  await trial.until("it drives fast", () => trial.site.world.truth(DEVICE).velocity.linear > 0.8, 20);
  return trial;
}

/** Metres of the same work, from one run for all that ask. */
let undisturbed: Promise<number> | undefined;

async function driveUndisturbed(): Promise<number> {
  await using trial = await Trial.start(scenario("short-pick"));
  await expectDone(trial);
  return trial.site.world.metrics(DEVICE).distance;
}

function truthOf(trial: Trial): Pose {
  return trial.site.world.truth(DEVICE).pose;
}

/** How far the robot believes to be from where it is. */
function errorOf(trial: Trial): number {
  return distance(trial.agent().robot().pose!, truthOf(trial));
}

/** To its left, so that neither wheels nor heading tell. */
function carry(trial: Trial): void {
  const { x, y, yaw } = truthOf(trial);
  const to: [number, number, number] = [x - CARRIED * Math.sin(yaw), y + CARRIED * Math.cos(yaw), yaw];
  trial.site.world.apply({ do: "kidnap", device: DEVICE, to });
}

async function expectDone(trial: Trial): Promise<void> {
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 100);
  await trial.advance(3);
  expect(violationsOf(await trial.evidence())).toEqual([]);
}
