import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "#contract/io/node-crypto";
import { createRng } from "#lib/rng";
import { silentLog } from "#lib/log";
import { draftFor, startCloudFixture, type CloudFixture } from "../cloud-fixture.ts";
import type { DeviceFixture } from "../device-fixture.ts";
import { ContractSummaryView, ContractView, DeviceView } from "../views.ts";
import { createHttpServer } from "./http.ts";

interface Rig extends AsyncDisposable {
  readonly cloud: CloudFixture;
  readonly server: FastifyInstance;
  readonly device: DeviceFixture;
  get(url: string): Promise<{ status: number; body: Record<string, unknown>; headers: Record<string, unknown> }>;
  post(
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Record<string, unknown> }>;
}

async function rig(): Promise<Rig> {
  const cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  const { clock, cloud: execution } = cloud;
  const deps = { execution, clock, rng: createRng(1), log: silentLog, sha256: sha256Hex, version: "0.0.0" };
  const server = createHttpServer(deps);
  const inject = async (options: object): ReturnType<Rig["get"]> => {
    const response = await cloud.during(server.inject(options).then((answer) => answer));
    const { statusCode: status, headers } = response;
    return { status, headers, body: response.json<Record<string, unknown>>() };
  };
  return {
    cloud,
    server,
    device,
    get: (url) => inject({ method: "GET", url }),
    post: (url, body, headers = {}) => {
      const payload = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
      const type = payload === undefined ? {} : { "content-type": "application/json" };
      return inject({ method: "POST", url, payload, headers: { ...type, ...headers } });
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

describe("a command over HTTP", () => {
  it("may name the hold that it means, and why; without a body it is the cloud's own", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    const words = { holdId: "aisle-b", reason: "forklift in aisle B" };
    expect((await http.post("/contracts/example/hold", words)).status).toBe(202);
    expect((await http.post("/contracts/example/hold")).status).toBe(202);
    expect((await http.post("/contracts/example/resume", { holdId: "aisle-b" })).status).toBe(202);
    expect(http.device.commands).toMatchObject([
      { type: "hold", holdId: "aisle-b", data: { reason: "forklift in aisle B" } },
      { type: "hold", holdId: "cloud" },
      { type: "resume", holdId: "aisle-b" },
    ]);
  });

  it("that resumes without naming a hold clears the cloud's first, and then the one that waits for a person", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    const { contractId } = http.device.contracts[0]!;
    const held = { holdId: "escalation:pick-item", by: "policy" as const, reason: "the gripper is empty" };
    http.device.write("contract.held", held, { contractId });
    await http.post("/contracts/example/hold");
    await http.cloud.pass(1);
    expect((await http.post("/contracts/example/resume")).body).toMatchObject({ holdId: "cloud" });
    await http.cloud.pass(1);
    expect((await http.post("/contracts/example/resume")).body).toMatchObject({ holdId: held.holdId });
  });

  it("that resumes without naming a hold is refused where others hold, and says who they are", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    const { contractId } = http.device.contracts[0]!;
    const held = { holdId: "console:ann", by: "console" as const, reason: "a pallet is in the way" };
    http.device.write("contract.held", held, { contractId });
    await http.cloud.pass(1);
    const { status, body } = await http.post("/contracts/example/resume");
    expect([status, body["type"]]).toEqual([409, "urn:holdfast:problem:other_hold"]);
    expect(body["holds"]).toEqual([held]);
    expect((await http.post("/contracts/example/resume", { holdId: "console:ann" })).status).toBe(202);
  });

  it("with a member that it does not know is refused", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    const { status, body } = await http.post("/contracts/example/hold", { holdId: "", because: 1 });
    expect([status, body["type"]]).toEqual([422, "urn:holdfast:problem:invalid"]);
    expect(body["errors"]).toMatchObject([{ path: "/holdId" }, { path: "/because", message: "unknown key" }]);
  });
});

