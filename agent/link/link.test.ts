import { beforeEach, describe, expect, test } from "vitest";
import { exampleContract } from "#contract/example";
import { Presence, ReplanRequest, Telemetry } from "#contract/messages";
import { stateHash } from "#contract/reducer";
import { sha256Hex } from "#contract/io/node-crypto";
import type { DraftEvent } from "../core/draft.ts";
import { LinkBench } from "./link-fixture.ts";
import { momentOf } from "./leases.ts";

let bench: LinkBench;

beforeEach(async () => {
  bench = await LinkBench.start();
});

const contract = exampleContract();
const { contractId } = contract;

async function accept(): Promise<void> {
  const stages = contract.stages.map(({ stageId, action }) => ({ stageId, action }));
  const { taskId, lease, session, failurePolicy } = contract;
  const data = { taskId, stages, lease, session, hash: "00", offline: failurePolicy.offline };
  const accepted: DraftEvent = { type: "contract.accepted", contractId, revision: 1, epoch: 1, data };
  await bench.journal.decide(() => ({
    events: [accepted],
    ops: () => [{ type: "put-contract", jws: "a.b.c", contract }, bench.leases.grant(contract, momentOf(bench.clock))],
  }));
}

describe("a session", () => {
  test("connects with a will that names it, and says online with what it is and holds", async () => {
    const [options] = bench.broker.connects;
    const session = bench.link.session();
    expect(options).toMatchObject({ clientId: "hf-default-amr-07", username: "amr-07", keepAliveSeconds: 15 });
    expect(options?.will).toMatchObject({ topic: "hf/v1/default/amr-07/presence", qos: 1, retain: true });
    const incarnation = bench.journal.incarnation();
    const { bootId } = bench.clock;
    const will = Presence.parse(JSON.parse(options!.will!.payload));
    expect(will).toEqual({ v: 1, deviceId: "amr-07", state: "lost", incarnation, bootId, session });
    expect(bench.beat()).toMatchObject({
      session,
      incarnation,
      bootId,
      clock: { state: "synced" },
      sentAt: "2026-01-05T08:00:00.000Z",
      journal: { firstSeq: 1, lastSeq: 1, ackedSeq: 0 },
      active: [],
      gate: "own",
    });
    expect(bench.link.isOnline()).toBe(true);
  });

  test("repeats its presence every 5 s with a beat that rises and the contracts that it holds", async () => {
    await accept();
    const first = bench.beat();
    await bench.clock.advance(5000);
    const second = bench.beat();
    expect(second.beat).toBeGreaterThan(first.beat);
    expect(second.session).toBe(first.session);
    const state = bench.journal.state().contracts[contractId]!;
    expect(second.active).toEqual([
      {
        contractId,
        revision: 1,
        localRevision: 0,
        epoch: 1,
        status: "accepted",
        stateHash: stateHash(state, sha256Hex),
      },
    ]);
    await bench.clock.advance(10_000);
    expect(bench.broker.presences()).toHaveLength(4);
  });

  test("is another one after each connect, and never reuses a beat", async () => {
    const before = bench.beat();
    bench.broker.cut();
    await bench.clock.advance(2000);
    const after = bench.beat();
    expect(after.session).not.toBe(before.session);
    expect(after.beat).toBeGreaterThan(before.beat);
    await bench.link[Symbol.asyncDispose]();
    await bench.journal[Symbol.asyncDispose]();
    await bench.startAgent();
    expect(bench.beat().beat).toBeGreaterThan(after.beat + 1_000_000);
  });

  test("replaces what the broker retains of an earlier one: a will that came late, a crashed broker's memory", async () => {
    const session = bench.link.session();
    const will = JSON.parse(bench.broker.connects[0]!.will!.payload) as Presence;
    const retain = async (presence: object): Promise<void> => {
      const payload = JSON.stringify(presence);
      bench.broker.spread({ topic: "hf/v1/default/amr-07/presence", payload, qos: 1, retain: true });
      await bench.clock.advance(1000);
    };
    const retained = (): Presence => JSON.parse([...bench.broker.retained.values()][0]!.payload) as Presence;
    await retain({ ...will, session: "older" });
    expect(retained()).toMatchObject({ state: "online", session });
    await retain({ ...bench.beat(), session: "older" });
    expect(retained()).toMatchObject({ state: "online", session });
    const count = bench.broker.presences().length;
    await retain({ ...bench.beat(), beat: 1 });
    expect(bench.broker.presences()).toHaveLength(count + 1);
  });

  test("asks for a new plan under its own name, and says nothing without a connection", async () => {
    const question = {
      v: 1 as const,
      requestId: "r-1",
      contractId: "019b8ce6-1400-7000-8000-000000000001",
      revision: 1,
      localRevision: 0,
      journalSeq: 4,
      completed: [],
      started: [],
      remaining: ["pick"],
      delta: { code: "no_route", severity: "moderate", detail: "", assumptions: [] },
    };
    bench.link.revisePlan(question);
    await bench.clock.advance(100);
    const asked = bench.broker.published.filter(({ name }) => name === "replan-request");
    expect(asked.map(({ message }) => ReplanRequest.parse(JSON.parse(message.payload)))).toEqual([
      { ...question, session: bench.link.session() },
    ]);
    bench.broker.mode = "down";
    bench.broker.cut();
    bench.link.revisePlan(question);
    await bench.clock.advance(100);
    expect(bench.broker.published.filter(({ name }) => name === "replan-request")).toHaveLength(1);
  });

  test("says offline at a graceful end, and its will is not published", async () => {
    await bench.link[Symbol.asyncDispose]();
    expect(bench.broker.presences().at(-1)).toMatchObject({ state: "offline" });
    await bench.clock.advance(60_000);
    expect(bench.broker.connects).toHaveLength(1);
    expect(bench.broker.presences().at(-1)).toMatchObject({ state: "offline" });
  });

  test("ends in time when the broker does not answer the farewell", async () => {
    bench.broker.mode = "silent";
    let isDisposed = false;
    void bench.link[Symbol.asyncDispose]().then(() => (isDisposed = true));
    await bench.clock.advance(1999);
    expect(isDisposed).toBe(false);
    await bench.clock.advance(1);
    expect(isDisposed).toBe(true);
  });

  test("passes contracts and commands on with a way to answer at once", async () => {
    bench.send("contract", "jws-1");
    bench.send("command", "jws-2");
    await bench.clock.advance(10);
    expect(bench.received.map(({ name, text }) => [name, text])).toEqual([
      ["contract", "jws-1"],
      ["command", "jws-2"],
    ]);
    const { conversation } = bench.received[0]!;
    expect(conversation.session).toBe(bench.link.session());
    conversation.reply({ v: 1, session: conversation.session, inReplyTo: "x", result: "stored" });
    expect(bench.broker.payloads("reply")).toEqual([
      { v: 1, session: conversation.session, inReplyTo: "x", result: "stored" },
    ]);
  });

  test("shows the newest values once a second on the live lane, unacknowledged", async () => {
    await bench.clock.advance(2000);
    expect(bench.broker.payloads("telemetry")).toEqual([]);
    bench.live = { pose: { x: 1, y: 2, yaw: 0.5 }, battery: 0.8 };
    await bench.clock.advance(2000);
    const [first, second] = bench.broker.payloads("telemetry").map((payload) => Telemetry.parse(payload));
    expect(first).toMatchObject({
      lane: "live",
      batches: [{ dt: [0], values: { x: [1], y: [2], yaw: [0.5], battery: [0.8] } }],
    });
    expect(second!.blockSeq).toBe(first!.blockSeq + 1);
    expect(bench.broker.published.find(({ name }) => name === "telemetry")?.message.qos).toBe(0);
  });
});

