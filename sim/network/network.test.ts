import { describe, expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import type { Connection, ConnectOptions, Message } from "#lib/transport";
import { VirtualClock } from "#lib/virtual-clock";
import { createNetwork, type Network } from "./network.ts";

/** What a client hears, with the time at which it hears it. */
interface Client {
  readonly connection: Connection;
  readonly heard: { readonly atMs: number; readonly message: Message }[];
  readonly closed: { readonly atMs: number; readonly reason: string }[];
}

interface World {
  readonly clock: VirtualClock;
  readonly network: Network;
  open(name: string, options?: Partial<ConnectOptions>): Promise<Client>;
}

function makeWorld(seed = 1): World {
  const clock = new VirtualClock();
  const network = createNetwork({ clock, rng: createRng(seed), log: silentLog });
  async function open(name: string, options: Partial<ConnectOptions> = {}): Promise<Client> {
    const heard: Client["heard"] = [];
    const closed: Client["closed"] = [];
    const connecting = network.transport(name).connect(
      { clientId: name, keepAliveSeconds: 10, ...options },
      {
        onMessage: (received) => heard.push({ atMs: clock.nowMs(), message: received }),
        onClose: (reason) => closed.push({ atMs: clock.nowMs(), reason }),
      },
    );
    await clock.advance(1000);
    return { connection: await connecting, heard, closed };
  }
  return { clock, network, open };
}

function message(topic: string, payload = "x", more: Partial<Message> = {}): Message {
  return { topic, payload, qos: 1, retain: false, ...more };
}

function payloads(client: Client): string[] {
  return client.heard.map((entry) => entry.message.payload);
}

/** Keeps a promise's outcome at hand without waiting for it. */
function watch(promise: Promise<void>): { outcome: string } {
  const watched = { outcome: "pending" };
  promise.then(
    () => (watched.outcome = "resolved"),
    (error: { code: string }) => (watched.outcome = error.code),
  );
  return watched;
}

/** A connection attempt whose connection nobody uses. */
async function connectOnce(
  world: World,
  options: ConnectOptions,
  transport = world.network.transport(options.clientId),
): Promise<void> {
  await transport.connect(options, { onMessage: () => undefined, onClose: () => undefined });
}

/** A listener on everything and a sender, both connected and subscribed. */
async function makePair(world: World): Promise<{ listener: Client; sender: Client }> {
  const listener = await world.open("cloud");
  void listener.connection.subscribe(["#"]);
  const sender = await world.open("amr");
  return { listener, sender };
}

test("delivers nothing before the clock moves", async () => {
  const world = makeWorld();
  world.network.setLink("cloud", { delayMs: [0, 0] });
  world.network.setLink("amr", { delayMs: [0, 0] });
  const { listener, sender } = await makePair(world);
  const publish = watch(sender.connection.publish(message("a")));
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  expect([publish.outcome, listener.heard.length]).toEqual(["pending", 0]);
  await world.clock.advance(0);
  expect([publish.outcome, listener.heard.length]).toEqual(["resolved", 1]);
});

describe("one seed, one history", () => {
  async function history(seed: number): Promise<string> {
    const world = makeWorld(seed);
    const { listener, sender } = await makePair(world);
    world.network.setLink("amr", { delayMs: [5, 400], loss: 0.2, duplicate: 0.2, reorder: true });
    for (let n = 0; n < 50; n++) {
      watch(sender.connection.publish(message(`t/${n % 5}`, String(n))));
      await world.clock.advance(100);
      if (n === 20) world.network.partition("amr");
      if (n === 40) world.network.heal("amr");
    }
    await world.clock.advance(120_000);
    return JSON.stringify([listener.heard, sender.closed]);
  }

  test("equal seeds give equal histories", async () => {
    expect(await history(3)).toBe(await history(3));
  });

  test("different seeds give different histories", async () => {
    expect(await history(3)).not.toBe(await history(4));
  });
});

describe("a partition", () => {
  test("that is short only delays", async () => {
    const world = makeWorld();
    const { listener, sender } = await makePair(world);
    world.network.partition("amr");
    const publish = watch(sender.connection.publish(message("a")));
    await world.clock.advance(5000);
    expect([publish.outcome, listener.heard.length]).toEqual(["pending", 0]);
    world.network.heal("amr");
    await world.clock.advance(10_000);
    expect([publish.outcome, listener.heard.length, sender.closed.length]).toEqual(["resolved", 1, 0]);
  });

  test("is noticed by each side in its own time", async () => {
    const world = makeWorld();
    const { listener } = await makePair(world);
    const device = await world.open("device", { will: message("presence", "lost") });
    await world.clock.advance(3000);
    const lastWordMs = world.clock.nowMs();
    await device.connection.publish(message("presence", "here", { qos: 0 }));
    await world.clock.advance(1000);
    world.network.partition("device");
    await world.clock.advance(60_000);
    const lost = listener.heard.at(-1);
    expect(lost?.message.payload).toBe("lost");
    // The broker counts 1.5 keep-alives from the client's last packet, the client from the last acknowledgement.
    expect(Math.round(((lost?.atMs ?? 0) - lastWordMs) / 100)).toBe(150);
    expect(device.closed).toMatchObject([{ reason: "keep-alive timeout" }]);
    expect(Math.abs((device.closed[0]?.atMs ?? 0) - (lost?.atMs ?? 0))).toBeGreaterThan(2000);
  });

  test("lets a connection attempt hang for 10 s", async () => {
    const world = makeWorld();
    world.network.partition("amr");
    const options = { clientId: "amr", keepAliveSeconds: 10 };
    const handlers = { onMessage: () => undefined, onClose: () => undefined };
    const attempt = watch(
      world.network
        .transport("amr")
        .connect(options, handlers)
        .then(() => undefined),
    );
    await world.clock.advance(9999);
    expect(attempt.outcome).toBe("pending");
    await world.clock.advance(1);
    expect(attempt.outcome).toBe("transport.unreachable");
  });

  test("leaves no ghost of an attempt that was given up", async () => {
    const world = makeWorld();
    const { listener } = await makePair(world);
    world.network.partition("ghost");
    const options = { clientId: "ghost", keepAliveSeconds: 10, will: message("presence", "lost") };
    const attempt = watch(connectOnce(world, options));
    await world.clock.advance(12_000);
    world.network.heal("ghost");
    await world.clock.advance(120_000);
    expect([attempt.outcome, listener.heard.length]).toEqual(["transport.unreachable", 0]);
  });

  test("may or may not swallow what was in flight", async () => {
    const arrivals = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const world = makeWorld(seed);
      const { listener, sender } = await makePair(world);
      const publish = watch(sender.connection.publish(message("a")));
      world.network.partition("amr");
      await world.clock.advance(60_000);
      expect(publish.outcome).toBe("transport.closed");
      arrivals.add(listener.heard.length);
    }
    expect(arrivals).toEqual(new Set([0, 1]));
  });
});

