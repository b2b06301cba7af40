import { describe, expect, it } from "vitest";
import type { ContractDraft } from "#contract/contract";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

const LEASE = { durationSeconds: 40, windDownSeconds: 10 };
/** (40 + 10) x 1.001 + 5. */
const LOCKED_SECONDS = 55.05;

function policy(fallback: "reassign" | "escalate"): Partial<ContractDraft> {
  return { lease: LEASE, failurePolicy: { rules: [], fallback, replanBudget: 0, offline: "finish" } };
}

interface Rig {
  readonly cloud: CloudFixture;
  readonly device: DeviceFixture;
  readonly other: DeviceFixture;
}

/** amr-07 has begun task-1; its disk is then replaced by a blank one, and it is live again. */
async function withBlankDisk(changes: Partial<ContractDraft>): Promise<Rig> {
  const cloud = await startCloudFixture();
  const [device, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const each of [device, other]) await each.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", changes)));
  device.write("contract.started", {}, { contractId: device.contracts[0]!.contractId });
  await cloud.pass(6);
  await device.disconnect("cut");
  device.swapDisk();
  await device.connect();
  device.write("boot", { start: "cold", bootId: "b", software: "s", incarnation: "inc-2" });
  await cloud.pass(6);
  return { cloud, device, other };
}

async function codes(cloud: CloudFixture): Promise<string[]> {
  return (await cloud.cloud.listExceptions({ limit: 9 })).rows.map(({ code }) => code);
}

describe("the lock of a device that has lost its memory", () => {
  it("is freed when the lease has surely ended, not before: the disk may come back", async () => {
    const { cloud, device, other } = await withBlankDisk(policy("reassign"));
    await using _ = cloud;
    await cloud.pass(LOCKED_SECONDS - 20);
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "running" } });
    await cloud.pass(25);
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({
      value: { contracts: [{ reason: "memory_lost" }, {}] },
    });
    expect(other.contracts).toMatchObject([{ taskId: "task-1", epoch: 2 }]);
    expect(await codes(cloud)).toEqual(["memory_lost"]);
    expect(device.commands).toEqual([]);
    await cloud.restart();
    await device.connect();
    await cloud.pass(10);
    const again = await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-2")));
    expect(again).toMatchObject({ ok: true });
  });

  it("goes before a person where the policy does not hand on", async () => {
    const { cloud, other } = await withBlankDisk(policy("escalate"));
    await using _ = cloud;
    await cloud.pass(LOCKED_SECONDS + 10);
    expect(other.contracts).toEqual([]);
    expect(await codes(cloud)).toEqual(["contract_memory_lost", "memory_lost"]);
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "released" } });
  });

  it("stays when the disk comes back in time", async () => {
    const cloud = await startCloudFixture({ patience: { startSeconds: 1e4, factor: 3, leastSeconds: 1e4 } });
    await using _ = cloud;
    const device = cloud.device("amr-07");
    await device.connect();
    await cloud.pass(6);
    await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", policy("reassign"))));
    await cloud.pass(6);
    await device.disconnect("cut");
    const disk = device.swapDisk();
    await device.connect();
    await cloud.pass(12);
    await device.disconnect("cut");
    device.swapDisk(disk);
    await device.connect();
    await cloud.pass(2 * LOCKED_SECONDS);
    expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "accepted" } });
    expect(device.acks.at(-1)?.leases).toMatchObject([{ epoch: 1 }]);
  });
});

it("a device that returns with a task that somebody else has by now is revoked, and its lease is not renewed", async () => {
  const cloud = await startCloudFixture();
  await using _ = cloud;
  const [device, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const each of [device, other]) await each.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", policy("reassign"))));
  const { contractId } = device.contracts[0]!;
  device.write("contract.started", {}, { contractId });
  await cloud.pass(1);
  await device.disconnect("cut");
  await cloud.pass(LOCKED_SECONDS + 15);
  expect(other.contracts).toMatchObject([{ epoch: 2 }]);
  const renewals = (): unknown[] => device.acks.flatMap(({ leases }) => leases);
  const before = renewals().length;
  await device.connect();
  await cloud.pass(6);
  expect(device.commands).toMatchObject([{ type: "revoke", contractId, epoch: 1 }]);
  expect(device.state().contracts[contractId]?.status).toBe("released");
  expect(renewals()).toHaveLength(before);
});

it("a device that has lost the end of its journal is revoked what it had ended, and does not go on with it", async () => {
  const cloud = await startCloudFixture();
  await using _ = cloud;
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", policy("escalate"))));
  const { contractId } = device.contracts[0]!;
  device.write("contract.started", {}, { contractId });
  await cloud.pass(6);
  const disk = device.swapDisk();
  const earlier = structuredClone(disk);
  device.swapDisk(disk);
  device.write("contract.cancelled", { reason: "cancelled", loadOnBoard: false }, { contractId });
  await cloud.pass(6);
  expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "cancelled" } });
  expect(device.commands).toEqual([]);
  await device.disconnect("cut");
  device.swapDisk(earlier);
  await device.connect();
  await cloud.pass(12);
  expect(device.commands).toMatchObject([{ type: "revoke", contractId }]);
  expect(device.state().contracts[contractId]?.status).toBe("released");
  expect(await cloud.cloud.getTask("task-1")).toMatchObject({ value: { status: "cancelled" } });
});
