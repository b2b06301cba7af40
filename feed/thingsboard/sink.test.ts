import { afterEach, describe, expect, it } from "vitest";
import { createMemoryLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import type { TelemetryBatch } from "#contract/messages";
import { createFeedFixture, type FeedFixture } from "../feed-fixture.ts";
import type { StoredTelemetry, TelemetrySource } from "../source.ts";
import { entriesOf } from "./entries.ts";
import { FakeThingsBoard, type FakeThingsBoardOptions } from "./fake-thingsboard.ts";
import type { FedRobots } from "./rpc.ts";
import { ThingsBoardSink } from "./settings.ts";
import { startThingsBoardSink, type RunningThingsBoard } from "./sink.ts";

const FREE = { maxPayloadSize: 65_536, maxInflightMessages: 100, rateLimits: {} };
const ROBOTS = ["amr-07", "amr-08"];
const SETTINGS = {
  name: "tb",
  url: "mqtt://tb.example",
  accessToken: "secret",
  everyMs: 0,
  rpc: ["status", "hold", "resume"],
};

const running: RunningThingsBoard[] = [];
afterEach(async () => {
  for (const sink of running.splice(0)) await sink[Symbol.asyncDispose]();
});

describe("a feed of ThingsBoard", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "loses nothing and restamps nothing over random disconnections, seed %i",
    async (seed) => {
      const world = makeWorld({ limits: FREE }, seed);
      const { server, clock, source } = world;
      server.faultShare = 0.2;
      await world.start();
      for (let round = 0; round < 20; round++) {
        source.add(ROBOTS[round % 2]!, batchAt(round));
        if (round % 7 === 3) await world.restart();
        await clock.advance(5000);
      }
      server.faultShare = 0;
      await clock.advance(600_000);
      expect(server.rows).toEqual(expectedRows(source.blocks));
      expect(server.connects).toBeGreaterThan(1);
      expect(server.violations).toEqual([]);
    },
  );

  it("overwrites itself when it sends again", async () => {
    const world = makeWorld({ limits: FREE });
    const { server, clock, source } = world;
    source.add("amr-07", batchAt(0));
    await world.start();
    await clock.advance(5000);
    const rows = new Map(server.rows);
    const before = server.received;
    // A backup of before the first message was put back.
    await world.restart({ keeper: createFeedFixture().keeper });
    await clock.advance(5000);
    expect(server.received).toBe(2 * before);
    expect(server.rows).toEqual(rows);
  });

  it("keeps within the limits that the session tells, also over reconnections", async () => {
    const rates = { messages: "20:1,300:60", telemetryMessages: "10:1", telemetryDataPoints: "150:1,3000:60" };
    const world = makeWorld({
      limits: { maxPayloadSize: 2000, maxInflightMessages: 3, rateLimits: rates },
      messageRate: { count: 20, windowMs: 1000 },
      dataPointRate: { count: 3000, windowMs: 60_000 },
    });
    const { server, clock, source } = world;
    for (let round = 0; round < 100; round++) source.add("amr-07", batchAt(round));
    await world.start();
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      server.drop();
    }
    await clock.advance(600_000);
    expect(server.violations).toEqual([]);
    expect(server.inFlightMost).toBeLessThanOrEqual(4);
    expect(server.rows).toEqual(expectedRows(source.blocks));
  });

  it("goes on slowly where the server does not know getSessionLimits", async () => {
    const world = makeWorld({ messageRate: { count: 10, windowMs: 1000 } });
    world.source.add("amr-07", batchAt(0));
    await world.start();
    await world.clock.advance(30_000);
    expect(world.server.rows).toEqual(expectedRows(world.source.blocks));
    expect(world.server.violations).toEqual([]);
  });

  it("feeds several side by side, each from its own position", async () => {
    const world = makeWorld({ limits: FREE });
    const other = makeServer(world.clock, { limits: FREE });
    world.source.add("amr-07", batchAt(0));
    await world.start();
    await world.clock.advance(5000);
    const { clock, source, feed } = world;
    const second = await startSink({ ...SETTINGS, name: "second" }, { clock, source, feed, server: other });
    await clock.advance(5000);
    expect(other.rows).toEqual(world.server.rows);
    expect(second.status().position).toBe(1);
  });

  it("speaks the device API for one robot", async () => {
    const world = makeWorld({ limits: FREE });
    world.source.add("amr-07", batchAt(0));
    world.source.add("amr-08", batchAt(1));
    await world.start({ device: "amr-08" });
    await world.clock.advance(5000);
    const [, other] = world.source.blocks;
    const mine = [...expectedRows([other!])].map(([row, value]) => [row.replace("amr-08", "me"), value] as const);
    expect(world.server.rows).toEqual(new Map(mine));
    expect(world.server.attributes.get("me")).toEqual({ mode: "live", contractId: "c-1" });
    world.server.send("v1/devices/me/rpc/request/7", { method: "hold", params: { reason: "people" } });
    await world.clock.advance(1000);
    expect(world.server.answers).toEqual([
      {
        topic: "v1/devices/me/rpc/response/7",
        content: { ok: true, held: "amr-08", holdId: "thingsboard-tb", reason: "people" },
      },
    ]);
  });

  it("ends although the server acknowledges nothing", async () => {
    const world = makeWorld({ limits: FREE });
    world.source.add("amr-07", batchAt(0));
    const sink = await world.start();
    const ended = sink[Symbol.asyncDispose]();
    // Time stands still, so nothing is answered any more.
    await expect(ended).resolves.toBeUndefined();
  });

  it("begins anew in a telemetry database that replaced another", async () => {
    const world = makeWorld({ limits: FREE });
    world.source.add("amr-07", batchAt(0));
    await world.start();
    await world.clock.advance(5000);
    const fresh = createSource("fresh");
    fresh.add("amr-07", batchAt(9));
    await world.restart({ source: fresh });
    await world.clock.advance(5000);
    expect(world.server.rows).toEqual(expectedRows([...world.source.blocks, ...fresh.blocks]));
  });

  it("tells people once that it is refused, and comes in when that is mended", async () => {
    const world = makeWorld({ limits: FREE });
    world.source.add("amr-07", batchAt(0));
    const sink = await world.start({ accessToken: "wrong" });
    await world.clock.advance(600_000);
    expect(sink.status().state).toBe("refused");
    expect(world.feed.news.map(({ code }) => code)).toEqual(["feed_refused"]);
    expect(world.server.rows.size).toBe(0);
  });
});