describe("a lossy link", () => {
  test("delays, and keeps order and number", async () => {
    const world = makeWorld();
    const { listener, sender } = await makePair(world);
    world.network.setLink("amr", { loss: 0.4 });
    for (let n = 0; n < 100; n++) watch(sender.connection.publish(message("a", String(n))));
    await world.clock.advance(1000);
    expect(listener.heard.length).toBeLessThan(100);
    await world.clock.advance(60_000);
    expect(payloads(listener).map(Number)).toEqual([...Array(100).keys()]);
  });

  test("breaks the connection when nothing gets through for long", async () => {
    const world = makeWorld();
    const { sender } = await makePair(world);
    world.network.setLink("amr", { loss: 1 });
    await world.clock.advance(30_000);
    expect(sender.closed).toMatchObject([{ reason: "keep-alive timeout" }]);
  });

  test("breaks an undelivered write after 60 s even without a keep-alive", async () => {
    const world = makeWorld();
    const sender = await world.open("amr", { keepAliveSeconds: 0 });
    world.network.setLink("amr", { loss: 1 });
    const publish = watch(sender.connection.publish(message("a")));
    await world.clock.advance(59_000);
    expect(publish.outcome).toBe("pending");
    await world.clock.advance(20_000);
    expect(publish.outcome).toBe("transport.closed");
  });
});

describe("duplicates and order", () => {
  test("the duplicate fault repeats some QoS-1 messages and no others", async () => {
    const world = makeWorld();
    const { listener, sender } = await makePair(world);
    world.network.setLink("amr", { duplicate: 0.3 });
    for (let n = 0; n < 100; n++) {
      watch(sender.connection.publish(message("one", `one-${n}`)));
      watch(sender.connection.publish(message("zero", `zero-${n}`, { qos: 0 })));
    }
    await world.clock.advance(10_000);
    const ones = payloads(listener).filter((payload) => payload.startsWith("one"));
    expect(new Set(ones).size).toBe(100);
    expect(ones.length).toBeGreaterThan(110);
    expect(ones.length).toBeLessThan(150);
    expect(payloads(listener).length - ones.length).toBe(100);
  });

  test("a message that is not acknowledged in time is delivered again", async () => {
    const world = makeWorld();
    const listener = await world.open("cloud", { keepAliveSeconds: 60 });
    watch(listener.connection.subscribe(["#"]));
    const sender = await world.open("amr");
    world.network.setLink("cloud", { delayMs: [14_000, 14_000] });
    watch(sender.connection.publish(message("a")));
    await world.clock.advance(60_000);
    expect(payloads(listener)).toEqual(["x", "x"]);
  });

  test("the reorder fault swaps messages of different topics only", async () => {
    const world = makeWorld();
    const { listener, sender } = await makePair(world);
    world.network.setLink("amr", { reorder: true });
    for (let n = 0; n < 60; n++) watch(sender.connection.publish(message(`t/${n % 3}`, String(n))));
    await world.clock.advance(60_000);
    const order = payloads(listener).map(Number);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    for (const lane of [0, 1, 2]) {
      const inLane = order.filter((n) => n % 3 === lane);
      expect(inLane).toEqual(inLane.toSorted((a, b) => a - b));
    }
    expect(order).toHaveLength(60);
  });
});

