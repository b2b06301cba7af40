import { expect, test } from "vitest";
import { HEARD_TOPICS, type HeardTopic } from "#cloud/admission";
import { draftFor, startCloudFixture, type CloudFixture } from "#cloud/cloud-fixture";
import { openSqliteArchive } from "#cloud/io/sqlite-archive";
import { JournalBatch, Presence, ReplanRequest, Reply, Telemetry } from "#contract/messages";
import { topicOf } from "#contract/topics";
import { createRng, type Rng } from "#lib/rng";
import type { Message } from "#lib/transport";
import { hostileJson, parse, pick } from "./hostile-messages.ts";
import { usedHeap } from "./used-heap.ts";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const MESSAGES = process.env["HOLDFAST_LONG"] === "1" ? 4_000_000 : 50_000;
/** So many come in a second: more than is let in of replies and requests, and not of presences, or the device's own would be lost. */
const PER_SECOND = 400;
const GROWTH_BYTES_MAX = 24_000_000;
const WITHIN_MS = 3_600_000;
const DEVICE = "amr-07";

const SCHEMAS = {
  presence: Presence,
  reply: Reply,
  journal: JournalBatch,
  telemetry: Telemetry,
  "replan-request": ReplanRequest,
} as const;

test(
  `${MESSAGES} malformed messages on all topics neither crash the cloud, nor change what it knows, nor make it grow (seed ${SEED})`,
  { timeout: WITHIN_MS },
  async () => {
    await using archive = openSqliteArchive({ path: ":memory:" });
    await using site = await startCloudFixture({}, { archive });
    const device = site.device(DEVICE);
    await device.connect();
    await site.pass(1);
    await site.during(site.cloud.pushContract(draftFor(DEVICE)));
    await site.pass(10);
    const models = modelsOf(site);
    const { contractId } = device.contracts[0]!;
    // Nothing is under way any more that would change by itself.
    device.write("contract.cancelled", { reason: "test" }, { contractId });
    await site.pass(10);
    const before = await known(site);
    expect(before).toMatchObject({
      devices: [{ deviceId: DEVICE, mode: "live" }],
      contracts: { rows: [{ status: "cancelled" }] },
    });
    const rng = createRng(SEED).fork("hostile");
    let heapBefore = 0;
    for (let sent = 0; sent < MESSAGES; sent++) {
      site.broker.route(hostileMessage(models, rng));
      if (sent % PER_SECOND === 0) {
        await site.pass(1);
        site.broker.published.length = 0;
      }
      if (sent === MESSAGES / 5) heapBefore = usedHeap();
    }
    await site.pass(10);

    expect(await known(site)).toEqual(before);
    expect(usedHeap() - heapBefore).toBeLessThan(GROWTH_BYTES_MAX);
    const told = site.lines.filter(({ message }) => message === "messages are dropped unread");
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(5 + MESSAGES / PER_SECOND / 9);

    const event = device.write("notice", { kind: "after", text: "the flood" });
    await site.pass(10);
    const [view] = site.cloud.listDevices();
    expect([view?.mode, view?.journal.committedSeq]).toEqual(["live", event.seq]);
  },
);

/** All that the cloud holds, but for when it heard the device last. */
async function known({ cloud, store, told }: CloudFixture): Promise<unknown> {
  const devices = cloud.listDevices().map(({ deviceId, mode, journal, pose, battery, activeContract }) => {
    return { deviceId, mode, journal, pose, battery, activeContract };
  });
  const page = { limit: 100 };
  const contracts = await cloud.listContracts(page);
  const [exceptions, ledger] = [await cloud.listExceptions(page), await cloud.listLedger(page)];
  const events = await store.deviceEvents(DEVICE);
  return structuredClone({ devices, contracts, exceptions, ledger, events, told: told.length });
}

type Models = Readonly<Record<HeardTopic, string>>;

/** Documents that the cloud would take, each about the device and its contract. */
function modelsOf({ broker, clock }: CloudFixture): Models {
  const newest = (name: HeardTopic): string =>
    broker.published.findLast(({ topic }) => topic === topicOf("default", DEVICE, name))!.payload;
  const { contractId } = (parse(newest("presence")) as { active: { contractId: string }[] }).active[0]!;
  const { session } = parse(newest("presence")) as { session: string };
  const delta = { code: "blocked", severity: "major", detail: "no way", assumptions: [] };
  const identity = { v: 1, requestId: "r-1", session, contractId, revision: 1, localRevision: 0, journalSeq: 2 };
  const at = "2026-01-05T08:00:00.000Z";
  const batch = { channel: "pose", t0: at, clock: "synced", t0Mono: 1, bootId: clock.bootId, dt: [0] };
  const telemetry = { v: 1, deviceId: DEVICE, lane: "backfill", store: "store-1", blockSeq: 1 };
  return {
    presence: newest("presence"),
    reply: newest("reply"),
    journal: newest("journal"),
    telemetry: JSON.stringify({ ...telemetry, batches: [{ ...batch, values: { x: [1], y: [2], yaw: [0] } }] }),
    "replan-request": JSON.stringify({ ...identity, completed: [], started: [], remaining: ["drive"], delta }),
  };
}

/** A message that is none, on the topic of the device, of one that does not exist, or below no root of ours. */
function hostileMessage(models: Models, rng: Rng): Message {
  const name = pick(HEARD_TOPICS, rng);
  const deviceId = rng.chance(3, 4) ? DEVICE : pick([`ghost-${rng.integer(0, 1000)}`, "", "a b", "x".repeat(200)], rng);
  for (;;) {
    const payload = hostileJson(models[name], rng);
    if (SCHEMAS[name].safeParse(parse(payload)).success) continue;
    return { topic: topicOf("default", deviceId, name), payload, qos: 1, retain: rng.chance(1, 10) };
  }
}
