import { describe, expect, it } from "vitest";
import { movementData } from "#contract/feed/example-movement";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

interface Rig {
  readonly cloud: CloudFixture;
  readonly holder: DeviceFixture;
  readonly other: DeviceFixture;
}

const DEVICES = ["amr-07", "amr-08"];
const REFUSED = { ok: false, problem: { status: 409, type: "urn:holdfast:problem:restored" } };
/** The end of a lease of 30 min and 60 s, and its margin. */
const LEASES_OVER_SECONDS = 1867;

/** A cloud whose copy knows of both devices and not of the contract with which amr-07 is at task-1. */
async function restored(devices = DEVICES): Promise<Rig> {
  const cloud = await startCloudFixture();
  const [holder, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const device of [holder, other]) await device.connect();
  await cloud.pass(6);
  const copy = cloud.store.backUp();
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  holder.write("contract.started", {}, { contractId: holder.contracts[0]!.contractId });
  await cloud.pass(6);
  await cloud.restore(copy, devices);
  return { cloud, holder, other };
}

function order({ cloud }: Rig, taskId: string): ReturnType<CloudFixture["cloud"]["pushContract"]> {
  return cloud.during(cloud.cloud.pushContract(draftFor("amr-08", taskId)));
}

describe("a cloud that was restored from a copy", () => {
  it("assigns nothing while a device is unheard, and says which and until when", async () => {
    const rig = await restored();
    await using cloud = rig.cloud;
    await cloud.pass(6);
    await rig.other.connect();
    await cloud.pass(6);
    expect(await order(rig, "task-1")).toMatchObject({ ...REFUSED, problem: { deviceIds: ["amr-07"] } });
    expect(rig.other.contracts).toEqual([]);
  });

  it("does not count a device that is still in a session of before: what was sent in it may arrive yet", async () => {
    const rig = await restored();
    await using cloud = rig.cloud;
    await cloud.pass(20);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({ value: { mode: "live" } });
    expect(await order(rig, "task-2")).toMatchObject({ ...REFUSED, problem: { deviceIds: DEVICES } });
  });

  it("assigns when every device was heard, and nothing that one of them turns out to be at", async () => {
    const rig = await restored();
    await using cloud = rig.cloud;
    await cloud.pass(6);
    for (const device of [rig.holder, rig.other]) await device.connect();
    await cloud.pass(6);
    expect(await order(rig, "task-1")).toMatchObject({ problem: { type: "urn:holdfast:problem:task_busy" } });
    expect(await order(rig, "task-2")).toMatchObject({ ok: true });
  });

  it.each([
    ["named and silent", DEVICES],
    ["nowhere named", []],
  ])("assigns when the longest lease is over where devices are %s", async (_how, devices) => {
    const rig = await restored(devices);
    await using cloud = rig.cloud;
    await rig.holder.disconnect("cut");
    await cloud.pass(6);
    await rig.other.connect();
    await cloud.pass(LEASES_OVER_SECONDS - 60);
    expect(await order(rig, "task-1")).toMatchObject(REFUSED);
    await cloud.pass(60);
    expect(await order(rig, "task-1")).toMatchObject({ ok: true });
  });

  it("fences what was moved under an assignment that it has forgotten, when the task was given out again", async () => {
    const rig = await restored();
    await using cloud = rig.cloud;
    await rig.holder.disconnect("cut");
    await cloud.pass(6);
    await rig.other.connect();
    await cloud.pass(LEASES_OVER_SECONDS);
    expect(await order(rig, "task-1")).toMatchObject({ ok: true, value: { epoch: 1001 } });
    const [forgotten, again] = [rig.holder.contracts[0]!, rig.other.contracts[0]!];
    rig.holder.write("movement", movementData(1), { contractId: forgotten.contractId });
    rig.other.write("movement", movementData(2), { contractId: again.contractId });
    await rig.holder.connect();
    await cloud.pass(6);
    const { rows } = await cloud.cloud.listLedger({ limit: 9 });
    expect(new Map(rows.map(({ contractId, isFenced }) => [contractId, isFenced]))).toEqual(
      new Map([
        [forgotten.contractId, true],
        [again.contractId, false],
      ]),
    );
    const queue = await cloud.cloud.listExceptions({ limit: 9 });
    expect(queue.rows.map(({ code }) => code)).toContain("fenced_movement");
  });

  it("waits on when it is started again, and no more once it has heard everybody", async () => {
    const rig = await restored();
    await using cloud = rig.cloud;
    await cloud.pass(6);
    await cloud.restore(cloud.store.backUp(), DEVICES);
    expect(await order(rig, "task-2")).toMatchObject({ ok: false });
    expect(await cloud.store.meta("restored")).toBe("yes");
    await cloud.pass(6);
    for (const device of [rig.holder, rig.other]) await device.connect();
    await cloud.pass(6);
    expect(await cloud.store.meta("restored")).toBe("");
  });

  it("gives a task free at an operator's word, under an epoch above all that were forgotten", async () => {
    const rig = await restored();
    await using cloud = rig.cloud;
    await rig.holder.disconnect("cut");
    await cloud.pass(6);
    await rig.other.connect();
    await cloud.pass(6);
    const words = { by: "Ada", reason: "amr-07 is in the workshop" };
    const asked = await cloud.cloud.forceRelease("task-1", words);
    expect(asked).toMatchObject({
      problem: { type: "urn:holdfast:problem:confirmation_needed", deviceIds: ["amr-07"] },
    });
    expect(asked.ok ? "" : asked.problem.detail).toMatch(/has not heard amr-07.* done twice.* surely ended at 20/);
    expect(await cloud.cloud.forceRelease("task-1", { ...words, confirm: true })).toMatchObject({ ok: true });
    expect(await order(rig, "task-1")).toMatchObject({ ok: true, value: { epoch: 1001 } });
    expect(await order(rig, "task-2")).toMatchObject({ ok: false });
  });
});
