import { describe, expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

interface Rig {
  readonly cloud: CloudFixture;
  readonly holder: DeviceFixture;
  readonly other: DeviceFixture;
  readonly contractId: string;
}

/** amr-07 has begun task-1 and cannot be heard any more. */
async function outOfReach(): Promise<Rig> {
  const cloud = await startCloudFixture();
  const [holder, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const device of [holder, other]) await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  const { contractId } = holder.contracts[0]!;
  holder.write("contract.started", {}, { contractId });
  await cloud.pass(1);
  await holder.disconnect("cut");
  await cloud.pass(1);
  return { cloud, holder, other, contractId };
}

const ORDER = { by: "Ada", reason: "the robot is in the workshop" };

describe("a release by force", () => {
  it("is not done before its warning is confirmed, and the warning says what could happen", async () => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    const asked = await cloud.cloud.forceRelease("task-1", ORDER);
    expect(asked).toMatchObject({ ok: false, problem: { status: 409, contractId: rig.contractId } });
    expect(asked.ok ? "" : asked.problem.detail).toMatch(
      /may still be working .* done twice.* lease has surely ended at 20/,
    );
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "running", epoch: 1 } });
  });

  it("frees device and task under a new epoch, and tells who did it", async () => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    const freed = await cloud.cloud.forceRelease("task-1", { ...ORDER, confirm: true });
    expect(freed).toMatchObject({ ok: true, value: { taskId: "task-1", deviceId: "amr-07", epoch: 2 } });
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows).toMatchObject([{ code: "force_released" }]);
    await cloud.pass(10);
    expect(rig.other.contracts).toEqual([]);
    const pushed = await cloud.during(cloud.cloud.pushContract(draftFor("amr-08")));
    expect(pushed).toMatchObject({ ok: true, value: { epoch: 3 } });
    expect(await cloud.cloud.forceRelease("task-1", { ...ORDER, confirm: true })).toMatchObject({ ok: true });
  });

  it("gives the task to the nearest able device where that is asked for", async () => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    await cloud.cloud.forceRelease("task-1", { ...ORDER, confirm: true, assign: true });
    await cloud.pass(2);
    expect(rig.other.contracts).toMatchObject([{ taskId: "task-1", epoch: 3 }]);
  });

  it("has the device revoked before anything else when it returns, also by a cloud that was started anew", async () => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    await cloud.cloud.forceRelease("task-1", { ...ORDER, confirm: true });
    await cloud.restart();
    rig.holder.obeys = false;
    const acksBefore = rig.holder.acks.length;
    await rig.holder.connect();
    await cloud.pass(1);
    expect(rig.holder.commands[0]).toMatchObject({ type: "revoke", contractId: rig.contractId, epoch: 1 });
    expect(rig.holder.acks.slice(acksBefore).flatMap(({ leases }) => leases)).toEqual([]);
  });

  it("fences what the device did meanwhile: it counts, and somebody has to look at it", async () => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    await cloud.cloud.forceRelease("task-1", { ...ORDER, confirm: true });
    const movement = {
      correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
      kind: "PICK" as const,
      sku: "SKU-7890",
      qty: 1,
      uom: "EA",
      occurred_at: "2026-01-05T08:00:00.000Z",
      actor: { kind: "ROBOT", id: "amr-07" },
    };
    rig.holder.write("movement", movement, { contractId: rig.contractId });
    await rig.holder.connect();
    await cloud.pass(6);
    expect((await cloud.cloud.listLedger({ limit: 9 })).rows).toMatchObject([{ isFenced: true }]);
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "released" } });
  });

  it.each([
    ["of a task that nobody knows", "task-x", ORDER, 404],
    ["without a name", "task-1", { reason: "r" }, 422],
  ])("%s is refused", async (_why, taskId, order, status) => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    expect(await cloud.cloud.forceRelease(taskId, order)).toMatchObject({ ok: false, problem: { status } });
  });

  it("of a task that is not locked is refused", async () => {
    const rig = await outOfReach();
    await using cloud = rig.cloud;
    rig.holder.write("contract.aborted", { reason: "r" }, { contractId: rig.contractId });
    await rig.holder.connect();
    await cloud.pass(6);
    const answer = await cloud.cloud.forceRelease("task-1", { ...ORDER, confirm: true });
    expect(answer).toMatchObject({ ok: false, problem: { type: "urn:holdfast:problem:not_locked" } });
  });
});
