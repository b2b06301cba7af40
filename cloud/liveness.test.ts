import { describe, expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

async function live(): Promise<{ cloud: CloudFixture; device: DeviceFixture }> {
  const cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  return { cloud, device };
}

function modeOf(cloud: CloudFixture, deviceId = "amr-07"): string {
  const answer = cloud.cloud.getDevice(deviceId);
  return answer.ok ? answer.value.mode : "unknown";
}

describe("a device", () => {
  it("is unknown until its presence is heard, then live once its journal is folded", async () => {
    await using cloud = await startCloudFixture();
    expect(modeOf(cloud)).toBe("unknown");
    const device = cloud.device("amr-07");
    device.write("boot", { start: "cold", bootId: "b", software: "1", incarnation: "inc-1" });
    await device.connect();
    await cloud.pass(1);
    expect(modeOf(cloud)).toBe("live");
    const modes = cloud.told.filter((entry) => entry.type === "device.mode").map((entry) => entry.data["to"]);
    expect(modes).toEqual(["reconciled", "live"]);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({ value: { journal: { committedSeq: 1 }, kind: "amr" } });
  });

  it("stays reconciled, and takes no contract, while its journal is on the way", async () => {
    await using cloud = await startCloudFixture();
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    const device = cloud.device("amr-07");
    device.write("boot", { start: "cold", bootId: "b", software: "1", incarnation: "inc-1" });
    await device.connect();
    await cloud.pass(8);
    expect(modeOf(cloud)).toBe("reconciled");
    expect(await cloud.cloud.pushContract(draftFor("amr-07"))).toMatchObject({
      problem: { status: 409, mode: "reconciled" },
    });
    heal();
    device.send();
    await cloud.pass(1);
    expect(modeOf(cloud)).toBe("live");
  });

  it("is projected when its will arrives, when it says goodbye, or after 15 s of silence", async () => {
    for (const leave of ["cut", "offline", "silence"] as const) {
      const { cloud, device } = await live();
      await using _ = cloud;
      if (leave === "silence") device.fallSilent();
      else await device.disconnect(leave);
      await cloud.pass(leave === "silence" ? 14 : 0.1);
      expect(modeOf(cloud)).toBe(leave === "silence" ? "live" : "projected");
      await cloud.pass(2);
      expect(modeOf(cloud)).toBe("projected");
    }
  });

  it("is not lost by the will of an older session, nor found again by a late copy of an older presence", async () => {
    const { cloud, device } = await live();
    await using _ = cloud;
    const older = cloud.broker.published.findLast((message) => message.topic.endsWith("/presence"))!;
    await device.disconnect("cut");
    const will = cloud.broker.published.findLast((message) => message.payload.includes('"lost"'))!;
    await cloud.pass(20);
    cloud.broker.route({ ...older, retain: false });
    await cloud.pass(1);
    expect(modeOf(cloud)).toBe("projected");
    await device.connect();
    await cloud.pass(1);
    cloud.broker.route(will);
    cloud.broker.route({ ...older, retain: false });
    await cloud.pass(1);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({ value: { mode: "live", session: device.session } });
    await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    cloud.broker.route({ ...older, retain: false });
    await cloud.pass(0.5);
    const beatsOfSession = cloud.broker.published
      .filter((message) => message.topic.endsWith("/presence") && message.payload.includes(device.session))
      .map((message) => (JSON.parse(message.payload) as { beat: number }).beat);
    expect(beatsOfSession).toContain(device.acks.findLast((ack) => ack.leases.length > 0)!.leases[0]!.beat);
  });

  it("is known but not live by its retained presence alone", async () => {
    const { cloud, device } = await live();
    await using _ = cloud;
    device.fallSilent();
    await cloud.restart();
    await cloud.pass(3);
    expect(modeOf(cloud)).toBe("projected");
    await device.connect();
    await cloud.pass(1);
    expect(modeOf(cloud)).toBe("live");
  });

  it("is answered by an ack after every beat", async () => {
    const { cloud, device } = await live();
    await using _ = cloud;
    const before = device.acks.length;
    await cloud.pass(20);
    expect(device.acks.length - before).toBe(4);
  });

  it("is itself again soon after a late presence of an earlier session, never heard before, has displaced it", async () => {
    const { cloud, device } = await live();
    await using _ = cloud;
    const journal = { firstSeq: 1, lastSeq: 2, ackedSeq: 0 };
    const times = { clock: { state: "synced", errMs: 5 }, sentAt: "2026-01-05T07:59:00.000Z" };
    const earlier = { session: "earlier", incarnation: "inc-earlier", bootId: "boot-earlier", beat: 1 };
    const profile = { kind: "amr", actions: [], software: "fixture" };
    const { deviceId } = device;
    const presence = {
      v: 1,
      deviceId,
      state: "online",
      ...earlier,
      ...times,
      journal,
      active: [],
      gate: "own",
      profile,
    };
    device.say("presence", presence);
    await cloud.pass(1);
    expect(modeOf(cloud)).toBe("reconciled");
    await cloud.pass(20);
    expect(modeOf(cloud)).toBe("live");
    for (const beat of [2, 3, 4]) {
      device.say("presence", { ...presence, beat });
      await cloud.pass(6);
    }
    expect(modeOf(cloud)).toBe("live");
  });

  it("comes back by itself after the broker was restarted", async () => {
    const { cloud, device } = await live();
    await using _ = cloud;
    cloud.broker.restart();
    await device.connect();
    await cloud.pass(20);
    expect(modeOf(cloud)).toBe("live");
    expect(cloud.cloud.isReady()).toBe(true);
  });
});

describe("a lease", () => {
  it("is renewed by naming the newest beat, and counts from the last renewal that was sent", async () => {
    const { cloud, device } = await live();
    await using _ = cloud;
    await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    await cloud.pass(10);
    const [lease] = device.acks.at(-1)!.leases;
    expect(lease).toMatchObject({ contractId: device.contracts[0]!.contractId, epoch: 1 });
    const beatOfEarlier = device.acks.at(-2)!.leases[0]!.beat;
    expect(lease!.beat).toBeGreaterThanOrEqual(beatOfEarlier);
    await device.disconnect("cut");
    await cloud.pass(1);
    const view = await cloud.cloud.getContract("example");
    const endsMs = view.ok ? Date.parse(view.value.leaseEndsAt!) : 0;
    const lastAckMs = Date.parse(device.acks.findLast((ack) => ack.leases.length > 0)!.at);
    expect(endsMs - lastAckMs).toBe((1800 + 60) * 1001 + 5000);
  });
});
