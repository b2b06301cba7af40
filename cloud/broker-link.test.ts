import { describe, expect, it } from "vitest";
import { AgentError } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import { createRng } from "#lib/rng";
import type { Message, Transport } from "#lib/transport";
import { VirtualClock } from "#lib/virtual-clock";
import { BrokerFixture } from "./broker-fixture.ts";
import { startBrokerLink, type BrokerLink } from "./broker-link.ts";

interface Rig {
  readonly clock: VirtualClock;
  readonly messages: Message[];
  readonly link: BrokerLink;
  readonly connects: () => number;
}

function start(transport: Transport, clock = new VirtualClock()): Rig {
  const messages: Message[] = [];
  let connects = 0;
  const link = startBrokerLink({
    transport: {
      connect: (options, handlers) => {
        connects += 1;
        return transport.connect(options, handlers);
      },
    },
    clock,
    rng: createRng(1),
    log: createMemoryLog().log,
    clientId: "cloud-1",
    filters: ["hf/#"],
    onMessage: (message) => messages.push(message),
  });
  return { clock, messages, link, connects: () => connects };
}

describe("the broker link", () => {
  it("comes back with growing delays while nobody answers, and hears again when somebody does", async () => {
    const clock = new VirtualClock();
    const broker = new BrokerFixture(clock);
    let isUp = false;
    const rig = start(
      {
        connect: async (options, handlers) => {
          if (!isUp) throw new AgentError("transport.unreachable", "no route", { retryable: true });
          return broker.transport.connect(options, handlers);
        },
      },
      clock,
    );
    await clock.advance(60_000);
    expect(rig.connects()).toBeLessThan(40);
    await expect(rig.link.publish("hf/x", "y")).rejects.toMatchObject({ code: "transport.closed" });
    isUp = true;
    await clock.advance(10_001);
    expect(rig.link.isConnected()).toBe(true);
    broker.route({ topic: "hf/a", payload: "1", qos: 1, retain: false });
    await clock.advance(10);
    expect(rig.messages).toMatchObject([{ topic: "hf/a" }]);
    await rig.link[Symbol.asyncDispose]();
  });

  it("slows down when another client takes over from it again and again", async () => {
    const clock = new VirtualClock();
    const broker = new BrokerFixture(clock);
    const rigs = [start(broker.transport, clock), start(broker.transport, clock)];
    await clock.advance(120_000);
    expect(rigs[0]!.connects()).toBeLessThan(60);
    for (const rig of rigs) await rig.link[Symbol.asyncDispose]();
  });

  it("delivers nothing after its end", async () => {
    const clock = new VirtualClock();
    const broker = new BrokerFixture(clock);
    const rig = start(broker.transport, clock);
    await clock.advance(10);
    broker.route({ topic: "hf/a", payload: "1", qos: 1, retain: false });
    await rig.link[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect(rig.messages).toEqual([]);
    expect(rig.connects()).toBe(1);
  });
});
