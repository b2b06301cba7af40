import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { writePrivateKey } from "#contract/io/key-file";
import { generateKey } from "#contract/io/node-crypto";
import { startCloudProcess, type CloudProcess } from "../integration/cloud-process.ts";
import { RigDevice } from "./fleet/rig-device.ts";
import { sharedBroker } from "./fleet/shared-broker.ts";
import { MOSQUITTO, startMosquitto, type Mosquitto } from "./mosquitto-process.ts";
import { POSTGRES, startPostgres, type Postgres } from "./postgres-process.ts";

const DEVICES = 20;
const BATCHES = 30;
const AWAY_MS = 20_000;
const TIMEOUT_MS = 120_000;

interface Site {
  readonly broker: Mosquitto;
  readonly postgres: Postgres;
  readonly fleet: readonly RigDevice[];
  /** Starts a cloud process; it answers when it is the one that works. */
  startCloud(): Promise<CloudProcess>;
}

const parts: AsyncDisposable[] = [];
afterEach(async () => {
  for (const part of parts.splice(0).toReversed()) await part[Symbol.asyncDispose]();
});

async function startSite(): Promise<Site> {
  const stack = new AsyncDisposableStack();
  parts.push(stack);
  const broker = stack.use(await startMosquitto(sharedBroker));
  const postgres = stack.use(await startPostgres());
  const folder = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const platformKey = join(folder, "platform.jwk");
  writePrivateKey(platformKey, generateKey().privateJwk);
  const settings = {
    broker: `mqtt://127.0.0.1:${broker.port}`,
    database: postgres.url,
    platformKey,
    logLevel: "fatal",
  };
  const fleet = Array.from({ length: DEVICES }, (_, at) => new RigDevice(`d-${at}`, broker.port));
  stack.defer(() => fleet.forEach((device) => device.cut()));
  return { broker, postgres, fleet, startCloud: async () => stack.use(await startCloudProcess(settings)) };
}

/** Every device writes its journal bit by bit, while `happens` does. */
async function writeWhile(fleet: readonly RigDevice[], happens: () => Promise<unknown>): Promise<void> {
  for (const device of fleet) device.connect();
  const happened = delay(400).then(happens);
  for (let batch = 0; batch < BATCHES; batch++) {
    for (const device of fleet) device.write([[movement(device), { type: "rig.step", data: { batch } }]]);
    await delay(50);
  }
  await happened;
  await Promise.all(fleet.map((device) => device.acknowledged()));
}

function movement({ deviceId }: RigDevice): Parameters<RigDevice["write"]>[0][number][number] {
  const actor = { kind: "ROBOT", id: deviceId };
  const occurred_at = new Date().toISOString();
  const correlation_id = `019b8ce6-1400-7000-8000-${randomUUID().slice(-12)}`;
  return {
    type: "movement",
    data: { correlation_id, kind: "PICK", sku: "SKU-1", qty: 1, uom: "EA", occurred_at, actor },
  };
}

/** Each event and each movement is in the database, once, and in the order of its device. */
async function expectAllOnce({ postgres, fleet }: Site): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const journals = await client.query<{
    device_id: string;
    events: string;
    ids: string;
    last: string;
    ordered: boolean;
  }>(`
    SELECT device_id, count(*) AS events, count(DISTINCT event_id) AS ids, max(seq) AS last, bool_and(ordered) AS ordered
    FROM (SELECT *, seq = row_number() OVER (PARTITION BY device_id ORDER BY id) AS ordered FROM event) AS numbered
    GROUP BY device_id`);
  const ledger = await client.query<{ movements: string }>("SELECT count(*) AS movements FROM ledger");
  await client.end();
  expect(journals.rows).toHaveLength(fleet.length);
  for (const { device_id: deviceId, events, ids, last, ordered } of journals.rows) {
    const { lastSeq } = fleet.find((device) => device.deviceId === deviceId)!;
    expect({ deviceId, events, ids, last, ordered }).toEqual({
      deviceId,
      events: String(lastSeq),
      ids: String(lastSeq),
      last: String(lastSeq),
      ordered: true,
    });
  }
  expect(ledger.rows[0]!.movements).toBe(String(fleet.length * BATCHES));
}

describe.skipIf(POSTGRES === undefined || MOSQUITTO === undefined)("a cloud on PostgreSQL and Mosquitto", () => {
  it(
    "loses nothing and applies nothing twice when the working one of two processes is killed",
    async () => {
      const site = await startSite();
      const first = await site.startCloud();
      const second = site.startCloud();
      await writeWhile(site.fleet, () => first.kill());
      const { url } = await second;
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      await expectAllOnce(site);
    },
    TIMEOUT_MS,
  );

  it(
    "loses nothing and applies nothing twice when PostgreSQL is away for 20 s",
    async () => {
      const site = await startSite();
      const cloud = await site.startCloud();
      await writeWhile(site.fleet, async () => {
        await site.postgres.kill();
        await delay(AWAY_MS);
        await site.postgres.start();
      });
      await expectAllOnce(site);
      expect((await fetch(`${cloud.url}/readyz`)).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    "loses nothing and applies nothing twice when the broker is away for 20 s",
    async () => {
      const site = await startSite();
      const cloud = await site.startCloud();
      await writeWhile(site.fleet, async () => {
        await site.broker.kill();
        await delay(AWAY_MS);
        await site.broker.start();
      });
      await expectAllOnce(site);
      expect((await fetch(`${cloud.url}/readyz`)).status).toBe(200);
    },
    TIMEOUT_MS,
  );
});
