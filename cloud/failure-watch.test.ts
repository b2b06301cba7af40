import { describe, expect, it } from "vitest";
import type { ContractDraft, FailurePolicy, FailureRule } from "#contract/contract";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

interface Rig {
  readonly cloud: CloudFixture;
  readonly device: DeviceFixture;
  readonly other: DeviceFixture;
  readonly contractId: string;
}

/** amr-07 has accepted a contract with these rules, and amr-08 is free. */
async function accepted(rule: Omit<FailureRule, "when">, changes: Partial<ContractDraft> = {}): Promise<Rig> {
  const cloud = await startCloudFixture({ patience: { startSeconds: 30, factor: 3, leastSeconds: 60 } });
  const [device, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const each of [device, other]) await each.connect();
  await cloud.pass(6);
  const failurePolicy: FailurePolicy = {
    rules: [{ when: "true", ...rule }],
    fallback: "escalate",
    replanBudget: 0,
    offline: "finish",
  };
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", { failurePolicy, ...changes })));
  return { cloud, device, other, contractId: device.contracts[0]!.contractId };
}

/** It drives to the rack (20 s, says the contract) and says nothing more. */
async function stuck(rule: Omit<FailureRule, "when">, changes: Partial<ContractDraft> = {}): Promise<Rig> {
  const rig = await accepted(rule, changes);
  const { device, contractId, cloud } = rig;
  device.write("contract.started", {}, { contractId });
  device.write(
    "stage.started",
    { action: "navigate", pose: [0, 0, 0], battery: 0.9 },
    { contractId, stageId: "go-to-rack" },
  );
  await cloud.pass(1);
  return rig;
}

function commandsOf({ device }: Rig): string[] {
  return device.commands.map(({ type }) => type);
}

async function detected({ cloud, contractId }: Rig): Promise<unknown[]> {
  const told = await cloud.store.logAfter(0, 1000, { contractId });
  return told.filter(({ type }) => type === "failure.detected").map(({ data }) => [data["code"], data["strategy"]]);
}

describe("a failure that the device does not tell", () => {
  it("is a contract that a live device does not begin", async () => {
    const rig = await accepted({ strategy: "escalate" });
    await using cloud = rig.cloud;
    await cloud.pass(25);
    expect(await detected(rig)).toEqual([]);
    await cloud.pass(60);
    expect(await detected(rig)).toEqual([["not_started", "escalate"]]);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows).toMatchObject([
      { code: "not_started", severity: "HIGH" },
    ]);
  });

  it("is a stage that makes no progress for a multiple of what it should take", async () => {
    const rig = await stuck({ strategy: "escalate" });
    await using cloud = rig.cloud;
    await cloud.pass(50);
    expect(await detected(rig)).toEqual([]);
    await cloud.pass(120);
    expect(await detected(rig)).toEqual([["stalled", "escalate"]]);
    await cloud.restart();
    await cloud.pass(200);
    expect(await detected(rig)).toHaveLength(1);
  });

  it("is none while there is progress, or a hold", async () => {
    const rig = await stuck({ strategy: "escalate" });
    await using cloud = rig.cloud;
    const about = { contractId: rig.contractId, stageId: "go-to-rack" };
    for (let share = 1; share < 6; share++) {
      rig.device.write("stage.progress", { share: share / 10, pose: [share, 0, 0], battery: 0.9 }, about);
      await cloud.pass(40);
    }
    rig.device.write("contract.held", { holdId: "console", by: "console" }, { contractId: rig.contractId });
    await cloud.pass(300);
    expect(await detected(rig)).toEqual([]);
  });

  it("is a window that passes while the device is out of reach", async () => {
    const constraints = { battery: { minimum: 0.2 }, window: { maxDurationSeconds: 100 }, zones: {} };
    const rig = await stuck({ strategy: "escalate" }, { constraints });
    await using cloud = rig.cloud;
    await rig.device.disconnect("cut");
    await cloud.pass(90);
    expect(await detected(rig)).toEqual([]);
    await cloud.pass(30);
    expect(await detected(rig)).toEqual([["window_passed", "escalate"]]);
  });
});

describe("the policy's answer to it", () => {
  it("retry lets the stage begin anew, as often as the rule says, then the next rule decides", async () => {
    const rig = await stuck({ strategy: "retry", retry: { attempts: 1, backoffSeconds: 0 } });
    await using cloud = rig.cloud;
    await cloud.pass(70);
    expect(commandsOf(rig)).toEqual(["hold", "resume"]);
    await cloud.pass(70);
    expect(await detected(rig)).toEqual([
      ["stalled", "retry"],
      ["stalled", "escalate"],
    ]);
  });

  it("reassign calls the contract back, and gives the task on once the device has let go", async () => {
    const rig = await stuck({ strategy: "reassign" });
    await using cloud = rig.cloud;
    rig.device.obeys = false;
    await cloud.pass(70);
    expect(commandsOf(rig)).toContain("revoke");
    expect(rig.other.contracts).toEqual([]);
    rig.device.obeys = true;
    await cloud.pass(15);
    expect(rig.other.contracts).toMatchObject([{ taskId: "task-1", epoch: 2 }]);
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({
      value: { contracts: [{ status: "reassigned" }, { deviceId: "amr-08" }] },
    });
  });

  it("reassign leaves a task with a device out of reach until its lease has ended", async () => {
    const constraints = { battery: { minimum: 0.2 }, window: { maxDurationSeconds: 20 }, zones: {} };
    const lease = { durationSeconds: 100, windDownSeconds: 10 };
    const rig = await stuck({ strategy: "reassign" }, { constraints, lease });
    await using cloud = rig.cloud;
    await rig.device.disconnect("cut");
    await cloud.pass(100);
    expect(await detected(rig)).toEqual([["window_passed", "reassign"]]);
    expect(rig.other.contracts).toEqual([]);
    await cloud.pass(30);
    expect(rig.other.contracts).toMatchObject([{ epoch: 2 }]);
  });

  it("hold pauses until the condition changes, and goes on then", async () => {
    const rig = await stuck({ strategy: "hold", hold: { until: "robot.battery > 0.95", deadlineSeconds: 600 } });
    await using cloud = rig.cloud;
    await cloud.pass(120);
    expect(commandsOf(rig)).toEqual(["hold"]);
    const about = { contractId: rig.contractId, stageId: "go-to-rack" };
    rig.device.write("stage.progress", { share: 0.1, battery: 0.97 }, about);
    await cloud.pass(10);
    expect(commandsOf(rig)).toEqual(["hold", "resume"]);
    expect(await cloud.cloud.getContract(rig.contractId)).toMatchObject({ value: { status: "running" } });
  });

  it("hold goes before a person when its time is up", async () => {
    const rig = await stuck({ strategy: "hold", hold: { until: "false", deadlineSeconds: 100 } });
    await using cloud = rig.cloud;
    await cloud.pass(300);
    expect(commandsOf(rig)).toEqual(["hold"]);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows).toMatchObject([{ code: "stalled" }]);
  });

  it("abort cancels", async () => {
    const rig = await stuck({ strategy: "abort" });
    await using cloud = rig.cloud;
    await cloud.pass(80);
    expect(await cloud.cloud.getContract(rig.contractId)).toMatchObject({ value: { status: "cancelled" } });
  });
});
