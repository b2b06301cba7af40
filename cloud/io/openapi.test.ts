import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { movementData } from "#contract/feed/example-movement";
import { sha256Hex } from "#contract/io/node-crypto";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { draftFor, startCloudFixture } from "../cloud-fixture.ts";
import { createEquator } from "../core/equator/site-map.ts";
import { createHttpServer } from "./http.ts";
import { readMapFolder } from "./map-folder.ts";
import { loadPolicy, SHIPPED_POLICIES } from "./policy-file.ts";
import { readTemplates } from "./template-folder.ts";

type Json = Record<string, unknown>;
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Json } };
interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Json }> }>;
}
/** Method, path as the document names it, status, and what is sent; `{id}` is filled from `ids`. */
type Call = readonly [method: "GET" | "POST" | "PUT", path: string, status: number, body?: unknown, id?: string];

const CONFIG = fileURLToPath(new URL("../../config/", import.meta.url));
const { correlation_id, occurred_at, actor } = movementData(1);
const ENVELOPE = { correlation_id, occurred_at, actor, warehouse_id: "default" };
const SHIFT = {
  correlation_id,
  warehouse_id: "default",
  window_start: "2026-01-04T00:00:00.000Z",
  window_end: "2026-01-04T12:00:00.000Z",
  totals: [],
};
const FETCH = {
  taskId: "fetch-1",
  template: "fetch",
  parameters: { sku: "SKU-1", rack: "rack-b-12", station: "packing-station-2" },
  window: { after: "9 PM" },
};
const POLICY = {
  origin: "operator",
  author: "Ada",
  match: { account: "acme" },
  rules: [{ action: ["pick", "place"], strategy: "retry", retry: { attempts: 2, backoffSeconds: 3 } }],
  fallback: "escalate",
  replanBudget: 1,
  offline: "finish",
};

/** In this order: later ones need what earlier ones have made. Each with an answer of success and, where there is one, a problem. */
const CALLS: readonly Call[] = [
  ["GET", "/healthz", 200],
  ["GET", "/readyz", 200],
  ["POST", "/contracts", 201, draftFor("amr-07")],
  ["POST", "/contracts", 409, draftFor("amr-07")],
  ["POST", "/contracts", 404, draftFor("nobody")],
  ["POST", "/contracts", 422, {}],
  ["GET", "/contracts", 200],
  ["GET", "/contracts/{id}", 200, undefined, "example"],
  ["GET", "/contracts/{id}", 404, undefined, "none"],
  ["POST", "/contracts/{id}/reconcile", 200, undefined, "example"],
  ["POST", "/contracts/{id}/reconcile", 404, undefined, "none"],
  ["POST", "/contracts/{id}/hold", 202, { reason: "lunch" }, "example"],
  ["POST", "/contracts/{id}/hold", 422, { because: "lunch" }, "example"],
  ["POST", "/contracts/{id}/resume", 202, undefined, "example"],
  ["GET", "/devices", 200],
  ["GET", "/devices/{id}", 200, undefined, "amr-07"],
  ["GET", "/devices/{id}", 404, undefined, "none"],
  ["GET", "/devices/{id}/tracks", 200, undefined, "amr-07"],
  ["GET", "/devices/{id}/tracks", 404, undefined, "none"],
  ["GET", "/devices/{id}/connections", 200, undefined, "amr-07"],
  ["GET", "/devices/{id}/connections", 404, undefined, "none"],
  ["GET", "/maps", 200],
  ["GET", "/maps/{id}", 200, undefined, "warehouse"],
  ["GET", "/maps/{id}", 404, undefined, "none"],
  ["GET", "/devices/{id}/telemetry", 200, undefined, "amr-07"],
  ["GET", "/devices/{id}/telemetry/{channel}", 200, undefined, "amr-07"],
  ["POST", "/tasks", 201, FETCH],
  ["POST", "/tasks", 409, FETCH],
  ["POST", "/tasks", 422, { template: "fly" }],
  ["GET", "/tasks/{id}", 200, undefined, "fetch-1"],
  ["POST", "/tasks/{id}/cancel", 200, undefined, "fetch-1"],
  ["POST", "/tasks/{id}/cancel", 409, undefined, "fetch-1"],
  ["POST", "/tasks/{id}/force-release", 409, { by: "Ada", reason: "stuck" }, "task-1"],
  ["POST", "/tasks/{id}/force-release", 200, { by: "Ada", reason: "stuck", confirm: true }, "task-1"],
  ["POST", "/contracts/{id}/cancel", 409, undefined, "example"],
  ["POST", "/contracts", 201, { ...draftFor("amr-08", "task-2"), name: "second" }],
  ["POST", "/contracts/{id}/cancel", 202, undefined, "second"],
  ["PUT", "/policies/{id}", 200, POLICY, "acme"],
  ["PUT", "/policies/{id}", 422, { ...POLICY, fallback: "pray" }, "acme"],
  ["GET", "/policies", 200],
  ["GET", "/policies/{id}", 200, undefined, "warehouse"],
  ["GET", "/policies/{id}", 404, undefined, "none"],
  ["POST", "/policies/dry-run", 200, { account: "acme", failure: { code: "timeout", action: "pick" } }],
  ["POST", "/policies/dry-run", 422, {}],
  ["GET", "/exceptions", 200],
  ["POST", "/exceptions/{id}/resolve", 200, { by: "Ada" }, "1"],
  ["POST", "/exceptions/{id}/resolve", 409, { by: "Ada" }, "1"],
  ["POST", "/wes/v1/realtime/movements", 200, { ...movementData(2), warehouse_id: "default" }],
  ["POST", "/wes/v1/realtime/movements", 400, ENVELOPE],
  ["POST", "/wes/v1/realtime/exceptions", 200, { ...ENVELOPE, code: "SHORT_PICK", severity: "HIGH", detail: "one" }],
  [
    "POST",
    "/wes/v1/realtime/work-status",
    200,
    {
      ...ENVELOPE,
      correlation_id: movementData(3).correlation_id,
      work_id: "w",
      status: "PAUSED",
      document_ref: { type: "SO", id: "4521" },
    },
  ],
  [
    "POST",
    "/wes/v1/realtime/capacity",
    200,
    { ...ENVELOPE, correlation_id: movementData(4).correlation_id, active_workers: 3 },
  ],
  ["POST", "/wes/v1/confirmation/shift-summary", 200, SHIFT],
  ["POST", "/wes/v1/confirmation/shift-summary", 400, ENVELOPE],
  ["GET", "/ledger", 200],
  ["GET", "/feed", 200],
  ["GET", "/documents", 200],
  ["GET", "/documents/{type}/{id}", 200, undefined, "4521"],
  ["GET", "/documents/{type}/{id}", 404, undefined, "none"],
];

