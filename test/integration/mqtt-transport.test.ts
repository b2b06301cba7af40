import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { startEmbeddedBroker } from "#cloud/io/embedded-broker";
import { silentLog } from "#lib/log";
import { createMqttTransport, type MqttTransportOptions } from "#lib/node/mqtt-transport";
import type { Connection } from "#lib/transport";
import { Inbox } from "../conformance/inbox.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server whose every connection is handed to `serve`; answers its port. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket.on("error", () => socket.destroy()));
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

function open(options: MqttTransportOptions, inbox = new Inbox(), username?: string): Promise<Connection> {
  const transport = createMqttTransport(options, { log: silentLog });
  return transport.connect({ clientId: "c", keepAliveSeconds: 15, ...(username && { username }) }, inbox);
}

describe("a connection that cannot be made", () => {
  test("says where nothing listens", async () => {
    const port = await listen(() => undefined);
    await cleanups.pop()?.();
    await expect(open({ url: `mqtt://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: "transport.unreachable",
      retryable: true,
      message: `cannot reach the MQTT broker at 127.0.0.1:${port}: nothing listens there (connection refused)`,
    });
  });

  test("says that a host name cannot be resolved", async () => {
    await expect(open({ url: "mqtt://no-such-host.invalid:1883" })).rejects.toMatchObject({
      code: "transport.unreachable",
      message: expect.stringContaining("no-such-host.invalid:1883") as string,
    });
  });

  test("gives up on a server that never answers", async () => {
    const port = await listen(() => undefined);
    await expect(open({ url: `mqtt://127.0.0.1:${port}`, connectTimeoutMs: 50 })).rejects.toMatchObject({
      code: "transport.unreachable",
      message: expect.stringContaining("no answer within 0.05 s") as string,
    });
  });

  test("gives up on a server that speaks something else", async () => {
    const port = await listen((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
    await expect(open({ url: `mqtt://127.0.0.1:${port}` })).rejects.toMatchObject({ code: "transport.unreachable" });
  });

  test("says which MQTT version a broker does not speak", async () => {
    await using broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log: silentLog });
    await expect(open({ url: `mqtt://127.0.0.1:${broker.port}`, protocolVersion: 5 })).rejects.toMatchObject({
      code: "transport.refused",
      retryable: false,
      message: `the MQTT broker at 127.0.0.1:${broker.port} refused MQTT version 5`,
    });
  });

  test("names the user whom a broker refuses", async () => {
    const port = await listen((socket) => socket.once("data", () => socket.write(Buffer.from([0x20, 2, 0, 4]))));
    await expect(open({ url: `mqtt://amr-07:secret@127.0.0.1:${port}` })).rejects.toMatchObject({
      code: "transport.refused",
      message: `the MQTT broker at 127.0.0.1:${port} refused the user name "amr-07" or its password`,
    });
  });

  test("may be tried again when the broker says that it is unavailable", async () => {
    const port = await listen((socket) => socket.once("data", () => socket.write(Buffer.from([0x20, 2, 0, 3]))));
    await expect(open({ url: `mqtt://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: "transport.unreachable",
      retryable: true,
      message: expect.stringContaining("Server unavailable") as string,
    });
  });

  test.each(["127.0.0.1:1883", "http://127.0.0.1", "mqtt://", ""])("refuses %j as an address", (url) => {
    expect(() => createMqttTransport({ url }, { log: silentLog })).toThrow(
      expect.objectContaining({ code: "config.invalid" }),
    );
  });
});

describe("an open connection", () => {
  const CONNACK = Buffer.from([0x20, 2, 0, 0]);

  test("closes although the other side no longer answers", async () => {
    const port = await listen((socket) => socket.once("data", () => socket.pause().write(CONNACK)));
    const inbox = new Inbox();
    const connection = await open({ url: `mqtt://127.0.0.1:${port}` }, inbox);
    await connection.close();
    expect(inbox.reasons).toEqual(["closed by this side"]);
  });

  test("reports once that the broker hung up, and rejects what was in flight", async () => {
    const port = await listen((socket) => {
      socket.once("data", () => {
        socket.write(CONNACK);
        socket.once("data", () => socket.destroy());
      });
    });
    const inbox = new Inbox();
    const connection = await open({ url: `mqtt://127.0.0.1:${port}` }, inbox);
    const publish = connection.publish({ topic: "a", payload: "x", qos: 1, retain: false });
    await expect(publish).rejects.toMatchObject({ code: "transport.closed", retryable: true });
    expect(inbox.reasons).toHaveLength(1);
  });

  test("is given up when nothing comes any more for one and a half times the keep-alive", async () => {
    const port = await listen((socket) => socket.once("data", () => socket.write(CONNACK)));
    const transport = createMqttTransport({ url: `mqtt://127.0.0.1:${port}`, protocolVersion: 4 }, { log: silentLog });
    const inbox = new Inbox();
    const connection = await transport.connect({ clientId: "c", keepAliveSeconds: 1 }, inbox);
    // What is sent must not count as a sign of life: a half-open connection takes it all.
    const sending = setInterval(() => void connection.publish(probe).catch(() => undefined), 100);
    const probe = { topic: "a", payload: "x", qos: 1, retain: false } as const;
    expect(await inbox.closed).toContain("the broker no longer answers");
    clearInterval(sending);
    expect(inbox.codes).toEqual(["transport.silent"]);
  });

  test("reports in words why an MQTT 5 broker ends it, and that somebody else took its name", async () => {
    const port = await listen((socket) => {
      socket.once("data", () => {
        socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
        const words = Buffer.from("moved on");
        const properties = Buffer.concat([Buffer.from([0x1f, 0, words.length]), words]);
        socket.end(Buffer.concat([Buffer.from([0xe0, 2 + properties.length, 142, properties.length]), properties]));
      });
    });
    const inbox = new Inbox();
    await open({ url: `mqtt://127.0.0.1:${port}`, protocolVersion: 5 }, inbox);
    const reason =
      "the broker ended the connection: another client connected under the same client identifier (moved on)";
    expect(await inbox.closed).toBe(reason);
    expect(inbox.codes).toEqual(["transport.taken_over"]);
  });

  test("falls back to MQTT 3.1.1 where the broker does not speak version 5, and remembers it", async () => {
    await using broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log: silentLog });
    const transport = createMqttTransport({ url: `mqtt://127.0.0.1:${broker.port}` }, { log: silentLog });
    for (let times = 0; times < 2; times++) {
      const connection = await transport.connect({ clientId: "c", keepAliveSeconds: 15 }, new Inbox());
      expect(connection.route).toBe(`mqtt://127.0.0.1:${broker.port}, MQTT 3.1.1`);
      await connection.close();
    }
  });

  test("falls back to MQTT 3.1.1 with the next attempt where version 5 is answered by silence", async () => {
    const versions: number[] = [];
    const port = await listen((socket) =>
      socket.once("data", (bytes) => {
        versions.push(bytes[8]!);
        if (bytes[8] === 4) socket.write(CONNACK);
      }),
    );
    const transport = createMqttTransport(
      { url: `mqtt://127.0.0.1:${port}`, connectTimeoutMs: 50 },
      { log: silentLog },
    );
    const connect = (): Promise<Connection> => transport.connect({ clientId: "c", keepAliveSeconds: 15 }, new Inbox());
    await expect(connect()).rejects.toMatchObject({ code: "transport.unreachable", retryable: true });
    expect((await connect()).route).toContain("MQTT 3.1.1");
    expect(versions).toEqual([5, 4]);
  });

  test("keeps no more messages in flight than an MQTT 5 broker allows", async () => {
    const seen: number[] = [];
    const connackReceiveMaximum2 = Buffer.from([0x20, 6, 0, 0, 3, 0x21, 0, 2]);
    let acknowledgeOldest = (): void => undefined;
    const probed = Promise.withResolvers<void>();
    const third = Promise.withResolvers<void>();
    const port = await listen((socket) => {
      const ids: number[] = [];
      socket.once("end", () => socket.end());
      acknowledgeOldest = () => socket.write(Buffer.from([0x40, 2, ids[0]! >> 8, ids[0]! & 0xff]));
      socket.on("data", (bytes) => {
        for (const [type, body] of packets(bytes)) {
          seen.push(type);
          if (type === CONNECT) socket.write(connackReceiveMaximum2);
          if (type === PUBLISH_QOS_0) probed.resolve();
          // Topic of one character: two bytes of length, one of text, then the packet identifier.
          if (type === PUBLISH_QOS_1 && ids.push(body.readUInt16BE(3)) === 3) third.resolve();
        }
      });
    });
    const connection = await open({ url: `mqtt://127.0.0.1:${port}`, protocolVersion: 5 });
    const publishes = [1, 2, 3, 4].map(() => connection.publish({ topic: "a", payload: "x", qos: 1, retain: false }));
    await connection.publish({ topic: "a", payload: "probe", qos: 0, retain: false });
    await probed.promise;
    expect(seen).toEqual([CONNECT, PUBLISH_QOS_1, PUBLISH_QOS_1, PUBLISH_QOS_0]);
    acknowledgeOldest();
    await publishes[0];
    await third.promise;
    expect(seen.filter((type) => type === PUBLISH_QOS_1)).toHaveLength(3);
    await Promise.all([connection.close(), Promise.allSettled(publishes)]);
  });
});

const CONNECT = 0x10;
const PUBLISH_QOS_0 = 0x30;
const PUBLISH_QOS_1 = 0x32;

/** Splits bytes into MQTT packets of less than 128 bytes each. */
function* packets(bytes: Buffer): Generator<[type: number, body: Buffer]> {
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!) {
    yield [bytes[at]!, bytes.subarray(at + 2, at + 2 + bytes[at + 1]!)];
  }
}
