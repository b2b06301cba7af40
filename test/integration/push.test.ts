import { calculateJwkThumbprint, compactVerify, createLocalJWKSet } from "jose";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changesTo, refusalOf, startCloudRig, type CloudRig } from "./cloud-rig.ts";
import { draftFor } from "./draft.ts";
import { Feed } from "./feed.ts";

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Long enough for a slow machine, short enough to wait for. */
const CONFIRM_TIMEOUT_MS = 3000;

let rig: CloudRig;
beforeAll(async () => {
  rig = await startCloudRig({ confirmTimeoutMs: CONFIRM_TIMEOUT_MS });
});
afterAll(() => rig[Symbol.asyncDispose]());

describe("a push to a device that speaks nothing but the wire format", () => {
  it("is answered 201 with a Location once the device has stored the contract", async () => {
    await using device = await rig.liveDevice("amr-201");
    const answer = await rig.post("/contracts", draftFor("amr-201"));
    expect(answer.status).toBe(201);
    const { contractId } = answer.body;
    expect(contractId).toMatch(UUID7);
    expect(answer.body).toEqual({ contractId, status: "accepted", epoch: 1 });
    expect(answer.headers.get("location")).toBe(`/contracts/${String(contractId)}`);
    const [document] = device.contracts.items;
    expect(document!.payload).toMatchObject({
      ...draftFor("amr-201"),
      contractId,
      session: device.session,
      epoch: 1,
      revision: 1,
      lease: { durationSeconds: 1800, windDownSeconds: 60 },
      issuedAt: expect.stringMatching(TIMESTAMP) as string,
    });
    const byId = await rig.get(`/contracts/${String(contractId)}`);
    expect(byId).toMatchObject({
      status: 200,
      body: { contractId, status: "accepted", deviceId: "amr-201", mode: "live" },
    });
    expect((await rig.get("/contracts/job-of-amr-201")).body).toEqual(byId.body);
    expect((await rig.get("/contracts?device=amr-201&status=accepted")).body).toMatchObject({
      items: [{ contractId }],
    });
  });

  it("carries a compact JWS that the platform's public key verifies, named by its thumbprint", async () => {
    await using device = await rig.liveDevice("amr-jws");
    const raw = new Feed<string>();
    const eavesdropper = await connectAsync(rig.brokerUrl, { clientId: "eavesdropper", reconnectPeriod: 0 });
    eavesdropper.on("message", (_topic, payload) => raw.add(payload.toString()));
    await eavesdropper.subscribeAsync("hf/v1/default/amr-jws/contract", { qos: 1 });
    await rig.post("/contracts", draftFor("amr-jws"));
    const jws = await raw.find("the contract on its topic", () => true);
    await eavesdropper.endAsync(true);
    const keys = rig.trustedKeys();
    const { protectedHeader, payload } = await compactVerify(jws, createLocalJWKSet(keys));
    const kid = await calculateJwkThumbprint(keys.keys[0]!);
    expect(protectedHeader).toEqual({ alg: "EdDSA", kid, typ: "hf-contract+jws" });
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(device.contracts.items[0]!.payload);
  });

  it("is the same request under one Idempotency-Key, and reaches the device once", async () => {
    await using device = await rig.liveDevice("amr-key");
    const key = { "idempotency-key": "order-1" };
    const first = await rig.post("/contracts", draftFor("amr-key"), key);
    const again = await rig.post("/contracts", draftFor("amr-key"), key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-key", { name: "another" }), key))).toEqual({
      status: 422,
      reason: "key_reused",
    });
    expect(device.contracts.items).toHaveLength(1);
  });

  it("is answered 422 with the reason and the problems that the device gave", async () => {
    await using _device = await rig.liveDevice("amr-422", "refuses");
    const answer = await rig.post("/contracts", draftFor("amr-422"));
    expect(refusalOf(answer)).toEqual({ status: 422, reason: "infeasible" });
    expect(answer.body["errors"]).toEqual([{ path: "/stages/0/inputs/to", message: "no way to the rack" }]);
    expect((await rig.get("/contracts/job-of-amr-422")).body).toMatchObject({
      status: "rejected",
      reason: "infeasible",
    });
  });

  it("is answered 422 with every problem of a contract that is invalid, and goes nowhere", async () => {
    await using device = await rig.liveDevice("amr-bad");
    const { stages, ...rest } = draftFor("amr-bad");
    const broken = { ...rest, stages: [{ ...stages[0], timeoutSeconds: -1 }, ...stages.slice(1)], colour: "red" };
    const answer = await rig.post("/contracts", broken);
    expect(refusalOf(answer)).toEqual({ status: 422, reason: "unsupported" });
    const errors = answer.body["errors"] as { path: string; message: string; value?: unknown }[];
    expect(errors.map(({ path }) => path).toSorted()).toEqual(["/colour", "/stages/0/timeoutSeconds"]);
    expect(errors.find(({ path }) => path.startsWith("/stages"))).toMatchObject({
      value: -1,
      message: expect.any(String) as string,
    });
    expect(device.contracts.items).toEqual([]);
  });

  it("is answered 409 while the device or the task has an active contract", async () => {
    await using _busy = await rig.liveDevice("amr-409a");
    await using _free = await rig.liveDevice("amr-409b");
    await rig.post("/contracts", draftFor("amr-409a"));
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-409a", { taskId: "another" })))).toEqual({
      status: 409,
      reason: "device_busy",
    });
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-409b", { taskId: "task-of-amr-409a" })))).toEqual({
      status: 409,
      reason: "task_busy",
    });
  });

  it("is answered 404 for a device that was never heard, and 409 for one that has gone", async () => {
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-unheard")))).toEqual({
      status: 404,
      reason: "unknown_device",
    });
    using told = await rig.follow();
    const device = await rig.liveDevice("amr-gone");
    device.cut();
    await told.events.find("amr-gone is projected", changesTo("projected", { deviceId: "amr-gone" }));
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-gone")))).toEqual({
      status: 409,
      reason: "device_not_live",
    });
    expect((await rig.get("/devices/amr-gone")).body).toMatchObject({ mode: "projected" });
    await device[Symbol.asyncDispose]();
  });

  it("is answered 504 when the device keeps silent; both stay locked until it has answered the revocation", async () => {
    await using device = await rig.liveDevice("amr-504", "stays-silent");
    await using _other = await rig.liveDevice("amr-505");
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-504")))).toEqual({
      status: 504,
      reason: "unconfirmed",
    });
    expect((await rig.get("/contracts/job-of-amr-504")).body).toMatchObject({ status: "unconfirmed" });
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-504", { taskId: "another" })))).toEqual({
      status: 409,
      reason: "device_busy",
    });
    expect(refusalOf(await rig.post("/contracts", draftFor("amr-505", { taskId: "task-of-amr-504" })))).toEqual({
      status: 409,
      reason: "task_busy",
    });
    const { payload: revoke } = await device.commands.find(
      "the revocation",
      ({ payload }) => payload["type"] === "revoke",
    );
    using told = await rig.follow();
    device.temper = "stores";
    await device.say("reply", { v: 1, session: device.session, inReplyTo: revoke["commandId"], result: "done" });
    await told.events.find("the contract has expired", changesTo("expired", { contractId: revoke["contractId"] }));
    expect((await rig.post("/contracts", draftFor("amr-504", { name: "next" }))).status).toBe(201);
  });
});