describe("contracts over HTTP", () => {
  it("are pushed with 201 and a Location, read by id and name, and listed", async () => {
    await using http = await rig();
    const created = await http.post("/contracts", draftFor("amr-07"));
    expect(created).toMatchObject({ status: 201, body: { status: "accepted", epoch: 1 } });
    const location = String(created.headers["location"]);
    expect(location).toBe(`/contracts/${String(created.body["contractId"])}`);
    const byId = await http.get(location);
    expect(byId).toMatchObject({ status: 200, body: { name: "example", taskId: "task-1", mode: "live" } });
    expect((await http.get("/contracts/example")).body).toEqual(byId.body);
    const list = await http.get("/contracts?device=amr-07&status=accepted&limit=1");
    expect(list.body).toMatchObject({ items: [{ contractId: created.body["contractId"] }] });
    expect((await http.get("/contracts?status=completed")).body).toEqual({ items: [] });
  });

  it("are the same request under one Idempotency-Key", async () => {
    await using http = await rig();
    const key = { "idempotency-key": "k1" };
    const first = await http.post("/contracts", draftFor("amr-07"), key);
    const again = await http.post("/contracts", draftFor("amr-07"), key);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
  });

  it("are held, resumed and cancelled with 202", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    for (const [command, status] of [
      ["hold", "held"],
      ["resume", "accepted"],
      ["cancel", "cancelled"],
    ] as const) {
      expect(await http.post(`/contracts/example/${command}`)).toMatchObject({
        status: 202,
        body: { delivery: "sent" },
      });
      await http.cloud.pass(1);
      expect((await http.get("/contracts/example")).body["status"]).toBe(status);
    }
    expect(await http.post("/contracts/example/hold")).toMatchObject({ status: 409 });
  });

  it("are reconciled by hand", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    const { contractId } = http.device.contracts[0]!;
    http.device.write("contract.started", {}, { contractId });
    http.device.write(
      "stage.started",
      { action: "navigate", pose: [0, 0, 0], battery: 0.9 },
      { contractId, stageId: "go-to-rack" },
    );
    await http.cloud.pass(1);
    const report = await http.post("/contracts/example/reconcile");
    expect(report).toMatchObject({ status: 200, body: { contractId } });
    expect(http.device.commands.map((command) => command.type)).toEqual(["sync"]);
    await http.device.disconnect("cut");
    await http.cloud.pass(1);
    const offline = await http.post("/contracts/example/reconcile");
    expect(offline).toMatchObject({ status: 409, body: { projection: { pose: { value: [0, 0, 0] } } } });
    expect(typeof offline.body["lastHeardAt"]).toBe("string");
  });
});

it("what is answered fits the schemas that the API publishes", async () => {
  await using http = await rig();
  await http.post("/contracts", draftFor("amr-07"));
  const { contractId } = http.device.contracts[0]!;
  http.device.write("contract.started", {}, { contractId });
  http.device.write(
    "stage.started",
    { action: "navigate", pose: [0, 0, 0], battery: 0.9 },
    { contractId, stageId: "go-to-rack" },
  );
  await http.cloud.pass(1);
  await http.post("/contracts/example/reconcile");
  const contract = await http.get("/contracts/example");
  expect(ContractView.parse(contract.body)).toEqual(contract.body);
  const device = await http.get("/devices/amr-07");
  expect(DeviceView.parse(device.body)).toEqual(device.body);
  const list = await http.get("/contracts");
  const items = list.body["items"] as unknown[];
  expect(items.map((item) => ContractSummaryView.parse(item))).toEqual(items);
});

