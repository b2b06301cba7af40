import { describe, expect, it, onTestFinished } from "vitest";
import { movementData } from "#contract/feed/example-movement";
import { sha256Hex } from "#contract/io/node-crypto";
import { createRng } from "#lib/rng";
import { silentLog } from "#lib/log";
import { startCloudFixture, type CloudFixture } from "../cloud-fixture.ts";
import { AccessRules } from "../core/access.ts";
import { createMovementCheck, MasterData } from "../core/master-data.ts";
import { createHttpServer } from "../io/http.ts";

const TOKEN = "partner-one";
const MASTER = MasterData.parse({
  skus: {
    "SKU-1": { uom: "EA" },
    "SKU-L": { uom: "EA", lotTracked: true },
    "SKU-S": { uom: "EA", serialTracked: true },
  },
  locations: ["rack-b-12", "pack-2"],
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown> & { readonly results?: readonly Record<string, unknown>[] };
}

interface Site {
  readonly cloud: CloudFixture;
  readonly post: (stream: string, body: unknown) => Promise<Answer>;
  readonly get: (path: string) => Promise<Answer>;
}

/** A cloud with one partner, who reports for the warehouse wh-1, at most `perSecond` times a second. */
async function site(perSecond = 500): Promise<Site> {
  const cloud = await startCloudFixture({}, { checkMovement: createMovementCheck(MASTER) });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const partner = { name: "wes", sha256: sha256Hex(TOKEN), scopes: ["partner"], partnerId: "p1", warehouseId: "wh-1" };
  const reader = { name: "eye", sha256: sha256Hex("reader"), scopes: ["reader"] };
  const access = AccessRules.parse({
    tokens: [partner, reader],
    rateLimit: { perSecond, burst: Math.max(1, perSecond) },
  });
  const deps = { execution: cloud.cloud, clock: cloud.clock, rng: createRng(1), log: silentLog, sha256: sha256Hex };
  const server = createHttpServer({ ...deps, version: "0", access });
  onTestFinished(() => server.close());
  const ask = async (method: "GET" | "POST", url: string, token: string, body?: unknown): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { payload: JSON.stringify(body) };
    const answer = await server.inject({ method, url, headers, ...sent });
    return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(answer.body) as Answer["body"] };
  };
  return {
    cloud,
    post: (stream, body) => ask("POST", `/wes/v1/${stream}`, TOKEN, body),
    get: (path) => ask("GET", path, "reader"),
  };
}

const movement = (n: number, more: object = {}): object => ({ ...movementData(n), warehouse_id: "wh-1", ...more });
const about = (n: number): object => {
  const { correlation_id, occurred_at, actor } = movementData(n);
  return { correlation_id, occurred_at, actor, warehouse_id: "wh-1" };
};
const exception = (n: number): object => ({
  ...about(n),
  code: "SHORT_PICK",
  severity: "HIGH",
  detail: "two of three",
});
const status = (n: number, word: string): object => ({ ...about(n), work_id: "task-1", status: word });
const capacity = (n: number): object => ({ ...about(n), active_workers: 3, idle_robots: 2, zone_wip: { "zone-a": 4 } });

async function count(site: Site, path: string): Promise<number> {
  return ((await site.get(path)).body["items"] as unknown[]).length;
}

describe("what the planner does with each stream", () => {
  it("applies movements to the inventory ledger immediately, tagged with source, partner and correlation id", async () => {
    const here = await site();
    expect((await here.post("realtime/movements", movement(1))).status).toBe(200);
    const { items } = (await here.get("/ledger")).body as { items?: unknown[] };
    const { correlation_id: id } = movementData(1);
    expect(items).toMatchObject([
      {
        source: "WES",
        executor_partner_id: "p1",
        executor_correlation_id: id,
        warehouse_id: "wh-1",
        kind: "PICK",
        qty: 1,
      },
    ]);
  });

  it("surfaces exceptions in the supervisor queue and triggers the notification model with their severity", async () => {
    const here = await site();
    await here.post("realtime/exceptions", exception(1));
    const { items } = (await here.get("/exceptions")).body as { items?: unknown[] };
    expect(items).toMatchObject([{ code: "SHORT_PICK", severity: "HIGH" }]);
    expect(here.cloud.told.at(-1)).toMatchObject({ type: "exception", data: { code: "SHORT_PICK", severity: "HIGH" } });
  });

  it("persists work status as task lifecycle, with no ledger impact", async () => {
    const here = await site();
    for (const [at, word] of ["ASSIGNED", "IN_PROGRESS", "PAUSED", "COMPLETED"].entries())
      expect((await here.post("realtime/work-status", status(at + 1, word))).status).toBe(200);
    const { items } = (await here.get("/feed?kind=work-status&work_id=task-1")).body as {
      items?: { record: { status: string } }[];
    };
    expect(items!.map((item) => item.record.status)).toEqual(["COMPLETED", "PAUSED", "IN_PROGRESS", "ASSIGNED"]);
    expect(await count(here, "/ledger")).toBe(0);
  });

  it("keeps capacity for dashboards; it never feeds inventory or accounting", async () => {
    const here = await site();
    expect((await here.post("realtime/capacity", capacity(1))).status).toBe(200);
    expect(await count(here, "/feed?kind=capacity")).toBe(1);
    expect(await count(here, "/ledger")).toBe(0);
  });
});

