import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changesTo, refusalOf, startCloudRig, type CloudRig, type StreamEvent } from "./cloud-rig.ts";
import { draftFor } from "./draft.ts";
import { Feed } from "./feed.ts";

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let rig: CloudRig;
beforeAll(async () => {
  rig = await startCloudRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe("commands over HTTP", () => {
  it("are answered 202 and reach the device signed, numbered upwards, for its session", async () => {
    await using device = await rig.liveDevice("amr-cmd");
    const { contractId } = (await rig.post("/contracts", draftFor("amr-cmd"))).body;
    for (const [type, status] of [
      ["hold", "held"],
      ["resume", "accepted"],
      ["cancel", "cancelled"],
    ] as const) {
      using told = await rig.follow();
      const answer = await rig.post(`/contracts/${String(contractId)}/${type}`);
      expect(answer).toMatchObject({ status: 202, body: { contractId, type } });
      const { commandId } = answer.body;
      const document = await device.commands.find(`${type}`, ({ payload }) => payload["commandId"] === commandId);
      expect(document.header).toMatchObject({
        alg: "EdDSA",
        typ: "hf-command+jws",
        kid: rig.trustedKeys().keys[0]!.kid,
      });
      expect(document.payload).toMatchObject({
        type,
        contractId,
        epoch: 1,
        session: device.session,
        deviceId: "amr-cmd",
        issuedAt: expect.stringMatching(TIMESTAMP) as string,
      });
      await told.events.find(`the contract is ${status}`, changesTo(status, { contractId }));
    }
    const numbers = device.commands.items.map(({ payload }) => payload["n"] as number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(3);
    expect(refusalOf(await rig.post(`/contracts/${String(contractId)}/hold`))).toEqual({
      status: 409,
      reason: "contract_final",
    });
    expect(refusalOf(await rig.post("/contracts/no-such-contract/hold"))).toEqual({ status: 404, reason: "not_found" });
  });
});

describe("the journal of a device", () => {
  it("is acknowledged as far as it is committed, with a renewed lease for the contract under way", async () => {
    await using device = await rig.liveDevice("amr-ack");
    const { contractId } = (await rig.post("/contracts", draftFor("amr-ack"))).body;
    await device.write([{ type: "contract.started", contractId: String(contractId), revision: 1, epoch: 1, data: {} }]);
    const ack = await device.acks.find("the ack of event 2", (it) => it["journalSeq"] === 2);
    expect(ack).toMatchObject({
      v: 1,
      cloudId: expect.any(String) as string,
      at: expect.stringMatching(TIMESTAMP) as string,
    });
    const renewal = await device.acks.find("a renewal", (it) => (it["leases"] as unknown[]).length > 0, {
      withinMs: 15_000,
    });
    expect(renewal["leases"]).toEqual([{ contractId, epoch: 1, beat: expect.any(Number) as number }]);
    expect((await rig.get(`/contracts/${String(contractId)}`)).body["status"]).toBe("running");
  });

  it("is answered at once with what is committed when a batch leaves a gap", async () => {
    await using device = await rig.liveDevice("amr-gap");
    const [first] = await device.write([{ type: "notice", data: { kind: "a", text: "first" } }]);
    const { incarnation } = await device.acks.find("the ack of event 1", (it) => it["journalSeq"] === 1);
    const before = device.acks.items.length;
    const ahead = { ...first, seq: 5, id: String(first!["id"]).replace(/.{12}$/, "000000000005") };
    await device.say("journal", {
      v: 1,
      deviceId: "amr-gap",
      incarnation,
      bootId: "b",
      prevHash: "1".repeat(64),
      events: [ahead],
    });
    const answer = await device.acks.find("the answer", () => true, { from: before });
    expect(answer).toMatchObject({ incarnation, journalSeq: 1 });
  });

  it("keeps unknown types and keys, and survives what is no journal at all", async () => {
    await using device = await rig.liveDevice("amr-odd");
    await device.say("journal", "no JSON");
    await device.say("journal", { v: 1, events: "none" });
    await device.say("telemetry", { lane: 7 });
    await device.say("reply", "{}");
    await device.write([{ type: "vendor.special", data: { nested: { any: ["thing"] } } }]);
    await device.acks.find("the ack of the unknown type", (it) => it["journalSeq"] === 1);
    expect((await rig.get("/devices/amr-odd")).body).toMatchObject({ mode: "live", journal: { committedSeq: 1 } });
  });
});

describe("presence", () => {
  it("is retained, and the broker replaces it by the will when the connection breaks", async () => {
    await using device = await rig.liveDevice("amr-will");
    const seen = new Feed<{ state: string; retain: boolean; session: string }>();
    const watcher = await connectAsync(rig.brokerUrl, { clientId: "watcher", reconnectPeriod: 0 });
    watcher.on("message", (_topic, payload, { retain }) => {
      seen.add({ ...(JSON.parse(payload.toString()) as { state: string; session: string }), retain });
    });
    await watcher.subscribeAsync("hf/v1/default/amr-will/presence", { qos: 1 });
    const { session } = device;
    expect(await seen.find("the retained presence", () => true)).toMatchObject({
      state: "online",
      retain: true,
      session,
    });
    device.cut();
    expect(await seen.find("the will", ({ state }) => state === "lost")).toMatchObject({ session });
    await watcher.endAsync(true);
  });
});

describe("the stream", () => {
  it("tells each event once and in order, and resumes behind the Last-Event-ID", async () => {
    using live = await rig.follow();
    await using _device = await rig.liveDevice("amr-sse");
    await rig.post("/contracts", draftFor("amr-sse"));
    const isOurs = ({ event, data }: StreamEvent): boolean =>
      data["deviceId"] === "amr-sse" && event === "contract.status";
    const last = await live.events.find(
      "the contract is accepted",
      (entry) => isOurs(entry) && changesTo("accepted", { contractId: entry.data["contractId"] })(entry),
    );
    const ids = live.events.items.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    const at = live.events.items.findIndex(isOurs);
    const resumed = await rig.follow(ids[at]);
    await resumed.events.find("the same end", ({ id }) => id === last.id);
    expect(resumed.events.items.slice(0, live.events.items.length - at - 1)).toEqual(live.events.items.slice(at + 1));
  });
});
