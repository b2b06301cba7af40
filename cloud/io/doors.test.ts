import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "#contract/io/node-crypto";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { draftFor, startCloudFixture, type CloudFixture } from "../cloud-fixture.ts";
import { AccessRules, type Scope } from "../core/access.ts";
import { createHttpServer } from "./http.ts";

interface Rig extends AsyncDisposable {
  readonly cloud: CloudFixture;
  readonly server: FastifyInstance;
  /** A request with a token, or with none; from another machine unless told otherwise. */
  call(method: "GET" | "POST" | "PUT", url: string, options?: CallOptions): Promise<Reply>;
}

interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly from?: string;
}

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
}

const TENANTS = { acme: { account: "acme" }, wms: { application: "wms" } };

function token(name: string, scopes: readonly Scope[], more: object = {}): object {
  return { name, sha256: sha256Hex(name), scopes, ...more };
}

async function rig(rules: object = {}): Promise<Rig> {
  const cloud = await startCloudFixture();
  const tokens = [
    token("reader", ["reader"]),
    token("operator", ["operator"]),
    token("acme", ["integrator", "operator"], TENANTS.acme),
    token("wms", ["reader"], TENANTS.wms),
  ];
  const access = AccessRules.parse({ tokens, ...rules });
  const { clock } = cloud;
  const deps = { execution: cloud.cloud, clock, rng: createRng(1), log: silentLog, sha256: sha256Hex, version: "0" };
  const server = createHttpServer({ ...deps, access });
  return {
    cloud,
    server,
    async call(method, url, { token: shown, body, headers = {}, from = "192.0.2.7" } = {}) {
      const given = shown === undefined ? {} : { authorization: `Bearer ${shown}` };
      const typed = body === undefined ? {} : { "content-type": "application/json", ...given };
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
      const request = { method, url, headers: { ...given, ...typed, ...headers }, remoteAddress: from, ...payload };
      const response = await cloud.during(server.inject(request).then((answer) => answer));
      return { status: response.statusCode, body: response.json(), headers: response.headers };
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

describe("the HTTP interface", () => {
  it("asks others for a token, and says how", async () => {
    await using http = await rig();
    const refused = await http.call("GET", "/devices");
    expect(refused).toMatchObject({ status: 401, body: { type: "urn:holdfast:problem:unauthenticated" } });
    expect(refused.headers["www-authenticate"]).toMatch(/^Bearer/);
    expect(refused.headers["content-type"]).toContain("application/problem+json");
    expect((await http.call("GET", "/devices", { token: "reader" })).status).toBe(200);
    expect((await http.call("GET", "/healthz")).status).toBe(200);
    expect((await http.call("GET", "/stream")).status).toBe(401);
  });

  it("asks programs of this machine for none, unless somebody else asks through them", async () => {
    await using http = await rig();
    const from = "127.0.0.1";
    expect((await http.call("GET", "/devices", { from })).status).toBe(200);
    for (const headers of [
      { "x-forwarded-for": "203.0.113.9" },
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { host: "rebound.example:8080" },
    ])
      expect((await http.call("GET", "/devices", { from, headers })).status).toBe(401);
  });

  it("takes of each scope what it is for, before it reads a body", async () => {
    await using http = await rig();
    const draft = draftFor("amr-07");
    const refused = await http.call("POST", "/contracts", { token: "operator", body: draft });
    expect(refused).toMatchObject({ status: 403, body: { scopes: ["integrator"] } });
    expect((await http.call("POST", "/contracts", { token: "acme", body: { ...draft, account: "acme" } })).status).toBe(
      404,
    );
    expect((await http.call("POST", "/exceptions/1/resolve", { token: "reader", body: {} })).status).toBe(403);
    const huge = { token: "reader", body: "x".repeat(5 * 1024 * 1024) };
    expect((await http.call("POST", "/contracts", huge)).status).toBe(403);
  });

  it("limits how often one caller may ask, and says when to go on", async () => {
    await using http = await rig({ rateLimit: { perSecond: 1, burst: 3 } });
    const ask = async (name: string): Promise<Reply> => http.call("GET", "/ledger", { token: name });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await ask("reader")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await ask("reader")).headers["retry-after"]).toBe("1");
    expect((await ask("operator")).status).toBe(200);
    await http.cloud.pass(1);
    expect((await ask("reader")).status).toBe(200);
  });

  it("lets nobody guess tokens", async () => {
    await using http = await rig();
    const statuses = new Set<number>();
    for (let n = 0; n < 40; n++)
      statuses.add((await http.call("GET", "/devices", { token: randomBytes(8).toString("hex") })).status);
    expect([...statuses]).toEqual([401, 429]);
    expect((await http.call("GET", "/devices", { token: "reader" })).status).toBe(200);
  });
});

describe("a token that is limited to an account", () => {
  /** amr-07 works for acme and wms, amr-08 for somebody else, amr-09 for nobody. */
  async function working(): Promise<Rig & { own: string; foreign: string }> {
    const http = await rig();
    for (const id of ["amr-07", "amr-08", "amr-09"]) await http.cloud.device(id).connect();
    await http.cloud.pass(6);
    const push = async (deviceId: string, taskId: string, tenant: object): Promise<string> => {
      const draft = { ...draftFor(deviceId, taskId), name: taskId, ...tenant };
      const pushed = await http.call("POST", "/contracts", { from: "127.0.0.1", body: draft });
      return String(pushed.body["contractId"]);
    };
    const own = await push("amr-07", "task-1", { account: "acme", application: "wms" });
    const foreign = await push("amr-08", "task-2", { account: "other", application: "wms" });
    return { ...http, own, foreign };
  }

  it("sees its own contracts and nobody else's", async () => {
    await using http = await working();
    const { own, foreign } = http;
    const ids = async (shown: string): Promise<unknown> => {
      const { body } = await http.call("GET", "/contracts", { token: shown });
      return (body["items"] as { contractId: string }[]).map(({ contractId }) => contractId);
    };
    expect(await ids("acme")).toEqual([own]);
    expect(await ids("wms")).toEqual([foreign, own]);
    expect((await http.call("GET", `/contracts/${own}`, { token: "acme" })).status).toBe(200);
    for (const path of [`/contracts/${foreign}`, "/tasks/task-2", "/devices/amr-08"])
      expect([path, (await http.call("GET", path, { token: "acme" })).status]).toEqual([path, 404]);
    for (const path of [`/contracts/${foreign}/hold`, `/contracts/${foreign}/reconcile`])
      expect([path, (await http.call("POST", path, { token: "acme" })).status]).toEqual([path, 404]);
    const order = { by: "Ada", reason: "r", confirm: true };
    expect((await http.call("POST", "/tasks/task-2/force-release", { token: "acme", body: order })).status).toBe(404);
    const devices = (await http.call("GET", "/devices", { token: "acme" })).body["items"] as { deviceId: string }[];
    expect(devices.map(({ deviceId }) => deviceId)).toEqual(["amr-07", "amr-09"]);
  });

  it("commands with its own words, and sees no telemetry of others and nothing of the feed", async () => {
    await using http = await working();
    const words = { holdId: "aisle-b", reason: "forklift" };
    const held = await http.call("POST", `/contracts/${http.own}/hold`, { token: "acme", body: words });
    expect(held).toMatchObject({ status: 202, body: { holdId: "aisle-b" } });
    for (const path of ["/devices/amr-08/telemetry", "/devices/amr-08/telemetry/motion"])
      expect([path, (await http.call("GET", path, { token: "acme" })).status]).toEqual([path, 404]);
    expect((await http.call("GET", "/devices/amr-07/telemetry", { token: "acme" })).status).toBe(200);
    expect((await http.call("GET", "/feed", { token: "acme" })).body).toEqual({ items: [] });
  });

  it("makes contracts and policies of its own only", async () => {
    await using http = await working();
    const draft = draftFor("amr-09", "task-3");
    const pushed = await http.call("POST", "/contracts", { token: "acme", body: draft });
    expect(pushed.status).toBe(201);
    expect((await http.call("GET", "/tasks/task-3", { token: "acme" })).body).toMatchObject({
      contracts: [{ account: "acme" }],
    });
    const foreign = await http.call("POST", "/contracts", { token: "acme", body: { ...draft, account: "other" } });
    expect(foreign.status).toBe(403);
    const policy = {
      id: "p",
      origin: "agent",
      author: "Ada",
      rules: [],
      fallback: "abort",
      replanBudget: 0,
      offline: "hold",
    };
    const put = (match: object): Promise<Reply> =>
      http.call("PUT", "/policies/p", { token: "acme", body: { ...policy, match } });
    expect((await put({ account: "other" })).status).toBe(403);
    expect((await put({})).status).toBe(403);
    expect((await put({ account: "acme" })).status).toBe(200);
  });

  it("follows its own contracts on the stream", async () => {
    await using http = await working();
    const { own, foreign } = http;
    const host = await http.server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = http.server.server.address() as AddressInfo;
    expect(host).toContain(String(port));
    const ending = new AbortController();
    const headers = { authorization: "Bearer acme", "last-event-id": "0" };
    const response = await fetch(`${host}/stream`, { headers, signal: ending.signal });
    const { value } = await response.body!.pipeThrough(new TextDecoderStream()).getReader().read();
    let text = value ?? "";
    if (!text.includes(own)) {
      const more = await fetch(`${host}/stream`, { headers, signal: ending.signal });
      const reader = more.body!.pipeThrough(new TextDecoderStream()).getReader();
      while (!text.includes(own)) text += (await reader.read()).value ?? "";
    }
    ending.abort();
    expect(text).toContain(own);
    expect(text).not.toContain(foreign);
  });
});

describe("policies over HTTP", () => {
  const POLICY = {
    id: "cold-store",
    origin: "operator",
    author: "Ada",
    match: { taskKind: "pick" },
    rules: [{ action: "pick", when: "failure.attempt > 1", strategy: "reassign" }],
    fallback: "abort",
    replanBudget: 1,
    offline: "finish",
  };
  const local = { from: "127.0.0.1" };

  it("are versioned, and written only over the version that was read", async () => {
    await using http = await rig();
    const put = (body: object, headers = {}): Promise<Reply> =>
      http.call("PUT", "/policies/cold-store", { ...local, body, headers });
    expect(await put(POLICY, { "if-match": '"0"' })).toMatchObject({
      status: 200,
      body: { version: 1 },
      headers: { etag: '"1"' },
    });
    expect(await put({ ...POLICY, fallback: "hold" }, { "if-match": '"1"' })).toMatchObject({ body: { version: 2 } });
    expect(await put(POLICY, { "if-match": '"1"' })).toMatchObject({ status: 409, body: { version: 2 } });
    expect((await http.call("GET", "/policies/cold-store", local)).body).toMatchObject({
      version: 2,
      fallback: "hold",
    });
    expect((await http.call("GET", "/policies/cold-store?version=1", local)).body).toMatchObject({ fallback: "abort" });
    expect((await http.call("GET", "/policies/cold-store?version=9", local)).status).toBe(404);
    await http.cloud.restart();
    expect(http.cloud.cloud.policies.list().map(({ policy, version }) => [policy.id, version])).toEqual([
      ["cold-store", 2],
    ]);
  });

  it("are refused with everything that is wrong with them", async () => {
    await using http = await rig();
    const put = async (body: object): Promise<unknown> => {
      const { status, body: answer } = await http.call("PUT", "/policies/cold-store", { ...local, body });
      return [status, (answer["errors"] as { path: string }[]).map(({ path }) => path)];
    };
    expect(await put({ ...POLICY, id: "other" })).toEqual([422, ["/id"]]);
    expect(await put({ ...POLICY, origin: "preset" })).toEqual([422, ["/origin"]]);
    expect(await put({ ...POLICY, rules: [{ when: "1 +", strategy: "abort" }] })).toEqual([422, ["/rules/0/when"]]);
    expect(await put({ ...POLICY, rules: [{ strategy: "retry" }], offline: "never" })).toEqual([
      422,
      ["/rules/0/retry", "/offline"],
    ]);
  });

  it("are tried without changing anything, stored ones and drafts", async () => {
    await using http = await rig();
    await http.call("PUT", "/policies/cold-store", { ...local, body: POLICY });
    const ask = async (body: object): Promise<Record<string, unknown>> =>
      (await http.call("POST", "/policies/dry-run", { ...local, body })).body;
    const failure = { code: "driver_failed", action: "pick", attempt: 2 };
    expect(await ask({ taskKind: "pick", failure })).toMatchObject({
      policy: { id: "cold-store", version: 1 },
      strategy: "reassign",
      by: "rule",
      rule: POLICY.rules[0],
      considered: [{ id: "cold-store", matches: true }],
    });
    expect(await ask({ taskKind: "pick", failure: { ...failure, loaded: true } })).toMatchObject({
      strategy: "escalate",
    });
    expect(await ask({ taskKind: "clean", failure })).toMatchObject({
      policy: null,
      strategy: "escalate",
      by: "fallback",
    });
    const draft = { ...POLICY, rules: [], fallback: "hold" };
    expect(await ask({ failure, policy: draft })).toMatchObject({ policy: { version: 0 }, strategy: "hold" });
    expect(http.cloud.cloud.policies.list()).toHaveLength(1);
  });

  it("stand in the contract that is pushed without one, with id and version, and what the contract says itself wins", async () => {
    await using http = await rig();
    const device = http.cloud.device("amr-07");
    await device.connect();
    await http.cloud.pass(6);
    await http.call("PUT", "/policies/cold-store", { ...local, body: POLICY });
    const { failurePolicy, ...draft } = draftFor("amr-07");
    await http.call("POST", "/contracts", { ...local, body: draft });
    expect(device.contracts[0]?.failurePolicy).toEqual({
      rules: [{ when: 'failure.action == "pick" && (failure.attempt > 1)', strategy: "reassign" }],
      fallback: "abort",
      replanBudget: 1,
      offline: "finish",
      policy: { id: "cold-store", version: 1 },
    });
    await http.call("POST", "/contracts/example/cancel", local);
    await http.cloud.pass(1);
    await http.call("POST", "/contracts", { ...local, body: { ...draft, failurePolicy, taskId: "task-2" } });
    expect(device.contracts[1]?.failurePolicy).toEqual(failurePolicy);
  });
});

it("exceptions are a queue that is worked off, once each", async () => {
  await using http = await rig();
  const at = "2026-01-05T08:00:00.000Z";
  await http.cloud.store.commit([{ op: "insert-exception", row: { at, code: "c", severity: "HIGH", detail: "d" } }]);
  const open = async (status: string): Promise<unknown> =>
    (await http.call("GET", `/exceptions?status=${status}`, { token: "operator" })).body["items"];
  expect(await open("open")).toMatchObject([{ id: 1, code: "c" }]);
  const body = { by: "Ada", note: "put back by hand" };
  const resolve = (id: string): Promise<Reply> =>
    http.call("POST", `/exceptions/${id}/resolve`, { token: "operator", body });
  expect(await resolve("1")).toMatchObject({ status: 200, body: { resolvedBy: "Ada", note: "put back by hand" } });
  expect((await resolve("1")).status).toBe(409);
  expect((await resolve("2")).status).toBe(404);
  expect((await resolve("x")).status).toBe(404);
  expect(await open("open")).toEqual([]);
  expect(await open("resolved")).toHaveLength(1);
});

describe("a task without a device", () => {
  const { deviceId: _nobody, ...task } = draftFor("amr-07");
  const headers = { "idempotency-key": "k1" };

  it("goes to the nearest able device, and the same request to the same one", async () => {
    await using http = await rig();
    const devices = ["amr-07", "amr-08"].map((id) => http.cloud.device(id));
    for (const device of devices) await device.connect();
    await http.cloud.pass(6);
    const push = (): Promise<Reply> => http.call("POST", "/tasks", { token: "acme", body: task, headers });
    const first = await push();
    expect(first).toMatchObject({
      status: 201,
      body: { taskId: "task-1", deviceId: "amr-07" },
      headers: { location: "/tasks/task-1" },
    });
    expect((await push()).body).toEqual(first.body);
    expect((await http.call("GET", "/tasks/task-1", { token: "acme" })).body).toMatchObject({ status: "accepted" });
    const next = await http.call("POST", "/tasks", { token: "acme", body: { ...task, taskId: "task-2" } });
    expect(next.body).toMatchObject({ deviceId: "amr-08" });
    const third = await http.call("POST", "/tasks", { token: "acme", body: { ...task, taskId: "task-3" } });
    expect(third).toMatchObject({ status: 409, body: { type: "urn:holdfast:problem:no_able_device" } });
  });

  it("is refused with everything that is wrong with it, and when it names a device", async () => {
    await using http = await rig();
    const refused = await http.call("POST", "/tasks", { token: "acme", body: { ...task, stages: [], surprise: 1 } });
    expect(refused).toMatchObject({ status: 422, body: { type: "urn:holdfast:problem:unsupported" } });
    const named = await http.call("POST", "/tasks", { token: "acme", body: { ...task, deviceId: "amr-07" } });
    expect(named).toMatchObject({ status: 422, body: { errors: [{ path: "/deviceId" }] } });
  });
});
