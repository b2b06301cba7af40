import { describe, expect, test } from "vitest";
import { connectOnce, makePair, makeWorld, message, payloads, watch } from "./network-fixture.ts";

describe("the end of a client", () => {
  test("leaves no timer behind in network or broker", async () => {
    const world = makeWorld();
    const { sender } = await makePair(world);
    world.network.setLink("cloud", { reorder: true, delayMs: [1, 1] });
    for (let n = 0; n < 20; n++) watch(sender.connection.publish(message(String(n))));
    await world.clock.advance(30);
    world.network.killProcess("cloud");
    watch(sender.connection.close());
    await world.clock.advance(600_000);
    expect(world.clock.nextDueMs()).toBeUndefined();
  });

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