describe("requests of ThingsBoard", () => {
  it.each([
    ["status", {}, { ok: true, mode: "live" }],
    ["hold", { reason: "people" }, { ok: true, held: "amr-07", holdId: "thingsboard-tb", reason: "people" }],
    ["hold", "whatever", { ok: true, held: "amr-07", holdId: "thingsboard-tb" }],
    ["resume", null, { ok: true, resumed: "amr-07", holdId: "thingsboard-tb" }],
    ["reboot", {}, { ok: false, reason: "forbidden", detail: "only status, hold, resume may be asked here (rpc)" }],
  ])("%s by the gateway API", async (method, params, answer) => {
    const world = makeWorld({ limits: FREE });
    await world.start();
    await world.clock.advance(5000);
    world.server.send("v1/gateway/rpc", { device: "amr-07", data: { id: 3, method, params } });
    await world.clock.advance(1000);
    expect(world.server.answers).toEqual([
      { topic: "v1/gateway/rpc", content: { device: "amr-07", id: 3, data: answer } },
    ]);
  });

  it("obeys nothing but what the configuration allows, of robots that it knows", async () => {
    const world = makeWorld({ limits: FREE });
    await world.start({ rpc: ["status"] });
    await world.clock.advance(5000);
    world.server.send("v1/gateway/rpc", { device: "amr-07", data: { id: 1, method: "hold" } });
    world.server.send("v1/gateway/rpc", { device: "stranger", data: { id: 2, method: "status" } });
    world.server.send("v1/gateway/rpc", "no request");
    await world.clock.advance(1000);
    expect(world.server.answers.map((answer) => (answer as Answered).content.data.reason).toSorted()).toEqual([
      "forbidden",
      "unknown_device",
    ]);
  });
});