describe("the end of a client", () => {
  test("a killed process is noticed at once and hears nothing more", async () => {
    const world = makeWorld();
    const { listener } = await makePair(world);
    const device = await world.open("device", { will: message("presence", "lost") });
    const publish = watch(device.connection.publish(message("last")));
    world.network.killProcess("device");
    await world.clock.advance(100);
    expect(payloads(listener)).toEqual(["x", "lost"]);
    await world.clock.advance(60_000);
    expect([publish.outcome, device.closed.length]).toEqual(["pending", 0]);
    const next = await world.open("device");
    expect(next.closed).toEqual([]);
  });

  test("a dead process cannot connect", async () => {
    const world = makeWorld();
    const transport = world.network.transport("device");
    world.network.killProcess("device");
    const attempt = watch(connectOnce(world, { clientId: "device", keepAliveSeconds: 10 }, transport));
    await world.clock.advance(60_000);
    expect(attempt.outcome).toBe("pending");
  });

  test("a power cut is noticed when the keep-alive runs out", async () => {
    const world = makeWorld();
    const { listener } = await makePair(world);
    await world.open("device", { will: message("presence", "lost") });
    world.network.cutPower("device");
    await world.clock.advance(13_000);
    expect(payloads(listener)).toEqual([]);
    await world.clock.advance(2000);
    expect(payloads(listener)).toEqual(["lost"]);
  });
});

describe("a restarted broker", () => {
  test("has ended every connection, published no will and forgotten what it retained", async () => {
    const world = makeWorld();
    const { listener, sender } = await makePair(world);
    await world.open("device", { will: message("presence", "lost") });
    await sender.connection.publish(message("state", "kept", { retain: true, qos: 0 }));
    await world.clock.advance(100);
    world.network.restartBroker();
    await world.clock.advance(5000);
    expect([listener.closed.length, sender.closed.length]).toEqual([1, 1]);
    const next = await world.open("cloud");
    watch(next.connection.subscribe(["#"]));
    await world.clock.advance(60_000);
    expect(payloads(listener)).toEqual(["kept"]);
    expect(next.heard).toEqual([]);
  });

  test("forgets what it had acknowledged but not yet passed on", async () => {
    const world = makeWorld();
    const { sender } = await makePair(world);
    world.network.setLink("amr", { reorder: true, delayMs: [1, 1] });
    const publishes = [...Array(20).keys()].map((n) => {
      return watch(sender.connection.publish(message(`state/${n}`, "kept", { retain: true })));
    });
    await world.clock.advance(10);
    world.network.restartBroker();
    await world.clock.advance(5000);
    expect(publishes.map(({ outcome }) => outcome)).toEqual(Array(20).fill("resolved"));
    const next = await world.open("cloud");
    watch(next.connection.subscribe(["#"]));
    await world.clock.advance(5000);
    expect(next.heard).toEqual([]);
  });

  test("resets a connection that outlived it unnoticed, as soon as something is sent", async () => {
    const world = makeWorld();
    const sender = await world.open("amr", { keepAliveSeconds: 0 });
    world.network.partition("amr");
    world.network.restartBroker();
    await world.clock.advance(100_000);
    world.network.heal("amr");
    await world.clock.advance(100_000);
    expect(sender.closed).toEqual([]);
    const publish = watch(sender.connection.publish(message("a")));
    await world.clock.advance(100);
    expect([publish.outcome, sender.closed[0]?.reason]).toEqual(["transport.closed", "the connection was reset"]);
  });

  test("refuses connections while it is down", async () => {
    const world = makeWorld();
    world.network.restartBroker(3000);
    await expect(world.open("amr")).rejects.toMatchObject({ code: "transport.unreachable", retryable: true });
    await world.clock.advance(3000);
    await expect(world.open("amr")).resolves.toBeDefined();
  });
});
