import { expect, test } from "vitest";
import type { CommandView } from "#cloud/views";
import { distance } from "#lib/geometry";
import { violationsOf } from "#sim/checkers";
import type { RobotTruth } from "#sim/world/robot";
import { DEVICE, PICK, scenario, Trial } from "./support.ts";

/** How hard the robot of these tests brakes, and how long it may take until it does. */
const DECELERATION = 1.2;
const REACTION_SECONDS = 0.3;

test("held over the cloud, the robot stands within its braking distance until it is resumed", async () => {
  await using trial = await driving();
  await order(trial, "hold");
  await trial.until("the hold is journaled", () => trial.hasEvent("contract.held"), 5);
  await expectStandingFrom(trial, truth(trial));
  await trial.advance(10);
  expect(await statusOf(trial)).toBe("held");

  await order(trial, "resume");
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 60);
  await expectSettled(trial, "completed");
});

test("cancelled over the cloud, the robot stands and begins nothing more", async () => {
  await using trial = await driving();
  await order(trial, "cancel");
  await trial.until("the end is journaled", () => trial.hasEvent("contract.cancelled"), 5);
  await expectStandingFrom(trial, truth(trial));
  const { pose } = truth(trial);
  await trial.advance(20);
  expect(distance(truth(trial).pose, pose)).toBe(0);
  await expectSettled(trial, "cancelled");
});

test("an order that comes after the end is refused and changes nothing", async () => {
  await using trial = await driving();
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 60);
  await trial.advance(2);
  const answer = await trial.value(trial.cloud.command(PICK, "cancel"));
  expect(answer.ok ? 202 : answer.problem.status).toBe(409);
  await expectSettled(trial, "completed");
});

test("a hold that is ordered during an outage is kept, and obeyed on return", async () => {
  await using trial = await driving();
  await cutOff(trial);
  expect((await order(trial, "hold")).delivery).toBe("kept");
  expect(trial.hasEvent("contract.held")).toBe(false);
  trial.site.network.heal(DEVICE);
  await trial.until("the hold is journaled", () => trial.hasEvent("contract.held"), 60);
  await expectStandingFrom(trial, truth(trial));

  await trial.until("it is live", () => trial.mode() === "live", 10);
  await order(trial, "resume");
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 60);
  await expectSettled(trial, "completed");
});

test("hold and resume during one outage are obeyed in their order", async () => {
  await using trial = await driving();
  await cutOff(trial);
  await order(trial, "hold");
  await order(trial, "resume");
  trial.site.network.heal(DEVICE);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  const types = trial.site.journals.get(DEVICE)!.map(({ type }) => type);
  expect(types.filter((type) => type === "contract.held" || type === "contract.resumed")).toEqual([
    "contract.held",
    "contract.resumed",
  ]);
  await expectSettled(trial, "completed");
});

test("a cancel that is ordered during an outage is kept, and ends the contract on return", async () => {
  await using trial = await driving();
  await cutOff(trial);
  expect((await order(trial, "cancel")).delivery).toBe("kept");
  trial.site.network.heal(DEVICE);
  await trial.until("the end is journaled", () => trial.hasEvent("contract.cancelled"), 60);
  await trial.until("it is live", () => trial.mode() === "live", 10);
  await trial.advance(10);
  await expectSettled(trial, "cancelled");
});

test("a cancel that meets a contract completed in the outage loses", async () => {
  await using trial = await driving();
  trial.site.network.partition(DEVICE);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 60);
  await order(trial, "cancel");
  trial.site.network.heal(DEVICE);
  await trial.until("it is live", () => trial.mode() === "live", 60);
  await trial.advance(10);
  expect(trial.hasEvent("command.refused")).toBe(true);
  await expectSettled(trial, "completed");
});

test("the cloud's resume clears no hold of the robot's own safety", async () => {
  await using trial = await driving();
  await order(trial, "hold");
  await trial.until("the hold is journaled", () => trial.hasEvent("contract.held"), 5);
  trial.agent().pressEstop("somebody pressed the button");
  await trial.until("safety holds too", () => holdsOf(trial).includes("safety"), 5);
  await order(trial, "resume");
  await trial.until("the cloud's hold is gone", () => !holdsOf(trial).includes("cloud"), 5);
  await trial.advance(5);
  expect(holdsOf(trial)).toEqual(["safety"]);
  expect(truth(trial).velocity).toEqual({ linear: 0, angular: 0 });

  await order(trial, "hold");
  await trial.until("the cloud holds again", () => holdsOf(trial).includes("cloud"), 5);
  trial.agent().releaseEstop();
  await trial.until("safety has let go", () => !holdsOf(trial).includes("safety"), 5);
  await trial.advance(5);
  expect(holdsOf(trial)).toEqual(["cloud"]);
  expect(truth(trial).velocity).toEqual({ linear: 0, angular: 0 });
});

/** The pick, with the item on board and the robot on its way to packing at full speed. */
async function driving(): Promise<Trial> {
  const trial = await Trial.start(scenario("short-pick"));
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  await trial.until("it drives fast", () => truth(trial).velocity.linear > 0.8, 20);
  return trial;
}

async function cutOff(trial: Trial): Promise<void> {
  trial.site.network.partition(DEVICE);
  await trial.until("it is projected", () => trial.mode() === "projected", 30);
  expect(trial.hasEvent("contract.completed")).toBe(false);
}

async function order(trial: Trial, type: CommandView["type"]): Promise<CommandView> {
  const answer = await trial.value(trial.cloud.command(PICK, type));
  if (!answer.ok) throw answer.problem;
  return answer.value;
}

function truth(trial: Trial): RobotTruth {
  return trial.site.world.truth(DEVICE);
}

async function expectStandingFrom(trial: Trial, start: RobotTruth): Promise<void> {
  const speed = Math.max(start.velocity.linear, 0);
  await trial.advance(3);
  const end = truth(trial);
  expect(end.velocity).toEqual({ linear: 0, angular: 0 });
  const braking = speed * REACTION_SECONDS + speed ** 2 / (2 * DECELERATION);
  expect(distance(end.pose, start.pose)).toBeLessThanOrEqual(braking);
  await trial.advance(3);
  expect(distance(truth(trial).pose, end.pose)).toBe(0);
}

function holdsOf(trial: Trial): string[] {
  const contract = Object.values(trial.agent().state().contracts).at(-1);
  return contract?.holds.map(({ by }) => by) ?? [];
}

async function statusOf(trial: Trial): Promise<string> {
  const view = await trial.value(trial.cloud.getContract(PICK));
  return view.ok ? view.value.status : view.problem.detail;
}

async function expectSettled(trial: Trial, status: string): Promise<void> {
  await trial.advance(5);
  expect(await statusOf(trial)).toBe(status);
  expect(violationsOf(await trial.evidence())).toEqual([]);
}