interface Answered {
  readonly content: { readonly data: { readonly reason: string } };
}

interface World {
  readonly clock: VirtualClock;
  readonly server: FakeThingsBoard;
  readonly source: MemorySource;
  readonly feed: FeedFixture;
  start(settings?: Partial<Record<keyof ThingsBoardSink, unknown>>): Promise<RunningThingsBoard>;
  /** Ends the sink and starts it anew, with other parts if told. */
  restart(parts?: Partial<Parts>): Promise<void>;
}

interface Parts {
  readonly source: TelemetrySource;
  readonly keeper: FeedFixture["keeper"];
}

function makeWorld(options: Partial<FakeThingsBoardOptions>, seed = 1): World {
  const clock = new VirtualClock();
  const server = makeServer(clock, options, seed);
  const source = createSource("first");
  const feed = createFeedFixture();
  let sink: RunningThingsBoard | undefined;
  let settings: object = SETTINGS;
  return {
    clock,
    server,
    source,
    feed,
    async start(more = {}) {
      settings = { ...SETTINGS, ...more };
      return (sink = await startSink(settings, { clock, source, feed, server }));
    },
    async restart(parts = {}) {
      await sink?.[Symbol.asyncDispose]();
      sink = await startSink(settings, { clock, source, feed, server, ...parts });
    },
  };
}

function makeServer(clock: VirtualClock, options: Partial<FakeThingsBoardOptions>, seed = 1): FakeThingsBoard {
  return new FakeThingsBoard({ clock, rng: createRng(`server ${seed}`), token: "secret", ...options });
}

async function startSink(
  settings: object,
  parts: Partial<Parts> & Pick<World, "clock" | "feed" | "server"> & { readonly source: TelemetrySource },
): Promise<RunningThingsBoard> {
  const { clock, feed, server, source, keeper = feed.keeper } = parts;
  const { log } = createMemoryLog(10);
  const rng = createRng("sink");
  const deps = { clock, rng, log, source, keeper, transport: server, robots: ROBOT_DESK };
  const sink = await startThingsBoardSink(ThingsBoardSink.parse(settings), deps);
  running.push(sink);
  return sink;
}

const ROBOT_DESK: FedRobots = {
  list: () => ROBOTS,
  attributes: () => ({ mode: "live", contractId: "c-1" }),
  status: () => ({ ok: true, mode: "live" }),
  hold: async (held, holdId, reason) => ({ ok: true, held, holdId, ...(reason !== undefined && { reason }) }),
  resume: async (resumed, holdId) => ({ ok: true, resumed, holdId }),
};

interface MemorySource extends TelemetrySource {
  readonly blocks: readonly StoredTelemetry[];
  add(deviceId: string, batch: TelemetryBatch): void;
}

function createSource(id: string): MemorySource {
  const blocks: StoredTelemetry[] = [];
  const listeners = new Set<() => void>();
  return {
    id,
    blocks,
    read: async (position, limit) => blocks.slice(position, position + limit),
    onMore: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    add: (deviceId, batch) => {
      blocks.push({ position: blocks.length + 1, deviceId, batches: [batch] });
      for (const listener of listeners) listener();
    },
  };
}

const SAMPLES = 60;

/** A minute of a channel. */
function batchAt(minute: number): TelemetryBatch {
  const seconds = Array.from({ length: SAMPLES }, (_, second) => second);
  return {
    channel: "pose",
    t0: new Date(Date.UTC(2026, 0, 5, 8, minute)).toISOString(),
    clock: "synced",
    t0Mono: 0,
    bootId: "boot",
    dt: seconds.map((second) => second * 1000),
    values: { x: seconds.map((second) => minute + second * 0.1), yaw: seconds.map((second) => second * 0.01) },
  };
}

function expectedRows(blocks: readonly StoredTelemetry[]): Map<string, unknown> {
  return new Map(
    blocks.flatMap(({ deviceId, batches }) =>
      entriesOf(batches, 0).flatMap(({ ts, values }) =>
        Object.entries(values).map(([key, value]) => [`${deviceId} ${key} ${ts}`, value] as const),
      ),
    ),
  );
}