describe("what the executor posts", () => {
  it.each([
    "SHORT_PICK",
    "DAMAGED_PRODUCT",
    "WRONG_SKU",
    "ROBOT_STUCK",
    "WORKER_UNAVAILABLE",
    "DEVICE_FAULT",
    "SUBSYSTEM_OFFLINE",
  ])("takes the exception %s", async (code) => {
    const here = await site();
    await here.post("realtime/exceptions", { ...exception(1), code });
    expect((await here.get("/exceptions")).body["items"]).toMatchObject([{ code }]);
  });

  it.each(["ASSIGNED", "IN_PROGRESS", "PAUSED", "COMPLETED", "CANCELLED", "FAILED"])(
    "takes the task lifecycle transition %s, and no word that is none",
    async (word) => {
      const here = await site();
      expect((await here.post("realtime/work-status", status(1, word))).status).toBe(200);
      expect((await here.post("realtime/work-status", status(2, word.toLowerCase()))).status).toBe(400);
    },
  );

  it("keeps active workers, idle robots, conveyor utilization and zone WIP as they were told", async () => {
    const here = await site();
    const told = { active_workers: 3, idle_robots: 2, conveyor_utilization: 0.75, zone_wip: { "zone-a": 4 } };
    await here.post("realtime/capacity", { ...about(1), ...told });
    expect((await here.get("/feed?kind=capacity")).body["items"]).toMatchObject([{ record: told }]);
  });
});

describe("lot, serial, SKU, unit and location", () => {
  it.each([
    ["an unknown SKU", { sku: "SKU-0" }, "/sku"],
    ["an unknown location", { from_location: "rack-z-99" }, "/from_location"],
    ["another unit than the SKU's", { uom: "KG" }, "/uom"],
    ["a missing lot of a lot-tracked SKU", { sku: "SKU-L" }, "/lot"],
    ["a missing serial of a serial-tracked SKU", { sku: "SKU-S" }, "/serial"],
    ["a quantity below zero of a kind other than ADJUST", { qty: -1 }, "/qty"],
    ["a PUT without a destination", { kind: "PUT" }, "/to_location"],
  ])("%s is rejected with 422, and nothing is applied", async (_what, more, path) => {
    const here = await site();
    const answer = await here.post("realtime/movements", movement(1, more));
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }], trace_id: expect.any(String) as string } });
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(await count(here, "/ledger")).toBe(0);
  });

  it.each([
    { sku: "SKU-L", lot: "L1" },
    { sku: "SKU-S", serial: "S1" },
    { sku: "SKU-S", serial: "S1", lot: "L1" },
  ])("takes %j alongside the quantity", async (more) => {
    const here = await site();
    expect((await here.post("realtime/movements", movement(1, more))).status).toBe(200);
  });

  it("takes each of the eight kinds", async () => {
    const here = await site();
    const kinds = ["PICK", "PUT", "MOVE", "ADJUST", "CONSUME", "PRODUCE", "RECEIVE", "SHIP"];
    const answer = await here.post(
      "realtime/movements",
      kinds.map((kind, at) => movement(at, { kind, to_location: "pack-2" })),
    );
    expect(answer.body.results!.map((result) => result["status"])).toEqual(kinds.map(() => 201));
  });

  it("answers 403 for another warehouse than the credential's, 400 for what is no record", async () => {
    const here = await site();
    expect((await here.post("realtime/movements", movement(1, { warehouse_id: "wh-2" }))).status).toBe(403);
    expect((await here.post("realtime/movements", { correlation_id: "x" })).status).toBe(400);
    expect((await here.post("realtime/movements", [])).status).toBe(400);
  });
});

describe("idempotency", () => {
  it.each([
    ["movements", movement, "/ledger"],
    ["exceptions", exception, "/exceptions"],
    ["work-status", (n: number) => status(n, "ASSIGNED"), "/feed?kind=work-status"],
    ["capacity", capacity, "/feed?kind=capacity"],
  ] as const)(
    "a retry of %s returns 200 with replay: true and makes no additional record",
    async (stream, make, list) => {
      const here = await site();
      await here.post(`realtime/${stream}`, make(1));
      expect(await here.post(`realtime/${stream}`, make(1))).toMatchObject({ status: 200, body: { replay: true } });
      expect((await here.post(`realtime/${stream}`, [make(1), make(1)])).body.results).toMatchObject([
        { replay: true },
        { replay: true },
      ]);
      expect(await count(here, list)).toBe(1);
    },
  );

  it("counts a key once within one array, and a movement once also when 30 days have passed", async () => {
    const here = await site();
    const twice = await here.post("realtime/movements", [movement(1), movement(1)]);
    expect(twice.body.results).toMatchObject([{ status: 201 }, { status: 200, replay: true }]);
    await here.post("realtime/capacity", capacity(2));
    here.cloud.clock.stepWall(31 * 86_400_000);
    expect((await here.post("realtime/movements", movement(1))).body).toMatchObject({ replay: true });
    expect((await here.post("realtime/movements", movement(3))).status).toBe(200);
    expect((await here.post("realtime/capacity", capacity(2))).body["replay"]).toBeUndefined();
  });

  it("counts once when two calls carry the same records at the same time", async () => {
    const here = await site();
    const batch = Array.from({ length: 50 }, (_, n) => movement(n));
    const answers = await Promise.all([here.post("realtime/movements", batch), here.post("realtime/movements", batch)]);
    const replays = answers.flatMap((answer) => answer.body.results!.filter((result) => result["replay"] === true));
    expect(replays).toHaveLength(50);
    expect(await count(here, "/ledger?limit=500")).toBe(50);
  });
});

