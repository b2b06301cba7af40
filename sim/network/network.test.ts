import { describe, expect, test } from "vitest";
import { createRng } from "#lib/rng";
import { connectOnce, makePair, makeWorld, message, payloads, watch } from "./network-fixture.ts";

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

test("what was acknowledged reaches a healthy subscriber, whatever happens to the sender", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const world = makeWorld(seed);
    const rng = createRng(seed).fork("test");
    const { listener, sender } = await makePair(world);
    const outcomes: { outcome: string }[] = [];
    for (let n = 0; n < 40; n++) {
      world.network.setLink("amr", {
        delayMs: [1, rng.integer(1, 3000)],
        loss: rng.float() * 0.8,
        reorder: rng.chance(1, 2),
      });
      if (rng.chance(1, 20)) world.network.partition("amr");
      if (rng.chance(1, 4)) world.network.heal("amr");
      outcomes.push(watch(sender.connection.publish(message(`t/${n % 3}`, String(n)))));
      await world.clock.advance(rng.integer(0, 2000));
    }
    world.network.heal("amr");
    await world.clock.advance(200_000);
    expect(outcomes.filter(({ outcome }) => outcome === "pending")).toEqual([]);
    const arrived = new Set(payloads(listener));
    const acknowledged = outcomes.flatMap(({ outcome }, n) => (outcome === "resolved" ? [String(n)] : []));
    expect(acknowledged.filter((n) => !arrived.has(n))).toEqual([]);
  }
});
