import { describe, expect, it } from "vitest";
import type { ContractDraft } from "#contract/contract";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

const LEASE = { durationSeconds: 40, windDownSeconds: 10 };
/** (40 + 10) x 1.001 + 5, counted from the last renewal. */
const LOCKED_SECONDS = 55.05;
const HANDS_ON = {
  failurePolicy: { rules: [], fallback: "reassign", replanBudget: 0, offline: "finish" },
} as const satisfies Partial<ContractDraft>;

interface Rig {
  readonly cloud: CloudFixture;
  readonly silent: DeviceFixture;
  readonly other: DeviceFixture;
  readonly contractId: string;
}

/** amr-07 has begun the contract; nobody has renewed its lease for less than one beat. */
async function working(changes: Partial<ContractDraft> = HANDS_ON): Promise<Rig> {
  // These devices only keep a lease, and achieve nothing.
  const cloud = await startCloudFixture({ patience: { startSeconds: 1e4, factor: 3, leastSeconds: 1e4 } });
  const [silent, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const device of [silent, other]) await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", { lease: LEASE, ...changes })));
  const { contractId } = silent.contracts[0]!;
  silent.write("contract.started", {}, { contractId });
  await cloud.pass(6);
  return { cloud, silent, other, contractId };
}

async function statusOf({ cloud, contractId }: Rig): Promise<string> {
  const view = await cloud.cloud.getContract(contractId);
  return view.ok ? view.value.status : view.problem.detail;
}

describe("the task of a device that stays silent", () => {
  it("is given on when its lease has surely ended, and not before", async () => {
    const rig = await working();
    await using cloud = rig.cloud;
    await rig.silent.disconnect("cut");
    await cloud.pass(LOCKED_SECONDS - 7);
    expect(rig.other.contracts).toEqual([]);
    await cloud.pass(12);
    expect(rig.other.contracts).toMatchObject([{ taskId: "task-1", epoch: 2 }]);
    expect(await statusOf(rig)).toBe("reassigned");
  });

  it("stays with a device that is heard", async () => {
    const rig = await working();
    await using cloud = rig.cloud;
    await cloud.pass(3 * LOCKED_SECONDS);
    expect(rig.other.contracts).toEqual([]);
    expect(await statusOf(rig)).toBe("running");
  });

  it("is counted anew by a cloud that starts in the middle", async () => {
    const rig = await working();
    await using cloud = rig.cloud;
    await rig.silent.disconnect("cut");
    await cloud.pass(30);
    await cloud.restart();
    await rig.other.connect();
    await cloud.pass(LOCKED_SECONDS - 2);
    expect(rig.other.contracts).toEqual([]);
    await cloud.pass(12);
    expect(rig.other.contracts).toMatchObject([{ epoch: 2 }]);
  });

  it("is a case for people when the policy never hands on", async () => {
    const rig = await working({});
    await using cloud = rig.cloud;
    await rig.silent.disconnect("cut");
    await cloud.pass(3 * LOCKED_SECONDS);
    expect(rig.other.contracts).toEqual([]);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows.map(({ code }) => code)).toEqual(["contract_expired"]);
  });

  it("is a case for people when something is on board", async () => {
    const rig = await working();
    await using cloud = rig.cloud;
    const movement = {
      correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
      kind: "PICK" as const,
      sku: "SKU-7890",
      qty: 1,
      uom: "EA",
      occurred_at: "2026-01-05T08:00:00.000Z",
      actor: { kind: "ROBOT", id: "amr-07" },
    };
    rig.silent.write("movement", movement, { contractId: rig.contractId });
    await cloud.pass(1);
    await rig.silent.disconnect("cut");
    await cloud.pass(3 * LOCKED_SECONDS);
    expect(rig.other.contracts).toEqual([]);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows.map(({ code }) => code)).toEqual(["load_on_board"]);
  });

  it("stays given on when the old device comes back and says that it has expired", async () => {
    const rig = await working();
    await using cloud = rig.cloud;
    await rig.silent.disconnect("cut");
    await cloud.pass(LOCKED_SECONDS + 10);
    rig.silent.write("contract.expired", { reason: "lease_ended" }, { contractId: rig.contractId });
    await rig.silent.connect();
    await cloud.pass(6);
    expect(await statusOf(rig)).toBe("reassigned");
    expect(rig.other.contracts).toHaveLength(1);
    expect((await cloud.cloud.listExceptions({ limit: 9 })).rows).toEqual([]);
  });
});

it("gives a task on as soon as its device says that it let go when its lease ended", async () => {
  const rig = await working();
  await using cloud = rig.cloud;
  rig.silent.write("contract.expired", { reason: "lease_ended" }, { contractId: rig.contractId });
  await cloud.pass(2);
  expect(rig.other.contracts).toMatchObject([{ taskId: "task-1", epoch: 2 }]);
  expect(await statusOf(rig)).toBe("reassigned");
});