describe("the journal's way to the cloud", () => {
  test("goes in order and is forgotten only as the cloud commits it", async () => {
    bench.cloud.acks = "off";
    const { ackedSeq } = bench.journal.range();
    await bench.append(50);
    await bench.clock.advance(1000);
    expect(bench.cloud.committed.map((event) => event.seq)).toEqual(Array.from({ length: 52 }, (_, at) => at + 1));
    expect(bench.journal.range().ackedSeq).toBe(ackedSeq);
    bench.cloud.ack();
    await bench.clock.advance(10);
    expect(bench.journal.range().ackedSeq).toBe(52);
  });

  test("keeps batches within 200 events and 64 kB, and four of them in flight", async () => {
    bench.cloud.acks = "off";
    await bench.clock.advance(100);
    bench.cloud.ack();
    await bench.clock.advance(100);
    const before = bench.cloud.batches;
    await bench.append(600);
    await bench.append(100, "x".repeat(1900));
    await bench.append(500);
    await bench.clock.advance(1000);
    expect(bench.cloud.batches - before).toBe(4);
    bench.cloud.acks = "on";
    bench.cloud.ack();
    await bench.clock.advance(1000);
    expect(bench.cloud.seq).toBe(bench.journal.range().lastSeq);
    const sizes = bench.broker.published
      .filter(({ name }) => name === "journal")
      .map(({ message }) => message.payload.length);
    expect(Math.max(...sizes)).toBeLessThan(66_000);
    const counts = (bench.broker.payloads("journal") as { events: unknown[] }[]).map((batch) => batch.events.length);
    expect(Math.max(...counts)).toBe(200);
  });

  test("is sent again when no ack comes for 5 s", async () => {
    bench.cloud.acks = "off";
    await bench.append(3);
    await bench.clock.advance(4000);
    const before = bench.cloud.batches;
    await bench.clock.advance(2000);
    expect(bench.cloud.batches).toBeGreaterThan(before);
  });

  test("survives lost batches", async () => {
    bench.cloud.losesEvery = 3;
    for (let round = 0; round < 20; round++) {
      await bench.append(7);
      await bench.clock.advance(700);
    }
    await bench.clock.advance(120_000);
    const { lastSeq, ackedSeq } = bench.journal.range();
    expect(bench.cloud.committed.map((event) => event.seq)).toEqual(Array.from({ length: lastSeq }, (_, at) => at + 1));
    expect(ackedSeq).toBe(lastSeq);
  });

  test("goes on after an outage, with what happened meanwhile and the outage itself", async () => {
    await bench.clock.advance(1000);
    bench.broker.mode = "down";
    bench.broker.cut("network gone");
    await bench.append(300);
    await bench.clock.advance(90_000);
    expect(bench.link.isOnline()).toBe(false);
    bench.broker.mode = "up";
    await bench.clock.advance(31_000);
    expect(bench.link.isOnline()).toBe(true);
    expect(bench.cloud.seq).toBe(bench.journal.range().lastSeq);
    const changes = bench.cloud.committed.filter((event) => event.type === "link.changed").map((event) => event.data);
    expect(changes).toMatchObject([
      { state: "online" },
      { state: "offline", reason: "network gone" },
      { state: "online", session: bench.link.session() },
    ]);
  });

  test("waits ever longer between attempts, at most half a minute", async () => {
    bench.broker.mode = "down";
    bench.broker.cut();
    await bench.clock.advance(60_000);
    const inFirstMinute = bench.broker.connects.length;
    await bench.clock.advance(240_000);
    expect(inFirstMinute).toBeGreaterThan(4);
    const perMinute = (bench.broker.connects.length - inFirstMinute) / 4;
    expect(perMinute).toBeGreaterThanOrEqual(2);
    expect(perMinute).toBeLessThan(8);
  });

  test("begins again at once when the cloud asks for it", async () => {
    bench.cloud.acks = "off";
    await bench.append(3);
    await bench.clock.advance(100);
    bench.send("command", "sync");
    await bench.clock.advance(10);
    const before = bench.cloud.batches;
    bench.received[0]!.conversation.sync();
    await bench.clock.advance(10);
    expect(bench.cloud.batches).toBe(before + 1);
  });

  test("takes no notice of acks for another incarnation, of older ones, and of nonsense", async () => {
    await bench.append(3);
    await bench.clock.advance(100);
    const { ackedSeq } = bench.journal.range();
    bench.cloud.ack({ incarnation: "other", journalSeq: 900 });
    bench.cloud.ack({ journalSeq: 1 });
    bench.send("ack", "{nonsense");
    await bench.clock.advance(100);
    expect(bench.journal.range().ackedSeq).toBe(ackedSeq);
    expect(ackedSeq).toBe(5);
  });
});

