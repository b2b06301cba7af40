import { describe, expect, it } from "vitest";
import type { Event } from "#contract/event";
import type { EventData } from "#contract/event-data";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { WIRE_VERSION } from "#contract/messages";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture, Disk } from "./device-fixture.ts";

async function working(): Promise<{ cloud: CloudFixture; device: DeviceFixture; contractId: string }> {
  const cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  return { cloud, device, contractId: device.contracts[0]!.contractId };
}

function committedSeq(cloud: CloudFixture): number {
  const answer = cloud.cloud.getDevice("amr-07");
  return answer.ok ? answer.value.journal.committedSeq : -1;
}

const PICK = {
  correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
  kind: "PICK" as const,
  sku: "SKU-7890",
  qty: 1,
  uom: "EA",
  occurred_at: "2026-01-05T08:00:00.000Z",
  actor: { kind: "ROBOT", id: "amr-07" },
};

describe("a journal", () => {
  it("is committed before it is acknowledged, and moves the contract's status", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.write("contract.started", {}, { contractId });
    await cloud.pass(1);
    expect(device.acks.at(-1)).toMatchObject({ journalSeq: 2, cloudId: "cloud-1" });
    expect((await cloud.store.contract(contractId))?.status).toBe("running");
    device.write("contract.completed", { durationSeconds: 60, distance: 12, batteryUsed: 0.01 }, { contractId });
    await cloud.pass(1);
    expect(await cloud.cloud.getContract(contractId)).toMatchObject({ value: { status: "completed" } });
    const statuses = cloud.told.filter((entry) => entry.type === "contract.status").map((entry) => entry.data["to"]);
    expect(statuses).toEqual(["pushed", "accepted", "running", "completed"]);
  });

  it("that comes in many batches is acknowledged after 64 of them, before the time for a common ack is over", async () => {
    const { cloud, device } = await working();
    await using _ = cloud;
    await cloud.pass(2.5);
    const before = device.acks.length;
    for (let n = 0; n < 64; n++) {
      device.write("notice", { kind: "k", text: String(n) });
      await cloud.pass(0.002);
    }
    expect(device.acks.length).toBe(before + 1);
    expect(device.acks.at(-1)!.journalSeq).toBe(65);
  });

  it("of another device than its topic's is not taken", async () => {
    const { cloud, device } = await working();
    await using _ = cloud;
    const event = device.write("notice", { kind: "k", text: "t" });
    await cloud.pass(1);
    const batch = { v: WIRE_VERSION, incarnation: "inc-1", bootId: "b", prevHash: GENESIS_HASH, events: [event] };
    device.say("journal", { ...batch, deviceId: "amr-08" });
    await cloud.pass(1);
    expect(cloud.cloud.getDevice("amr-08").ok).toBe(false);
    expect(
      cloud.lines.some((line) => JSON.stringify(line.data).includes("another device than their topic names")),
    ).toBe(true);
  });

  it("puts movements into the ledger once and exceptions into the queue", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.write("movement", PICK, { contractId });
    device.write("exception", { code: "SHORT_PICK", severity: "HIGH", detail: "one missing" }, { contractId });
    device.send();
    await cloud.pass(1);
    const ledger = (await cloud.cloud.listLedger({ limit: 10 })).rows;
    expect(ledger).toMatchObject([{ correlationId: PICK.correlation_id, partnerId: "holdfast", isFenced: false }]);
    expect((await cloud.cloud.listExceptions({ limit: 10 })).rows).toMatchObject([{ code: "SHORT_PICK", contractId }]);
  });

  it("keeps what it does not know as it was received", async () => {
    const { cloud, device } = await working();
    await using _ = cloud;
    const event = device.write("notice", { kind: "k", text: "t", extra: { deep: [1] } });
    await cloud.pass(1);
    expect((await cloud.store.deviceEvents("amr-07")).at(-1)?.event).toEqual(event);
  });

  it("answers what came ahead of its turn at once and takes it when the gap is filled", async () => {
    const { cloud, device } = await working();
    await using _ = cloud;
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    const events = [1, 2, 3].map((n) => device.write("notice", { kind: "k", text: String(n) }));
    heal();
    const say = (chosen: Event[], prevHash: string): void =>
      device.say("journal", {
        v: WIRE_VERSION,
        deviceId: "amr-07",
        incarnation: "inc-1",
        bootId: "b",
        prevHash,
        events: chosen,
      });
    const hashes = await chainOf(cloud, events);
    const acksBefore = device.acks.length;
    say([events[2]!], hashes[2]!);
    await cloud.pass(0.01);
    expect(device.acks.length).toBe(acksBefore + 1);
    expect(committedSeq(cloud)).toBe(1);
    say(events.slice(0, 2), hashes[0]!);
    await cloud.pass(1);
    expect(committedSeq(cloud)).toBe(4);
  });

  it("that departs from what is committed is told so, and goes on under a new incarnation without doing things twice", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/ack");
    device.write("movement", PICK, { contractId });
    await cloud.pass(1);
    expect(committedSeq(cloud)).toBe(2);
    heal();
    const forged = { ...device.write("notice", { kind: "k", text: "t" }), seq: 3 };
    device.say("journal", {
      v: WIRE_VERSION,
      deviceId: "amr-07",
      incarnation: "inc-1",
      bootId: "b",
      prevHash: GENESIS_HASH,
      events: [{ ...forged, seq: committedSeq(cloud) + 1 }],
    });
    await cloud.pass(8);
    expect(device.acks.some((ack) => ack.fork)).toBe(true);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({
      value: { mode: "live", journal: { incarnation: "inc-2" } },
    });
    expect((await cloud.cloud.listLedger({ limit: 10 })).rows).toHaveLength(1);
    expect((await cloud.store.contract(contractId))?.status).toBe("accepted");
    const loadOf = (): unknown => {
      const answer = cloud.cloud.getDevice("amr-07");
      return answer.ok && answer.value.activeContract?.load;
    };
    expect(loadOf()).toEqual({ "SKU-7890": 1 });
    await cloud.restart();
    expect(loadOf()).toEqual({ "SKU-7890": 1 });
  });

  it("that comes back after its disk was swapped goes on where it was committed, knowing nothing of the disk between", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    const swap = async (disk?: Disk): Promise<Disk> => {
      await cloud.pass(1);
      await device.disconnect("offline");
      const taken = device.swapDisk(disk);
      await device.connect();
      await cloud.pass(6);
      return taken;
    };
    const write = (count: number): void => {
      for (let n = 0; n < count; n++) device.write("notice", { kind: "k", text: String(n) });
    };
    const underWay = (): unknown => {
      const answer = cloud.cloud.getDevice("amr-07");
      return answer.ok && answer.value.activeContract?.contractId;
    };
    device.write("contract.started", {}, { contractId });
    write(48);
    const first = await swap();
    const other = { contractId: "019b8ce6-1400-7000-8000-0000000000ff", revision: 1, epoch: 1 };
    const data = { ...(first.events[0]!.data as EventData<"contract.accepted">), taskId: "task-b" };
    device.write("contract.accepted", data, other);
    write(3);
    await cloud.pass(1);
    expect(underWay()).toBe(other.contractId);
    await swap(first);
    const back = { incarnation: "inc-1", committedSeq: 50 };
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({ value: { mode: "live", journal: back } });
    expect(underWay()).toBe(contractId);
    expect(cloud.lines.filter((line) => line.level === "warn" && line.data["incarnation"] === "inc-1")).toHaveLength(1);
    await cloud.restart();
    await cloud.pass(6);
    expect(underWay()).toBe(contractId);
    device.write("contract.completed", { durationSeconds: 60, distance: 12, batteryUsed: 0.01 }, { contractId });
    await cloud.pass(1);
    expect(committedSeq(cloud)).toBe(51);
    expect((await cloud.store.contract(contractId))?.status).toBe("completed");
    expect(cloud.told.filter((entry) => entry.type === "journal.gap")).toEqual([]);
    expect(cloud.lines.filter((line) => line.level === "error")).toEqual([]);
    expect(await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-2")))).toMatchObject({ ok: true });
  });

  it("that lost its beginning is recorded as a gap and goes on behind it", async () => {
    const { cloud, device } = await working();
    await using _ = cloud;
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    const events = [1, 2, 3].map((n) => device.write("notice", { kind: "k", text: String(n) }));
    heal();
    const online = cloud.broker.published.findLast((message) => message.topic.endsWith("/presence"))!;
    const presence = JSON.parse(online.payload) as { beat: number };
    device.say("presence", {
      ...presence,
      beat: presence.beat + 100,
      journal: { firstSeq: 4, lastSeq: 4, ackedSeq: 1 },
    });
    const prevHash = (await chainOf(cloud, events))[2]!;
    device.say("journal", {
      v: WIRE_VERSION,
      deviceId: "amr-07",
      incarnation: "inc-1",
      bootId: "b",
      prevHash,
      events: events.slice(2),
    });
    await cloud.pass(1);
    expect(committedSeq(cloud)).toBe(4);
    expect(cloud.told.find((entry) => entry.type === "journal.gap")?.data).toEqual({ from: 2, to: 3 });
    expect((await cloud.cloud.listExceptions({ limit: 10 })).rows.map((row) => row.code)).toEqual(["journal_gap"]);
  });

  it("folds the same after a restart of the cloud", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.write("contract.started", {}, { contractId });
    device.write(
      "stage.started",
      { action: "navigate", pose: [1, 2, 0], battery: 0.8 },
      { contractId, stageId: "go-to-rack" },
    );
    await cloud.pass(1);
    const before = cloud.cloud.getDevice("amr-07");
    await cloud.restart();
    const after = cloud.cloud.getDevice("amr-07");
    expect(after).toMatchObject({ value: { mode: "projected", pose: { value: [1, 2, 0] } } });
    expect(after.ok && after.value.journal).toEqual(before.ok && before.value.journal);
    expect(after.ok && after.value.activeContract?.stageId).toBe("go-to-rack");
    await cloud.pass(6);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({ value: { mode: "live" } });
    expect(cloud.lines.filter((line) => line.level === "error")).toEqual([]);
  });
});

async function chainOf(cloud: CloudFixture, events: readonly Event[]): Promise<string[]> {
  const hashes = [(await cloud.store.hashAt("amr-07", "inc-1", events[0]!.seq - 1)) ?? GENESIS_HASH];
  for (const event of events) hashes.push(chainHash(hashes.at(-1)!, event, sha256Hex));
  return hashes;
}