describe("a problem", () => {
  it("is application/problem+json with the reason, the caller's trace id and every error", async () => {
    await using http = await rig();
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const answer = await http.post("/contracts", { ...draftFor("amr-07"), colour: "red" }, headers);
    expect(String(answer.headers["content-type"])).toContain("application/problem+json");
    expect(answer).toMatchObject({
      status: 422,
      body: { type: "urn:holdfast:problem:unsupported", status: 422, trace_id: traceId, errors: [{ path: "/colour" }] },
    });
  });

  it.each([
    [
      "a body that stops being JSON",
      "/contracts",
      '{"schema": nope}',
      400,
      /Unexpected token 'o', "\{"schema": nope\}"/,
    ],
    ["no body", "/contracts", "", 400, /expected a JSON body/],
    ["a body of more than 4 MiB", "/contracts", `"${"x".repeat(4 * 1024 * 1024)}"`, 413, /larger than/],
    ["a device that is not known", "/contracts", JSON.stringify(draftFor("nobody")), 404, /nobody/],
    ["a contract that is not known", "/contracts/none/hold", undefined, 404, /none/],
    ["a path that is not known", "/nowhere", undefined, 404, /nowhere/],
  ] as const)("answers %s", async (_what, url, body, status, detail) => {
    await using http = await rig();
    const answer = await http.post(url, body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, detail: expect.stringMatching(detail) as string });
    expect(answer.body["trace_id"]).toMatch(/^[\da-f]{32}$/);
  });

  it("names the methods that a path knows", async () => {
    await using http = await rig();
    const { statusCode, headers, body } = await http.server.inject({ method: "DELETE", url: "/contracts/some?x=1" });
    expect([statusCode, headers["allow"]]).toEqual([405, "GET"]);
    expect(JSON.parse(body)).toMatchObject({ status: 405, detail: "/contracts/some knows GET, not DELETE" });
    expect((await http.server.inject({ method: "PUT", url: "/stream" })).headers["allow"]).toBe("GET");
    expect((await http.server.inject({ method: "PUT", url: "/contracts" })).headers["allow"]).toBe("POST, GET");
  });

  it("names the query parameter that is wrong, and other media types than JSON", async () => {
    await using http = await rig();
    expect(await http.get("/contracts?limit=0&colour=red")).toMatchObject({
      status: 400,
      body: { errors: [{ path: "/limit" }, {}] },
    });
    expect(await http.post("/contracts", "schema: x", { "content-type": "text/yaml" })).toMatchObject({ status: 415 });
  });
});

it.each([
  ["/exceptions/1/resolve", ["/by"]],
  ["/tasks/some/force-release", ["/by", "/reason"]],
  ["/policies/dry-run", ["/failure"]],
] as const)("POST %s with an empty object names each member that is missing", async (url, paths) => {
  await using http = await rig();
  const { status, body } = await http.post(url, {});
  expect([status, body["type"]]).toEqual([422, "urn:holdfast:problem:invalid"]);
  expect(body["errors"]).toEqual(paths.map((path) => expect.objectContaining({ path, message: "is missing" })));
});

