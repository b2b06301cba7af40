import { expect, test } from "vitest";
import type { ContractView } from "#cloud/views";
import type { FailurePolicy } from "#contract/contract";
import { violationsOf } from "#sim/checkers";
import { DEVICE, draftOf, PICK, scenario, Trial } from "./support.ts";

const OTHER = "amr-08";

test("escalate: the robot waits for a person, who is told, and goes on with the same task when they have helped", async () => {
  await using trial = await pushed([{ when: "true", strategy: "escalate" }]);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 20 });
  await trial.until("it is held", () => trial.hasEvent("contract.held"), 60);
  await trial.advance(30);
  const waiting = await viewOf(trial);
  expect(waiting).toMatchObject({ status: "held", deviceId: DEVICE, mode: "live" });
  expect(waiting.holds).toMatchObject([{ holdId: "escalation:pick-item" }]);
  const { rows } = await trial.cloud.listExceptions({ limit: 9, status: "open" });
  expect(rows).toMatchObject([{ deviceId: DEVICE, contractId: waiting.contractId }]);

  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 0 });
  expect(await trial.value(trial.cloud.resolveException(rows[0]!.id, { by: "ann" }))).toMatchObject({ ok: true });
  expect(await trial.value(trial.cloud.command(PICK, "resume"))).toMatchObject({
    value: { holdId: "escalation:pick-item" },
  });
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await expectEnd(trial, "completed", ["pick", "place"]);
});

test("hold: the robot waits until what it lacks is there, and then goes on by itself", async () => {
  const when = "failure.code == 'driver_failed'";
  const hold = { until: "robot.battery > 0.8", deadlineSeconds: 600 };
  await using trial = await pushed([{ when, strategy: "hold", hold }]);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 20 });
  trial.site.world.apply({ do: "battery", device: DEVICE, charge: 0.6 });
  await trial.until("it is held", () => trial.hasEvent("contract.held"), 60);
  await trial.advance(30);
  expect(await viewOf(trial)).toMatchObject({ status: "held", deviceId: DEVICE, mode: "live" });
  expect(trial.site.world.truth(DEVICE).velocity).toEqual({ linear: 0, angular: 0 });
  expect((await trial.cloud.listExceptions({ limit: 9 })).rows).toEqual([]);

  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 0 });
  trial.site.world.apply({ do: "battery", device: DEVICE, charge: 0.9 });
  await trial.until("it goes on", () => trial.hasEvent("contract.resumed"), 10);
  await trial.advance(2);
  expect(await viewOf(trial)).toMatchObject({ status: "running", holds: [] });
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await expectEnd(trial, "completed", ["pick", "place"]);
});

test("abort: the work ends where it failed, a person is told, and nobody else is given it", async () => {
  await using trial = await pushed([{ when: "true", strategy: "abort" }]);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 20 });
  await trial.until("it has ended", () => trial.hasEvent("contract.aborted"), 90);
  await trial.advance(30);
  const { rows } = await trial.cloud.listExceptions({ limit: 9, status: "open" });
  expect(rows).toMatchObject([{ code: "contract_aborted", deviceId: DEVICE }]);
  const { recovery } = await viewOf(trial);
  expect(recovery.map(({ data }) => data["strategy"])).toEqual(["escalate"]);
  await expectEnd(trial, "aborted", []);
});

/** The pick, given by the real cloud to the real agent beside the rack, while another robot is free to take it. */
async function pushed(rules: FailurePolicy["rules"]): Promise<Trial> {
  const trial = await Trial.start(scenario("two-robots"));
  const draft = draftOf(scenario("short-pick"));
  const failurePolicy: FailurePolicy = { rules, fallback: "escalate", replanBudget: 0, offline: "finish" };
  const answer = await trial.value(trial.cloud.pushContract({ ...draft, failurePolicy }));
  expect(answer).toMatchObject({ ok: true });
  return trial;
}

async function viewOf(trial: Trial): Promise<ContractView> {
  const answer = await trial.value(trial.cloud.getContract(PICK));
  if (!answer.ok) throw answer.problem;
  return answer.value;
}

/** One contract for one device, with these movements, and both sides of one mind about it. */
async function expectEnd(trial: Trial, status: string, moved: readonly string[]): Promise<void> {
  await trial.advance(5);
  const evidence = await trial.evidence();
  expect(evidence.contracts).toMatchObject([{ deviceId: DEVICE, status, epoch: 1 }]);
  expect(evidence.movements.map(({ kind }) => kind)).toEqual(moved);
  expect(evidence.ledger).toHaveLength(moved.length);
  expect(trial.hasEvent("contract.accepted", undefined, OTHER)).toBe(false);
  expect(violationsOf(evidence)).toEqual([]);
}