describe("a history that the cloud does not share", () => {
  test.each([
    { name: "an ack above the last event", ack: { journalSeq: 900 } },
    { name: "a broken chain", ack: { fork: true } as const },
  ])("becomes a new incarnation: $name", async ({ ack }) => {
    await bench.append(3);
    await bench.clock.advance(100);
    bench.cloud.acks = "off";
    await bench.append(2, " unacknowledged");
    await bench.clock.advance(100);
    const before = bench.journal.incarnation();
    bench.cloud.acks = "on";
    bench.cloud.ack({ ...ack, ...("journalSeq" in ack ? {} : { journalSeq: 5 }) });
    await bench.clock.advance(1000);
    expect(bench.journal.incarnation()).not.toBe(before);
    expect(bench.cloud.incarnation).toBe(bench.journal.incarnation());
    expect(bench.cloud.committed.map((event) => [event.seq, event.type])).toEqual([
      [1, "notice"],
      [2, "notice"],
      [3, "exception"],
    ]);
    expect(bench.journal.range().ackedSeq).toBe(3);
  });

  test("is sent again, as far as it is held, to a cloud that was restored from a backup", async () => {
    await bench.append(5);
    await bench.clock.advance(100);
    expect(bench.journal.range().ackedSeq).toBe(7);
    bench.cloud.cloudId = "cloud-2";
    bench.cloud.committed.splice(3);
    bench.cloud.hash = bench.cloud.committed.length === 3 ? (await bench.journal.read(4, 1, 1))!.prevHash : "";
    const { session } = bench.beat();
    bench.cloud.ack();
    await bench.clock.advance(5000);
    // Two more say that a session ended and another one began.
    expect(bench.cloud.seq).toBe(9);
    expect(bench.journal.range().ackedSeq).toBe(9);
    expect(bench.journal.meta("cloudId")).toBe("cloud-2");
    const now = bench.beat();
    expect(now.session).not.toBe(session);
    expect(now).toMatchObject({ cloudId: "cloud-2" });
  });
});