describe("devices, records and probes", () => {
  it("answer", async () => {
    await using http = await rig();
    expect(await http.get("/devices")).toMatchObject({
      status: 200,
      body: { items: [{ deviceId: "amr-07", mode: "live" }] },
    });
    expect(await http.get("/devices/amr-07")).toMatchObject({
      status: 200,
      body: { kind: "amr", activeContract: null },
    });
    expect((await http.get("/devices/amr-08")).status).toBe(404);
    expect((await http.get("/exceptions")).body).toEqual({ items: [] });
    expect((await http.get("/ledger")).body).toEqual({ items: [] });
    expect((await http.get("/healthz")).status).toBe(200);
    expect((await http.get("/readyz")).status).toBe(200);
    http.cloud.broker.restart();
    expect((await http.server.inject("/readyz")).statusCode).toBe(503);
  });

  it("show movements under the names of the planner's feed", async () => {
    await using http = await rig();
    const movement = {
      correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
      kind: "PICK" as const,
      sku: "SKU-7890",
      qty: 1,
      uom: "EA",
      occurred_at: "2026-01-05T08:00:00.000Z",
      actor: { kind: "ROBOT", id: "amr-07" },
    };
    http.device.write("movement", movement);
    await http.cloud.pass(1);
    expect((await http.get("/ledger")).body).toMatchObject({
      items: [{ ...movement, source: "WES", executor_partner_id: "holdfast", warehouse_id: "default", fenced: false }],
    });
  });

  it("are described by an OpenAPI document that names every operation and its problems", async () => {
    await using http = await rig();
    const { body } = await http.get("/openapi.json");
    const paths = body["paths"] as Record<string, Record<string, { operationId: string; responses: object }>>;
    expect(Object.keys(paths).sort()).toEqual([
      "/",
      "/contracts",
      "/contracts/{id}",
      "/contracts/{id}/cancel",
      "/contracts/{id}/hold",
      "/contracts/{id}/reconcile",
      "/contracts/{id}/resume",
      "/devices",
      "/devices/{id}",
      "/devices/{id}/connections",
      "/devices/{id}/telemetry",
      "/devices/{id}/telemetry/{channel}",
      "/devices/{id}/tracks",
      "/documents",
      "/documents/{type}/{id}",
      "/exceptions",
      "/exceptions/{id}/resolve",
      "/feed",
      "/fleet/stream",
      "/healthz",
      "/ledger",
      "/maps",
      "/maps/{id}",
      "/metrics",
      "/policies",
      "/policies/dry-run",
      "/policies/{id}",
      "/readyz",
      "/stream",
      "/tasks",
      "/tasks/{id}",
      "/tasks/{id}/cancel",
      "/tasks/{id}/force-release",
      "/wes/v1/confirmation/shift-summary",
      "/wes/v1/realtime/capacity",
      "/wes/v1/realtime/exceptions",
      "/wes/v1/realtime/movements",
      "/wes/v1/realtime/work-status",
    ]);
    expect(Object.keys(paths["/contracts"]!["post"]!.responses)).toEqual(
      expect.arrayContaining(["201", "400", "404", "409", "413", "422", "504"]),
    );
    expect(JSON.stringify(body)).toContain("idempotency-key");
  });

  it("are described with references that lead somewhere in the document", async () => {
    await using http = await rig();
    const { body } = await http.get("/openapi.json");
    const { schemas } = body["components"] as { schemas: object };
    const targets = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target!);
    const known = Object.keys(schemas).map((name) => `#/components/schemas/${name}`);
    expect(new Set(targets)).toEqual(new Set(known));
  });
});

describe("the stream", () => {
  /** Reads events until `count` have come. */
  async function read(
    url: string,
    count: number,
    headers: Record<string, string>,
  ): Promise<{ id: number; event: string }[]> {
    const leave = new AbortController();
    const response = await fetch(url, { headers, signal: leave.signal });
    const events: { id: number; event: string }[] = [];
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = [...text.matchAll(/id: (\d+)\nevent: (\S+)\ndata: (\{.*\})\n\n/g)];
      events.splice(0, events.length, ...found.map(([, id, event]) => ({ id: Number(id), event: event! })));
      if (events.length >= count) break;
    }
    leave.abort();
    return events;
  }

  it("resumes behind the Last-Event-ID, each event once and in order", async () => {
    await using http = await rig();
    await http.post("/contracts", draftFor("amr-07"));
    await http.server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = http.server.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/stream`;
    const all = await read(url, 4, { "last-event-id": "0" });
    expect(all.map((entry) => entry.event)).toEqual([
      "device.mode",
      "device.mode",
      "contract.status",
      "contract.status",
    ]);
    const rest = await read(url, 2, { "last-event-id": String(all[1]!.id) });
    expect(rest).toEqual(all.slice(2));
  });

  it("without one tells what happens from now on", async () => {
    await using http = await rig();
    await http.server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = http.server.server.address() as AddressInfo;
    const reading = read(`http://127.0.0.1:${port}/stream`, 2, {});
    await new Promise((resolve) => http.server.server.once("request", resolve));
    await http.post("/contracts", draftFor("amr-07"));
    expect((await reading).map((entry) => entry.event)).toEqual(["contract.status", "contract.status"]);
  });
});
