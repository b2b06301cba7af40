import { expect, test } from "vitest";
import type { Answer } from "#cloud/problem";
import type { PushedContract } from "#cloud/push";
import { readEventData } from "#contract/event-data";
import { distance } from "#lib/geometry";
import { ALWAYS, violationsOf } from "#sim/checkers";
import { DEVICE, draftOf, PICK, scenario, Trial } from "./support.ts";

const OTHER = "amr-08";
const DRAFT = draftOf(scenario("short-pick"));

test("of two concurrent pushes for one task to two devices one is taken, one is a conflict", async () => {
  await using trial = await twoRobots();
  const pushes = [push(trial), push(trial, { deviceId: OTHER })];
  const answers = await Promise.all(pushes.map((answer) => trial.value(answer)));
  expect(answers.map(statusOf).toSorted((a, b) => a - b)).toEqual([201, 409]);
  await trial.until("it is done", () => isDone(trial, DEVICE) || isDone(trial, OTHER), 120);
  await trial.advance(5);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("a push to a device that cannot be heard is a conflict and locks nothing", async () => {
  await using trial = await twoRobots();
  trial.site.network.partition(DEVICE);
  await trial.until("it is projected", () => trial.mode() === "projected", 30);
  const answer = await trial.value(push(trial));
  expect(answer).toMatchObject({ ok: false, problem: { status: 409, mode: "projected" } });
  expect(statusOf(await trial.value(push(trial, { deviceId: OTHER })))).toBe(201);
});

test("a device that never confirms: 504, all stays locked until it is heard, and what it never stored expires", async () => {
  await using trial = await twoRobots();
  trial.site.network.partition(DEVICE);
  expect(statusOf(await trial.value(push(trial)))).toBe(504);
  await trial.advance(60);
  expect(await contractStatus(trial)).toBe("unconfirmed");
  expect(statusOf(await trial.value(push(trial, { deviceId: OTHER })))).toBe(409);

  trial.site.network.heal(DEVICE);
  await trial.until("it is live", () => trial.mode() === "live", 60);
  expect(await contractStatus(trial)).toBe("expired");
  expect(trial.hasEvent("contract.accepted")).toBe(false);
  expect(statusOf(await trial.value(push(trial, { deviceId: OTHER })))).toBe(201);
});

test("a device that had stored what it could not confirm: the contract is accepted when its journal is read", async () => {
  await using trial = await twoRobots();
  // Slow links, so that the answer is still under way when the link breaks.
  trial.site.network.setLink(DEVICE, { delayMs: [300, 300] });
  const answer = push(trial);
  await trial.until("the contract is stored", () => trial.hasEvent("contract.accepted"), 5);
  trial.site.network.setLink(DEVICE, { loss: 1 });
  trial.site.network.partition(DEVICE);
  expect(statusOf(await trial.value(answer))).toBe(504);
  await trial.advance(20);
  expect(await contractStatus(trial)).toBe("unconfirmed");
  expect(statusOf(await trial.value(push(trial, { deviceId: OTHER })))).toBe(409);

  trial.site.network.setLink(DEVICE, { loss: 0, delayMs: [2, 8] });
  trial.site.network.heal(DEVICE);
  await trial.until("it is live", () => trial.mode() === "live", 60);
  expect(["accepted", "running", "completed"]).toContain(await contractStatus(trial));
  await trial.until("it is done", () => isDone(trial, DEVICE), 120);
  await trial.advance(5);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("a pick that keeps failing is retried once by the policy, released, and done by the nearest device that can", async () => {
  await using trial = await twoRobots();
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 20 });
  expect(statusOf(await trial.value(push(trial)))).toBe(201);
  await trial.until("it is released", () => trial.hasEvent("contract.released"), 60);
  const failures = trial.site.journals.get(DEVICE)!.filter(({ type }) => type === "stage.failed");
  const strategies = failures.flatMap(({ data }) => readEventData("stage.failed", data)?.strategy ?? []);
  expect(strategies).toEqual(["retry", "reassign"]);
  // It stands where the other one has to stand.
  trial.site.world.apply({ do: "kidnap", device: DEVICE, to: [3, -8, 0] });

  await trial.until("the other has done it", () => isDone(trial, OTHER), 150);
  await trial.advance(5);
  const { contracts, movements } = await trial.evidence();
  expect(contracts.map(({ deviceId, status, epoch }) => ({ deviceId, status, epoch }))).toEqual([
    { deviceId: OTHER, status: "completed", epoch: 2 },
    { deviceId: DEVICE, status: "reassigned", epoch: 1 },
  ]);
  expect(movements.map(({ kind, robotId }) => [kind, robotId])).toEqual([
    ["pick", OTHER],
    ["place", OTHER],
  ]);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("a lease that ends in an outage: the device winds down and stops before the cloud gives the task on", async () => {
  await using trial = await twoRobots(FAR);
  const constraints = { ...DRAFT.constraints, maxSpeed: CRAWL };
  expect(statusOf(await trial.value(push(trial, { lease: LEASE, constraints })))).toBe(201);
  await trial.advance(2);
  trial.site.network.partition(DEVICE);
  const cutMs = trial.clock.nowMs();

  await trial.until(
    "it has expired",
    () => trial.hasEvent("contract.expired"),
    LEASE.durationSeconds + LEASE.windDownSeconds,
  );
  await trial.advance(2);
  const { pose, velocity } = trial.site.world.truth(DEVICE);
  expect(velocity).toEqual({ linear: 0, angular: 0 });
  expect(trial.hasEvent("contract.accepted", undefined, OTHER)).toBe(false);

  await trial.until("the other has it", () => trial.hasEvent("contract.accepted", undefined, OTHER), 60);
  // Renewals went out with every beat until the link broke, at most 5 s and a little more before.
  const lockedSeconds = (LEASE.durationSeconds + LEASE.windDownSeconds) * 1.001 + 5;
  expect(trial.clock.nowMs() - cutMs).toBeGreaterThanOrEqual((lockedSeconds - 5.5) * 1000);
  expect(distance(trial.site.world.truth(DEVICE).pose, pose)).toBe(0);

  trial.site.network.heal(DEVICE);
  await trial.until("it is live", () => trial.mode() === "live", 60);
  await trial.until("the other has picked", () => trial.hasEvent("movement", "pick-item", OTHER), 120);
  const { contracts, movements } = await trial.evidence();
  expect(contracts.map(({ status }) => status)).toEqual(["running", "reassigned"]);
  expect(movements.map(({ robotId }) => robotId)).toEqual([OTHER]);
  expect(violationsOf(await trial.evidence(), ALWAYS)).toEqual([]);
});

test("a lease that ends in an outage with the item on board is a case for people", async () => {
  await using trial = await twoRobots();
  await trial.value(push(trial, { lease: LEASE }));
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  await trial.advance(1);
  trial.site.network.partition(DEVICE);
  await trial.advance(LEASE.durationSeconds + LEASE.windDownSeconds + 20);
  expect(trial.hasEvent("contract.expired")).toBe(true);
  expect(trial.hasEvent("contract.accepted", undefined, OTHER)).toBe(false);
  expect(statusOf(await trial.value(push(trial, { deviceId: OTHER })))).toBe(409);
  const { rows } = await trial.cloud.listExceptions({ limit: 9 });
  expect(rows.map(({ code }) => code)).toEqual(["load_on_board"]);
  expect(violationsOf(await trial.evidence(), ALWAYS)).toEqual([]);
});

/** Just enough for a pick, which is not begun unless its timeout fits into what is left. */
const LEASE = { durationSeconds: 66, windDownSeconds: 5 };
const CRAWL = 0.12;
/** So far from the rack that the way there outlasts the lease at a crawl. */
const FAR: readonly [number, number, number] = [-5.5, -1, 0];

async function twoRobots(pose?: readonly [number, number, number]): Promise<Trial> {
  const loaded = scenario("two-robots");
  const robots = loaded.scenario.robots.map((robot) =>
    pose && robot.id === DEVICE ? { ...robot, pose: [...pose] as [number, number, number] } : robot,
  );
  return Trial.start({ ...loaded, scenario: { ...loaded.scenario, robots } });
}

function push(trial: Trial, changes: object = {}): Promise<Answer<PushedContract>> {
  return trial.cloud.pushContract({ ...DRAFT, ...changes });
}

function statusOf(answer: Answer<PushedContract>): number {
  return answer.ok ? 201 : answer.problem.status;
}

async function contractStatus(trial: Trial): Promise<string> {
  const view = await trial.value(trial.cloud.getContract(PICK));
  return view.ok ? view.value.status : view.problem.detail;
}

function isDone(trial: Trial, deviceId: string): boolean {
  return trial.hasEvent("contract.completed", undefined, deviceId);
}
