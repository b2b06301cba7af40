import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFeedFixture } from "#feed/feed-fixture";
import { FakeThingsBoard } from "#feed/thingsboard/fake-thingsboard";
import { ThingsBoardSink } from "#feed/thingsboard/settings";
import { createRng } from "#lib/rng";
import { silentLog } from "#lib/log";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import { CloudConfig } from "./config.ts";
import type { DeviceFixture } from "./device-fixture.ts";
import { openSqliteArchive } from "./io/sqlite-archive.ts";
import type { TelemetryArchive } from "./thing-io/archive.ts";
import { startThingsBoards } from "./thingsboards.ts";

const RPC = ["status", "hold", "resume"];
const SINK = { name: "tb", url: "mqtt://tb.example", accessToken: "secret" };

let cloud: CloudFixture;
let device: DeviceFixture;
let archive: TelemetryArchive;
let server: FakeThingsBoard;
let running: AsyncDisposable;

beforeEach(async () => {
  cloud = await startCloudFixture();
  device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  const { clock } = cloud;
  archive = openSqliteArchive({ path: ":memory:" });
  const limits = { maxPayloadSize: 65_536, maxInflightMessages: 100, rateLimits: {} };
  server = new FakeThingsBoard({ clock, rng: createRng("server"), token: "secret", limits });
  running = await startThingsBoards([ThingsBoardSink.parse({ ...SINK, rpc: RPC })], {
    clock,
    rng: createRng("sinks"),
    log: silentLog,
    archive,
    keeper: createFeedFixture().keeper,
    execution: cloud.cloud,
    transport: () => server,
  });
  await cloud.pass(5);
});
afterEach(async () => {
  await running[Symbol.asyncDispose]();
  await archive[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
});

async function ask(method: string): Promise<unknown> {
  server.send("v1/gateway/rpc", { device: "amr-07", data: { id: 1, method, params: { reason: "people" } } });
  await cloud.pass(2);
  return (server.answers.at(-1) as { content: { data: unknown } }).content.data;
}

describe("a ThingsBoard that the cloud feeds", () => {
  it("gets the archived samples, and not the lines of logs", async () => {
    const place = { deviceId: "amr-07", store: "s", firstMs: 0, lastMs: 1000 };
    const batch = {
      channel: "battery",
      t0: "2026-01-05T08:00:00.000Z",
      clock: "synced",
      t0Mono: 0,
      bootId: "b",
    } as const;
    const samples = { ...batch, dt: [0, 1000], values: { battery: [0.9, 0.8] } };
    const lines = { ...batch, channel: "log", dt: [0], values: { message: ["bumped"] } };
    await archive.put([
      { ...place, seq: 1, lane: "backfill", content: { kind: "batches", batches: [samples] } },
      { ...place, seq: 2, lane: "logs", content: { kind: "batches", batches: [lines] } },
    ]);
    await cloud.pass(5);
    const firstMs = Date.parse(batch.t0);
    expect([...server.rows]).toEqual([
      [`amr-07 battery_battery ${firstMs}`, 0.9],
      [`amr-07 battery_battery ${firstMs + 1000}`, 0.8],
    ]);
  });

  it("is told what a robot does when that changes", async () => {
    expect(server.attributes.get("amr-07")).toMatchObject({ mode: "live", contractId: "", contractStatus: "idle" });
    await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    await cloud.pass(15);
    const { contractId } = device.contracts[0]!;
    expect(server.attributes.get("amr-07")).toMatchObject({ contractId, contractStatus: "accepted" });
    expect(await ask("status")).toMatchObject({ ok: true, mode: "live", contractId });
  });

  it("holds and resumes the contract of a robot under a hold of its own", async () => {
    expect(await ask("hold")).toEqual({ ok: false, reason: "idle", detail: "amr-07 has no contract" });
    await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    expect(await ask("hold")).toMatchObject({ ok: true, type: "hold", delivery: "sent" });
    expect(await ask("resume")).toMatchObject({ ok: true, type: "resume", delivery: "sent" });
    expect(device.commands).toMatchObject([
      { type: "hold", holdId: "thingsboard-tb", data: { reason: "people" } },
      { type: "resume", holdId: "thingsboard-tb" },
    ]);
  });
});

describe("the configuration of a ThingsBoard", () => {
  it.each([
    [{ thingsboards: [{ name: "tb", url: SINK.url }] }, "accessToken, or tls.cert and tls.key"],
    [{ thingsboards: [{ ...SINK, url: "http://tb.example" }] }, "mqtt://host:port"],
    [{ thingsboards: [SINK, SINK] }, "each name once"],
    [{ thingsboards: [{ ...SINK, rpc: ["reboot"] }] }, "status"],
    [{ thingsboards: [{ ...SINK, token: "x" }] }, "token"],
  ])("%j is refused with words", (config, words) => {
    const problems = CloudConfig.safeParse(config).error?.issues.map(({ message }) => message) ?? [];
    expect(problems.join("; ")).toContain(words);
  });
});
