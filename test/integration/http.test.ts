import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusalOf, startCloudRig, type CloudRig } from "./cloud-rig.ts";
import { ask } from "./http-client.ts";

let rig: CloudRig;
beforeAll(async () => {
  rig = await startCloudRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe("every refusal is a problem document", () => {
  it.each([
    ["a body that is no JSON", "POST", "/contracts", "{nope", 400, "malformed"],
    ["an empty body", "POST", "/contracts", "", 400, "malformed"],
    ["a body that is no object", "POST", "/contracts", "[]", 422, "invalid"],
    ["a body over 4 MiB", "POST", "/contracts", `"${"x".repeat(4 * 1024 * 1024)}"`, 413, "too_large"],
    ["a path that does not exist", "GET", "/nowhere", undefined, 404, "not_found"],
    [
      "a contract that does not exist",
      "GET",
      "/contracts/019b8ce6-1400-7000-8000-000000000001",
      undefined,
      404,
      "not_found",
    ],
    ["a device that does not exist", "GET", "/devices/nobody", undefined, 404, "unknown_device"],
    ["a query that makes no sense", "GET", "/contracts?limit=many", undefined, 400, "malformed"],
    ["a method that the path does not know", "DELETE", "/contracts", undefined, 405, "method_not_allowed"],
  ] as const)("%s", async (_what, method, path, body, status, reason) => {
    expect(refusalOf(await ask(method, `${rig.url}${path}`, { body }))).toEqual({ status, reason });
  });

  it("another media type, with the caller's trace id", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { "content-type": "text/yaml", traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const answer = await rig.post("/contracts", "schema: x", headers);
    expect(refusalOf(answer)).toEqual({ status: 415, reason: "unsupported_media_type" });
    expect(answer.body["trace_id"]).toBe(traceId);
  });
});

describe("what describes and probes the cloud", () => {
  it("is healthy and ready", async () => {
    expect(await rig.get("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await rig.get("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
  });

  it("tells its metrics as text, with what was asked before by its route", async () => {
    await rig.get("/contracts/none");
    const response = await fetch(`${rig.url}/metrics`);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toMatch(
      /holdfast_http_request_duration_seconds_count\{method="GET",route="\/contracts\/:id",status="404"\} \d/,
    );
    expect(text).toContain("holdfast_broker_connected 1");
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds \d/);
  });

  it("is an OpenAPI 3.1 document whose references resolve and whose operations are complete", async () => {
    const { body } = await rig.get("/openapi.json");
    expect(body["openapi"]).toMatch(/^3\.1\.\d$/);
    expect(body["info"]).toMatchObject({ title: expect.any(String) as string, version: expect.any(String) as string });
    const references = JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g);
    for (const [, pointer] of references) expect(resolvePointer(body, pointer!)).toBeDefined();
    const ids = new Set<string>();
    for (const [path, operations] of Object.entries(body["paths"] as Record<string, Record<string, Operation>>)) {
      expect(path).toMatch(/^\//);
      for (const { operationId, parameters = [], responses } of Object.values(operations)) {
        expect(ids.has(operationId)).toBe(false);
        ids.add(operationId);
        const inPath = parameters.filter((parameter) => parameter.in === "path" && parameter.required);
        expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
        expect(Object.keys(responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(true);
        expect(Object.values(responses).every(({ description }) => description.length > 0)).toBe(true);
      }
    }
    expect(ids.size).toBeGreaterThan(10);
  });
});

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

function resolvePointer(document: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .reduce<unknown>((inside, key) => (inside as Record<string, unknown> | undefined)?.[key], document);
}