describe("batching", () => {
  it.each([
    ["movements", movement],
    ["exceptions", exception],
    ["work-status", (n: number) => status(n, "ASSIGNED")],
    ["capacity", capacity],
  ] as const)("accepts a single record and an array of %s", async (stream, make) => {
    const here = await site();
    expect(await here.post(`realtime/${stream}`, make(1))).toMatchObject({ status: 200, body: { status: 201 } });
    const { results } = (
      await here.post(
        `realtime/${stream}`,
        Array.from({ length: 200 }, (_, n) => make(n + 1)),
      )
    ).body;
    expect(results!.map((result) => result["status"])).toEqual([200, ...Array.from({ length: 199 }, () => 201)]);
  });

  it("accepts a record or an array, and reports a result per item, in order", async () => {
    const here = await site();
    const answer = await here.post("realtime/movements", [movement(1), movement(2, { sku: "SKU-0" }), movement(3)]);
    expect(answer).toMatchObject({
      status: 200,
      body: { results: [{ status: 201 }, { status: 422 }, { status: 201 }] },
    });
    expect(answer.body.results!.map((result) => result["correlation_id"])).toEqual(
      [1, 2, 3].map((n) => movementData(n).correlation_id),
    );
    expect(await count(here, "/ledger")).toBe(2);
  });
});

describe("back-pressure", () => {
  it("answers 429 with Retry-After to who calls too often, and takes the call after that time", async () => {
    const here = await site(1);
    expect((await here.post("realtime/movements", movement(1))).status).toBe(200);
    const refused = await here.post("realtime/movements", movement(2));
    expect(refused.status).toBe(429);
    await here.cloud.pass(Number(refused.headers["retry-after"]));
    expect((await here.post("realtime/movements", movement(2))).status).toBe(200);
  });
});

describe("the confirmation path", () => {
  const window = { window_start: "2026-01-05T08:00:00.000Z", window_end: "2026-01-05T08:00:04.000Z" };
  const summary = (n: number, qty: number): object => ({
    correlation_id: movementData(n).correlation_id,
    warehouse_id: "wh-1",
    ...window,
    totals: [{ kind: "PICK", sku: "SKU-1", uom: "EA", qty, movements: qty }],
  });

  it("reconciles a window with its start and without its end; a second summary is a conflict, the same one a replay", async () => {
    const here = await site();
    await here.post(
      "realtime/movements",
      [0, 1, 2, 3, 4].map((n) => movement(n)),
    );
    expect((await here.post("confirmation/shift-summary", summary(90, 4))).body).toMatchObject({
      result: "RECONCILED",
    });
    expect((await here.post("confirmation/shift-summary", summary(90, 4))).body).toMatchObject({ replay: true });
    expect((await here.post("confirmation/shift-summary", summary(91, 4))).status).toBe(409);
  });

  it("queues a discrepancy for a supervisor, and takes a corrected summary", async () => {
    const here = await site();
    await here.post(
      "realtime/movements",
      [1, 2, 3].map((n) => movement(n)),
    );
    expect((await here.post("confirmation/shift-summary", summary(90, 4))).body).toMatchObject({
      result: "DISCREPANCY",
      differences: [{ sku: "SKU-1", told: 4, known: 3 }],
    });
    expect((await here.get("/exceptions")).body["items"]).toMatchObject([
      { code: "shift_discrepancy", severity: "HIGH" },
    ]);
    expect((await here.post("confirmation/shift-summary", summary(91, 3))).body).toMatchObject({
      result: "RECONCILED",
    });
  });

  it("applies a movement that comes after its window was reconciled, and shows it to a supervisor", async () => {
    const here = await site();
    await here.post("realtime/movements", movement(1));
    await here.post("confirmation/shift-summary", summary(90, 1));
    await here.post("realtime/movements", [movement(2), movement(4)]);
    expect(await count(here, "/ledger")).toBe(3);
    expect((await here.get("/exceptions")).body["items"]).toMatchObject([{ code: "late_movement" }]);
  });
});
