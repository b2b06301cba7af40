import { describe, expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

interface Rig {
  readonly cloud: CloudFixture;
  readonly devices: Readonly<Record<"amr-07" | "amr-08" | "amr-09", DeviceFixture>>;
  readonly contractId: string;
}

/** amr-07 has the contract; amr-08 is seen at (3, 0), near the rack at (4, 0), amr-09 at (-8, 0). */
async function threeRobots(): Promise<Rig> {
  const cloud = await startCloudFixture();
  const make = (id: string): DeviceFixture => cloud.device(id);
  const devices = { "amr-07": make("amr-07"), "amr-08": make("amr-08"), "amr-09": make("amr-09") };
  for (const device of Object.values(devices)) await device.connect();
  await cloud.pass(6);
  see(devices["amr-08"], 3);
  see(devices["amr-09"], -8);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  return { cloud, devices, contractId: devices["amr-07"].contracts[0]!.contractId };
}

function see(device: DeviceFixture, x: number): void {
  const batch = { channel: "motion", t0: "2026-01-05T08:00:05.000Z", clock: "synced", t0Mono: 0, bootId: "b", dt: [0] };
  const values = { x: [x], y: [0], yaw: [0] };
  device.say("telemetry", {
    v: 1,
    deviceId: device.deviceId,
    lane: "live",
    store: "s",
    blockSeq: 1,
    batches: [{ ...batch, values }],
  });
}

function release({ devices, contractId }: Rig): void {
  devices["amr-07"].write("contract.started", {}, { contractId });
  devices["amr-07"].write("contract.released", { reason: "no_way" }, { contractId });
}

describe("a task that its device let go of", () => {
  it("is taken by the nearest, under a higher epoch, and the old contract is reassigned", async () => {
    const rig = await threeRobots();
    await using cloud = rig.cloud;
    release(rig);
    await cloud.pass(2);
    expect(rig.devices["amr-08"].contracts).toMatchObject([{ taskId: "task-1", epoch: 2, deviceId: "amr-08" }]);
    expect(rig.devices["amr-09"].contracts).toEqual([]);
    const old = await cloud.cloud.getContract(rig.contractId);
    expect(old).toMatchObject({
      value: { status: "reassigned", recovery: [{ data: { strategy: "reassign", to: "amr-08" } }] },
    });
  });

  it("waits, told once, until somebody can take it, also over a restart", async () => {
    const rig = await threeRobots();
    await using cloud = rig.cloud;
    for (const id of ["amr-08", "amr-09"] as const) await rig.devices[id].disconnect("cut");
    await cloud.pass(1);
    release(rig);
    await cloud.pass(2);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows.map((row) => row.code)).toEqual(["no_able_device"]);
    await cloud.restart();
    await cloud.pass(10);
    await rig.devices["amr-09"].connect();
    await cloud.pass(10);
    expect(rig.devices["amr-09"].contracts).toMatchObject([{ taskId: "task-1", epoch: 2 }]);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows).toHaveLength(1);
  });

  it("does not come back to a device that had it", async () => {
    const rig = await threeRobots();
    await using cloud = rig.cloud;
    release(rig);
    await cloud.pass(2);
    const next = rig.devices["amr-08"];
    next.write("contract.released", { reason: "no_way" }, { contractId: next.contracts[0]!.contractId });
    await cloud.pass(2);
    expect(rig.devices["amr-09"].contracts).toMatchObject([{ epoch: 3 }]);
    const last = rig.devices["amr-09"];
    last.write("contract.released", { reason: "no_way" }, { contractId: last.contracts[0]!.contractId });
    await cloud.pass(10);
    const pushed = Object.values(rig.devices).map((device) => device.contracts.length);
    expect(pushed).toEqual([1, 1, 1]);
  });

  it("is flagged in the ledger should the old device still move something", async () => {
    const rig = await threeRobots();
    await using cloud = rig.cloud;
    release(rig);
    await cloud.pass(2);
    const movement = {
      correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
      kind: "PICK" as const,
      sku: "SKU-7890",
      qty: 1,
      uom: "EA",
      occurred_at: "2026-01-05T08:00:00.000Z",
      actor: { kind: "ROBOT", id: "amr-07" },
    };
    rig.devices["amr-07"].write("movement", movement, { contractId: rig.contractId });
    await cloud.pass(1);
    expect((await cloud.cloud.listLedger({ limit: 9 })).rows).toMatchObject([{ isFenced: true }]);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows.map((row) => row.code)).toContain("fenced_movement");
    expect(await cloud.cloud.getContract(rig.contractId)).toMatchObject({ value: { status: "reassigned" } });
  });

  it("is a case for people when the contract failed for good, and nobody takes it", async () => {
    const rig = await threeRobots();
    await using cloud = rig.cloud;
    rig.devices["amr-07"].write("contract.failed", { reason: "gripper_broken" }, { contractId: rig.contractId });
    await cloud.pass(2);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows.map((row) => row.code)).toEqual(["contract_failed"]);
    expect(rig.devices["amr-08"].contracts).toEqual([]);
  });
});
