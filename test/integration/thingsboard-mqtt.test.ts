import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Aedes } from "aedes";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createFeedFixture } from "#feed/feed-fixture";
import type { StoredTelemetry, TelemetrySource } from "#feed/source";
import type { FedRobots } from "#feed/thingsboard/rpc";
import { ThingsBoardSink } from "#feed/thingsboard/settings";
import { startThingsBoardSink, type RunningThingsBoard } from "#feed/thingsboard/sink";
import { silentLog } from "#lib/log";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";

const LIMITS = { maxPayloadSize: 65_536, maxInflightMessages: 100, rateLimits: { messages: "1000:1" } };
const REQUEST = "v1/devices/me/rpc/request/";

const robots: FedRobots = {
  list: () => ["amr-07"],
  attributes: () => ({ mode: "live" }),
  status: () => ({ ok: true, mode: "live" }),
  hold: async () => ({ ok: true }),
  resume: async () => ({ ok: true }),
};

let aedes: Aedes;
let server: Server;
/** Topics that the server itself has published on. */
let told: Set<string>;
let heard: { readonly topic: string; readonly content: unknown }[];
let sink: RunningThingsBoard;

/** ThingsBoard's topics on a real broker: it knows one token, answers `getSessionLimits`, and passes nothing on. */
beforeEach(async () => {
  heard = [];
  told = new Set();
  aedes = await Aedes.createBroker({
    authenticate: (_client, username, _password, done) => done(null, username === "secret"),
    authorizeForward: (_client, packet) => (told.has(packet.topic) ? packet : null),
  });
  aedes.on("publish", ({ topic, payload }, client) => {
    if (!client) return;
    heard.push({ topic, content: JSON.parse(payload.toString()) });
    if (topic === `${REQUEST}1`) tell("v1/devices/me/rpc/response/1", LIMITS);
  });
  server = createServer((socket) => void aedes.handle(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `mqtt://127.0.0.1:${port}`;
  sink = await startThingsBoardSink(
    ThingsBoardSink.parse({ name: "tb", url, accessToken: "secret", device: "amr-07" }),
    {
      clock: createSystemClock(),
      rng: createRng("sink"),
      log: silentLog,
      source,
      keeper: createFeedFixture().keeper,
      transport: createMqttTransport({ url }, { log: silentLog }),
      robots,
    },
  );
});
afterEach(async () => {
  await sink[Symbol.asyncDispose]();
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
  server.close();
});

describe("a feed of ThingsBoard over MQTT", () => {
  test("logs in by its token, asks for limits, sends what is stored and answers requests", async () => {
    await vi.waitFor(() => expect(sink.status()).toEqual({ name: "tb", state: "connected", position: 1 }), 10_000);
    expect(heard[0]).toEqual({ topic: `${REQUEST}1`, content: { method: "getSessionLimits", params: {} } });
    expect(heard).toContainEqual({ topic: "v1/devices/me/attributes", content: { mode: "live" } });
    expect(heard).toContainEqual({
      topic: "v1/devices/me/telemetry",
      content: [{ ts: Date.parse(BLOCK.batches[0]!.t0), values: { battery_battery: 0.9 } }],
    });
    tell(`${REQUEST}42`, { method: "status", params: {} });
    const answer = { topic: "v1/devices/me/rpc/response/42", content: { ok: true, mode: "live" } };
    await vi.waitFor(() => expect(heard).toContainEqual(answer), 10_000);
  });
});

const BLOCK: StoredTelemetry = {
  position: 1,
  deviceId: "amr-07",
  batches: [
    {
      channel: "battery",
      t0: "2026-01-05T08:00:00.000Z",
      clock: "synced",
      t0Mono: 0,
      bootId: "boot",
      dt: [0],
      values: { battery: [0.9] },
    },
  ],
};

const source: TelemetrySource = {
  id: "first",
  read: async (position) => (position < 1 ? [BLOCK] : []),
  onMore: () => () => undefined,
};

function tell(topic: string, content: unknown): void {
  told.add(topic);
  const payload = Buffer.from(JSON.stringify(content));
  aedes.publish({ cmd: "publish", topic, payload, qos: 1, retain: false, dup: false }, () => undefined);
}
