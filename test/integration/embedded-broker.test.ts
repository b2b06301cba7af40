import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startEmbeddedBroker, type EmbeddedBroker } from "#cloud/io/embedded-broker";
import { createMemoryLog, silentLog, type LogLine } from "#lib/log";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import type { Connection, ConnectOptions, Message } from "#lib/transport";
import { Inbox } from "../conformance/inbox.ts";

const OWN = "hf/v1/site-1/amr-07";
const OUTSIDE = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

let broker: EmbeddedBroker;
let lines: readonly LogLine[];

beforeEach(async () => {
  const memory = createMemoryLog();
  lines = memory.lines;
  broker = await startEmbeddedBroker({ host: "0.0.0.0", port: 0, log: memory.log });
});
afterEach(() => broker[Symbol.asyncDispose]());

async function open(
  options: Partial<ConnectOptions> = {},
  host = "127.0.0.1",
): Promise<{ connection: Connection; inbox: Inbox }> {
  const transport = createMqttTransport({ url: `mqtt://${host}:${broker.port}` }, { log: silentLog });
  const inbox = new Inbox();
  const clientId = options.username ?? "rig";
  return { connection: await transport.connect({ clientId, keepAliveSeconds: 15, ...options }, inbox), inbox };
}

function message(topic: string, payload = "x"): Message {
  return { topic, payload, qos: 1, retain: false };
}

function warnings(): string[] {
  return lines.filter(({ level }) => level === "warn").map((line) => line.message);
}

describe("a client with a device's user name", () => {
  test("publishes and subscribes below its own root", async () => {
    const { connection, inbox } = await open({ username: "amr-07" });
    await connection.subscribe([`${OWN}/#`, `${OWN}/command`]);
    await connection.publish(message(`${OWN}/presence`));
    await inbox.count(1);
    expect(inbox.topics()).toEqual([`${OWN}/presence`]);
    expect(warnings()).toEqual([]);
  });

  test.each(["hf/v1/site-1/amr-08/presence", "hf/v1/site-1/amr-07", "hf/v2/site-1/amr-07/presence", "$SYS/broker"])(
    "loses its connection when it publishes to %s",
    async (topic) => {
      const watcher = await open();
      await watcher.connection.subscribe(["#"]);
      const { connection, inbox } = await open({ username: "amr-07" });
      await Promise.allSettled([connection.publish(message(topic))]);
      await inbox.closed;
      await watcher.connection.publish(message("probe"));
      await watcher.inbox.count(1);
      expect(watcher.inbox.topics()).toEqual(["probe"]);
      expect(warnings()).toEqual(["publish refused, connection closed"]);
    },
  );

  test.each(["#", "hf/v1/#", "hf/v1/+/amr-07/#", "hf/v1/site-1/+/command", "hf/v1/site-1/amr-08/#", "$SYS/#"])(
    "is refused a subscription of %s and keeps its connection",
    async (filter) => {
      const { connection, inbox } = await open({ username: "amr-07" });
      await expect(connection.subscribe([filter])).rejects.toMatchObject({ code: "transport.refused" });
      await connection.subscribe([`${OWN}/ack`]);
      expect(inbox.reasons).toEqual([]);
      expect(warnings()).toEqual(["subscription refused"]);
    },
  );

  test("is refused when its will is not below its root", async () => {
    const will = message("hf/v1/site-1/amr-08/presence", "lost");
    await expect(open({ username: "amr-07", will })).rejects.toMatchObject({ code: "transport.refused" });
    expect(warnings()).toEqual(["client refused"]);
  });

  test("is refused when the user name is no deviceId", async () => {
    await expect(open({ username: "+" })).rejects.toMatchObject({ code: "transport.refused" });
  });
});

describe("a client without a user name", () => {
  test("is not restricted when it comes from this machine", async () => {
    const { connection, inbox } = await open();
    await connection.subscribe(["hf/v1/+/+/presence"]);
    await connection.publish(message(`${OWN}/presence`));
    await inbox.count(1);
    expect(inbox.topics()).toEqual([`${OWN}/presence`]);
  });

  test.skipIf(OUTSIDE === undefined)("is refused when it comes from another machine", async () => {
    await expect(open({}, OUTSIDE)).rejects.toMatchObject({ code: "transport.refused" });
    await expect(open({ username: "amr-07" }, OUTSIDE)).resolves.toBeDefined();
  });
});

test("refuses shared subscriptions instead of never delivering", async () => {
  const { connection } = await open();
  await expect(connection.subscribe(["$share/cloud/hf/#"])).rejects.toMatchObject({ code: "transport.refused" });
});

test("names the address that is already in use", async () => {
  const second = startEmbeddedBroker({ host: "0.0.0.0", port: broker.port, log: silentLog });
  await expect(second).rejects.toMatchObject({
    code: "config.port_in_use",
    message: expect.stringContaining(`0.0.0.0:${broker.port}`) as string,
  });
});

test("ends every connection when it is disposed, also one that never said CONNECT", async () => {
  const { inbox } = await open();
  const mute = connectTcp(broker.port, "127.0.0.1");
  await once(mute, "connect");
  const muteEnded = once(mute, "close");
  await broker[Symbol.asyncDispose]();
  await Promise.all([inbox.closed, muteEnded]);
  await expect(open()).rejects.toMatchObject({ code: "transport.unreachable", retryable: true });
});
