import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Connection, ConnectOptions, Message, Transport } from "#lib/transport";
import { Inbox } from "./inbox.ts";

/** A broker under test and the means to reach it. */
export interface TransportRig extends AsyncDisposable {
  /** The transport of a client with a network path of its own. */
  transport(clientName: string): Promise<Transport>;
  /** Breaks the connections of `clientName`: neither side has said DISCONNECT, both notice in the end. */
  sever(clientName: string): void;
  /** Waits for `promise`, letting the rig's time pass. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

const LARGE_BYTES = 300_000;
const WINDOW = 100;
const MANY = 1000;

/** What every `Transport` together with its broker must do; to be called in a `describe`. `start` makes one rig for all tests. */
export function testTransport(start: () => Promise<TransportRig>): void {
  let rig: TransportRig;
  let root = "";
  let tests = 0;

  beforeAll(async () => {
    rig = await start();
  });
  beforeEach(() => {
    root = `suite-${++tests}`;
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  async function open(clientName: string, options: Partial<ConnectOptions> = {}): Promise<Client> {
    const inbox = new Inbox();
    const transport = await rig.transport(`${root}-${clientName}`);
    const clientId = `${root}-${clientName}`;
    const connection = await rig.settle(transport.connect({ clientId, keepAliveSeconds: 15, ...options }, inbox));
    return { connection, inbox };
  }
  async function listenTo(...filters: string[]): Promise<Client> {
    const client = await open(`listener-${filters.join("-").replaceAll(/[^a-z]/g, "")}`);
    await rig.settle(client.connection.subscribe(filters));
    return client;
  }
  function message(topic: string, payload: string, more: Partial<Message> = {}): Message {
    return { topic, payload, qos: 1, retain: false, ...more };
  }
  /** Publishes and waits until everything that the broker sent `client` before this has arrived. */
  async function drain(client: Client, topic: string): Promise<void> {
    const probe = message(topic, "end");
    await rig.settle(client.connection.publish(probe));
    await rig.settle(client.inbox.has((received) => received.payload === "end"));
  }
  test("delivers messages of both qualities unchanged", async () => {
    const listener = await listenTo(`${root}/#`);
    const sender = await open("sender");
    await rig.settle(sender.connection.publish(message(`${root}/one`, "Grüße 🤖")));
    await rig.settle(sender.connection.publish(message(`${root}/zero`, "fast", { qos: 0 })));
    await rig.settle(listener.inbox.count(2));
    expect(listener.inbox.messages).toContainEqual(message(`${root}/one`, "Grüße 🤖"));
    expect(listener.inbox.messages).toContainEqual(message(`${root}/zero`, "fast", { qos: 0 }));
  });

  test("resolves a QoS-1 publish although nobody listens", async () => {
    const sender = await open("sender");
    await expect(rig.settle(sender.connection.publish(message(`${root}/nobody`, "x")))).resolves.toBeUndefined();
  });

  test("rejects what was not acknowledged when the connection ends", async () => {
    const sender = await open("sender");
    const publish = sender.connection.publish(message(`${root}/lost`, "x"));
    const subscribe = sender.connection.subscribe([`${root}/lost`]);
    rig.sever(`${root}-sender`);
    const settled = await rig.settle(Promise.allSettled([publish, subscribe]));
    expect(settled).toMatchObject([
      { status: "rejected", reason: { code: "transport.closed" } },
      { status: "rejected", reason: { code: "transport.closed" } },
    ]);
    await rig.settle(sender.inbox.closed);
  });

  test("gives a new subscriber the latest retained message, marked as retained", async () => {
    const sender = await open("sender");
    await rig.settle(sender.connection.publish(message(`${root}/state`, "first", { retain: true })));
    await rig.settle(sender.connection.publish(message(`${root}/state`, "second", { retain: true })));
    const late = await listenTo(`${root}/state`);
    await rig.settle(late.inbox.count(1));
    expect(late.inbox.messages).toEqual([message(`${root}/state`, "second", { retain: true })]);
  });

  test("does not mark a retained message for those who were there", async () => {
    const present = await listenTo(`${root}/state`);
    const sender = await open("sender");
    await rig.settle(sender.connection.publish(message(`${root}/state`, "now", { retain: true })));
    await rig.settle(present.inbox.count(1));
    expect(present.inbox.messages).toEqual([message(`${root}/state`, "now")]);
  });

  test("forgets a retained message when an empty one is published", async () => {
    const sender = await open("sender");
    await rig.settle(sender.connection.publish(message(`${root}/kept`, "here", { retain: true })));
    await rig.settle(sender.connection.publish(message(`${root}/gone`, "here", { retain: true })));
    await rig.settle(sender.connection.publish(message(`${root}/gone`, "", { retain: true })));
    const late = await listenTo(`${root}/#`);
    await rig.settle(late.inbox.count(1));
    await drain(late, `${root}/probe`);
    expect(late.inbox.topics()).toEqual([`${root}/kept`, `${root}/probe`]);
  });

  test("publishes the will when a connection breaks", async () => {
    const watcher = await listenTo(`${root}/presence`);
    const will = message(`${root}/presence`, "lost", { retain: true });
    const device = await open("device", { will });
    rig.sever(`${root}-device`);
    await rig.settle(watcher.inbox.count(1));
    expect(watcher.inbox.messages).toEqual([message(`${root}/presence`, "lost")]);
    await rig.settle(device.inbox.closed);
    const late = await open("late");
    await rig.settle(late.connection.subscribe([`${root}/presence`]));
    await rig.settle(late.inbox.count(1));
    expect(late.inbox.messages).toEqual([will]);
  });

  test("publishes no will after an orderly end", async () => {
    const watcher = await listenTo(`${root}/#`);
    const device = await open("device", { will: message(`${root}/presence`, "lost") });
    await rig.settle(device.connection.publish(message(`${root}/presence`, "offline")));
    await rig.settle(device.connection.close());
    const takeover = await open("device");
    await drain(watcher, `${root}/probe`);
    expect(watcher.inbox.messages.map(({ payload }) => payload)).toEqual(["offline", "end"]);
    await rig.settle(takeover.connection.close());
  });

  test("closes the older of two connections with one client identifier and publishes its will", async () => {
    const watcher = await listenTo(`${root}/presence`);
    const clientId = `${root}-twin`;
    const older = await open("older", { clientId, will: message(`${root}/presence`, "lost") });
    const newer = await open("newer", { clientId });
    await rig.settle(older.inbox.closed);
    await rig.settle(watcher.inbox.count(1));
    await expect(rig.settle(older.connection.publish(message(root, "x")))).rejects.toMatchObject({
      code: "transport.closed",
    });
    await expect(rig.settle(newer.connection.publish(message(root, "x")))).resolves.toBeUndefined();
  });

  test("matches one level with + and the rest with #", async () => {
    const [plus, hash] = [await listenTo(`${root}/+/state`), await listenTo(`${root}/a/#`)];
    const sender = await open("sender");
    for (const topic of ["a/state", "b/state", "a/b/state", "a", "c"]) {
      await rig.settle(sender.connection.publish(message(`${root}/${topic}`, topic)));
    }
    await drain(plus, `${root}/z/state`);
    await drain(hash, `${root}/a/z`);
    expect(plus.inbox.messages.map(({ payload }) => payload)).toEqual(["a/state", "b/state", "end"]);
    expect(hash.inbox.messages.map(({ payload }) => payload)).toEqual(["a/state", "a/b/state", "a", "end"]);
  });

  test("carries a payload of 300 kB", async () => {
    const listener = await listenTo(`${root}/contract`);
    const sender = await open("sender");
    const payload = "0123456789".repeat(LARGE_BYTES / 10);
    await rig.settle(sender.connection.publish(message(`${root}/contract`, payload)));
    await rig.settle(listener.inbox.count(1));
    expect(listener.inbox.messages[0]?.payload === payload).toBe(true);
  });

  test("keeps the order of a topic with 100 messages in flight", async () => {
    const listener = await listenTo(`${root}/journal`);
    const sender = await open("sender");
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < MANY) await sender.connection.publish(message(`${root}/journal`, String(next++)));
    };
    await rig.settle(Promise.all(Array.from({ length: WINDOW }, lane)));
    await rig.settle(listener.inbox.count(MANY));
    expect(listener.inbox.messages.map(({ payload }) => Number(payload))).toEqual([...Array(MANY).keys()]);
  });

  test("rejects everything after close, which may be called again and is reported once", async () => {
    const { connection, inbox } = await open("client");
    await rig.settle(connection.close());
    await rig.settle(connection.close());
    expect(inbox.reasons).toHaveLength(1);
    await expect(connection.publish(message(root, "x"))).rejects.toMatchObject({ code: "transport.closed" });
    await expect(connection.publish(message(root, "x", { qos: 0 }))).rejects.toMatchObject({
      code: "transport.closed",
    });
    await expect(connection.subscribe([root])).rejects.toMatchObject({ code: "transport.closed" });
  });

  test("does not wait for outstanding acknowledgements to close", async () => {
    const { connection } = await open("client");
    const publish = connection.publish(message(root, "x"));
    const [closed, published] = await rig.settle(Promise.allSettled([connection.close(), publish]));
    expect(closed.status).toBe("fulfilled");
    expect(published).toMatchObject({ status: "rejected", reason: { code: "transport.closed" } });
  });
}

interface Client {
  readonly connection: Connection;
  readonly inbox: Inbox;
}
