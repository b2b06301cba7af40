import { expect, test } from "vitest";
import { distance, isInside, poseFrom } from "#lib/geometry";
import { ALWAYS, violationsOf } from "#sim/checkers";
import type { ContractDraft, FailurePolicy } from "#contract/contract";
import { DEVICE, scenario, Trial } from "./support.ts";

const landmark = ({ spatial }: ContractDraft, id: string): { x: number; y: number } =>
  poseFrom(spatial.landmarks.find((mark) => mark.id === id)!.pose);

test("cut off, a robot whose contract says return-home goes home, and goes on when the link is back", async () => {
  const { trial, draft } = await started((policy) => ({ ...policy, offline: "return-home" }));
  await using _ending = trial;
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  trial.site.network.partition(DEVICE);
  await trial.until("it is home", () => trial.hasEvent("stage.completed", "drive-home"), 180);
  expect(distance(trial.site.world.truth(DEVICE).pose, landmark(draft, "amr-staging"))).toBeLessThan(0.4);
  expect(Object.values(trial.agent().state().contracts).at(-1)?.status).toBe("held");

  trial.site.network.heal(DEVICE);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 240);
  await expectSafe(trial);
});

test("an aborted contract puts its load back and leaves the aisle, far from any cloud", async () => {
  const { trial, draft } = await started((policy) => ({
    ...policy,
    rules: [{ when: "true", strategy: "abort" }],
    replanBudget: 0,
  }));
  await using _ending = trial;
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  trial.site.network.partition(DEVICE);
  trial.site.world.apply({ do: "battery", device: DEVICE, charge: 0.15 });
  await trial.until("it has ended", () => trial.hasEvent("contract.aborted"), 240);
  const kinds = trial.site.journals
    .get(DEVICE)!
    .flatMap(({ type, data }) => (type === "movement" ? [data["kind"]] : []));
  expect(kinds).toEqual(["PICK", "PUT"]);
  expect(isInAisle(draft, trial.site.world.truth(DEVICE).pose)).toBe(false);
  await expectSafe(trial);
});

test("a lease that ends in the aisle: the robot is out of it, and stands, when the time to wind down is over", async () => {
  const lease = { durationSeconds: 75, windDownSeconds: 60 };
  const { trial, draft } = await started((policy) => policy, { lease });
  await using _ending = trial;
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  trial.site.network.partition(DEVICE);
  await trial.until("its lease has ended", () => trial.hasEvent("constraint.violated"), lease.durationSeconds + 10);
  const endedMs = trial.clock.nowMs();
  await trial.until("it is given up", () => trial.hasEvent("contract.expired"), lease.windDownSeconds + 1);
  expect(trial.clock.nowMs() - endedMs).toBeLessThanOrEqual(lease.windDownSeconds * 1000 + 500);
  const { pose, velocity } = trial.site.world.truth(DEVICE);
  expect(velocity).toEqual({ linear: 0, angular: 0 });
  expect(isInAisle(draft, pose)).toBe(false);
  await expectSafe(trial);
});

test("a technician's jogs move a robot without a contract as far as they say, and no farther", async () => {
  const loaded = scenario("short-pick");
  await using trial = await Trial.start({ ...loaded, contracts: [] });
  await trial.until("the robot knows where it is", () => trial.agent().safety().mode === "normal", 10);
  const before = trial.site.world.truth(DEVICE).pose;
  expect(await trial.value(trial.agent().jog({ x: -0.4, y: 0, yaw: 0 }), 40)).toMatchObject({ ok: true });
  const way = distance(trial.site.world.truth(DEVICE).pose, before);
  expect(Math.abs(way - 0.4)).toBeLessThan(0.08);
  expect(await trial.value(trial.agent().jog({ x: 0, y: 0, yaw: 0.7 }), 40)).toMatchObject({ ok: true });
  expect(Math.abs(trial.site.world.truth(DEVICE).pose.yaw - before.yaw - 0.7)).toBeLessThan(0.2);
  expect(await trial.value(trial.agent().jog({ x: 5, y: 0, yaw: 0 }))).toMatchObject({ reason: "out_of_bounds" });
  await expectSafe(trial);
});

/** The short pick under another failure policy. */
async function started(
  change: (policy: FailurePolicy) => FailurePolicy,
  changes: Partial<ContractDraft> = {},
): Promise<{ trial: Trial; draft: ContractDraft }> {
  const loaded = scenario("short-pick");
  const [first] = loaded.contracts;
  // Slow enough that no stage is over before the link is given up.
  const constraints = { ...first!.draft.constraints, maxSpeed: 0.4 };
  const failurePolicy = change(first!.draft.failurePolicy!);
  const draft = { ...first!.draft, ...changes, constraints, failurePolicy };
  return { trial: await Trial.start({ ...loaded, contracts: [{ ...first!, draft }] }), draft };
}

function isInAisle({ spatial }: ContractDraft, { x, y }: { x: number; y: number }): boolean {
  return isInside([x, y], spatial.zones.find(({ id }) => id === "rack-aisle-b")!.polygon);
}

async function expectSafe(trial: Trial): Promise<void> {
  expect(violationsOf(await trial.evidence(), ALWAYS)).toEqual([]);
}