test("every operation answers what the OpenAPI document says, refusals included", async () => {
  await using cloud = await startCloudFixture(
    {},
    {
      equator: createEquator(readMapFolder(`${CONFIG}maps`)),
      templates: readTemplates(`${CONFIG}tasks`),
      presets: SHIPPED_POLICIES.map(loadPolicy),
    },
  );
  for (const id of ["amr-07", "amr-08"]) await cloud.device(id).connect();
  await cloud.pass(6);
  const deps = { execution: cloud.cloud, clock: cloud.clock, rng: createRng(1), log: silentLog };
  await using server = createHttpServer({ ...deps, sha256: sha256Hex, version: "0.0.0" });
  const document = (await server.inject("/openapi.json")).json<Document>();

  for (const [method, path, status, body, id = "motion"] of CALLS) {
    const url = path.replace("{type}", "SO").replace("{id}", id).replace("{channel}", "motion");
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await cloud.during(server.inject({ method, url, ...payload }).then((told) => told));
    const told = answer.json<unknown>();
    expect([method, url, answer.statusCode, answer.statusCode === status ? "" : told]).toEqual([
      method,
      url,
      status,
      "",
    ]);
    const documented = document.paths[path]![method.toLowerCase()]!.responses[status]?.content ?? {};
    const mediaType = String(answer.headers["content-type"]).split(";")[0]!;
    const schema = documented[mediaType]?.schema;
    expect([method, path, status, mediaType, schema !== undefined]).toEqual([method, path, status, mediaType, true]);
    expect([method, path, problemsOf(standalone(schema!, document), told)]).toEqual([method, path, ""]);
    await cloud.pass(1);
  }
  const called = CALLS.map(([method, path]) => `${method} ${path}`);
  expect(new Set(called)).toEqual(new Set(operationsOf(document)));
});

/** Those that answer JSON. */
function operationsOf({ paths }: Document): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.values(responses).some(({ content = {} }) => "application/json" in content)
        ? [`${method.toUpperCase()} ${path}`]
        : [],
    ),
  );
}

/** A schema of the document, with the components that it refers to. */
function standalone(schema: Json, { components }: Document): z.ZodType {
  const whole = { ...schema, $defs: components.schemas };
  return z.fromJSONSchema(JSON.parse(JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/")) as Json);
}

function problemsOf(schema: z.ZodType, value: unknown): string {
  const read = schema.safeParse(value);
  return read.success ? "" : z.prettifyError(read.error);
}