describe("a lease", () => {
  const renew = (beat: number, epoch = 1): void => bench.cloud.ack({ leases: [{ contractId, epoch, beat }] });

  test("is renewed from the sending of the beat that the ack names", async () => {
    await accept();
    await bench.clock.advance(9990);
    const { beat } = bench.beat();
    await bench.clock.advance(4000);
    expect(bench.link.leaseRemainingMs(contractId)).toBe(1_800_000 - 13_990);
    renew(beat);
    await bench.clock.advance(10);
    expect(bench.link.leaseRemainingMs(contractId)).toBe(1_800_000 - 4010);
  });

  test("is not renewed by an unknown beat, another epoch, or an older beat", async () => {
    await accept();
    const old = bench.beat().beat;
    await bench.clock.advance(6000);
    renew(bench.beat().beat + 1000);
    renew(bench.beat().beat, 2);
    renew(old);
    await bench.clock.advance(10);
    expect(bench.link.leaseRemainingMs(contractId)).toBe(1_800_000 - 6010);
  });

  test("goes on over a restart from the last renewal that was worth a write", async () => {
    await accept();
    await bench.clock.advance(100_000);
    renew(bench.beat().beat);
    await bench.clock.advance(10);
    const remaining = bench.link.leaseRemainingMs(contractId);
    expect(remaining).toBeGreaterThan(1_794_000);
    await bench.link[Symbol.asyncDispose]();
    await bench.journal[Symbol.asyncDispose]();
    await bench.startAgent();
    expect(bench.link.leaseRemainingMs(contractId)).toBe(Number(remaining) - 10);
  });

  test("of a contract that this device does not hold is unknown", () => {
    expect(bench.link.leaseRemainingMs("nobody")).toBe("unknown");
  });
});
