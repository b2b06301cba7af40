import { z } from "zod";
import { ProblemDocument } from "../problem.ts";
import { PROBLEM_MEDIA_TYPE, type Route } from "./route.ts";

/** An OpenAPI 3.1 document; its schemas are JSON Schema 2020-12, made from the zod schemas that validate. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** The description of these routes. Stream and metrics are added by hand, because they are no JSON. */
export function openApiOf(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {
    "/": { get: PAGE },
    "/stream": { get: STREAM },
    "/fleet/stream": { get: FLEET_STREAM },
    "/metrics": { get: METRICS },
  };
  const schemas: Record<string, unknown> = {};
  const schemaOf: SchemaOf = (schema, io) =>
    standingAlone(z.toJSONSchema(schema, { io, unrepresentable: "any" }), schemas);
  schemas["Problem"] = schemaOf(ProblemDocument.extend({ trace_id: z.string() }), "output");
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, schemaOf) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdfast cloud",
      version,
      description: "Pushes execution contracts to devices, projects them while they are offline, and reconciles.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
  };
}

type SchemaOf = (schema: z.ZodType, io: "input" | "output") => object;

const SECURITY_SCHEMES = {
  token: { type: "http", scheme: "bearer", description: "programs of this machine need none unless told otherwise" },
  certificate: { type: "mutualTLS", description: "partners, in production" },
};

const METRICS = {
  operationId: "metrics",
  summary: "What the process counts and measures, for Prometheus",
  security: [{ token: ["reader"] }],
  responses: {
    200: { description: "the text format of Prometheus", content: { "text/plain": { schema: { type: "string" } } } },
    401: problemResponse("no valid token"),
    403: problemResponse("the token does not allow this"),
  },
};

const STREAM = {
  operationId: "stream",
  summary: "Server-sent events: device, contract, command, exception and reconciliation changes",
  security: [{ token: ["reader"] }],
  parameters: [
    {
      name: "Last-Event-ID",
      in: "header",
      required: false,
      description: "tell everything after this event; without it, what happens from now on",
      schema: { type: "integer", minimum: 0 },
    },
  ],
  responses: {
    200: { description: "an endless stream", content: { "text/event-stream": { schema: { type: "string" } } } },
    401: problemResponse("no valid token"),
    403: problemResponse("the token does not allow this"),
  },
};

const FLEET_STREAM = {
  operationId: "fleetStream",
  summary: "Server-sent events for maps: every device once, then each second what has changed",
  security: [{ token: ["reader"] }],
  responses: STREAM.responses,
};

const PAGE = {
  operationId: "page",
  summary: "The fleet page",
  security: [],
  responses: { 200: { description: "a page", content: { "text/html": { schema: { type: "string" } } } } },
};

function operationOf(route: Route, schemaOf: SchemaOf): object {
  const { operationId, summary, success, problems = {}, access } = route;
  const hasInput = route.body !== undefined || route.query !== undefined;
  const answers = {
    ...(hasInput ? { 400: "the request is not readable" } : {}),
    ...(access === "open" ? {} : { 401: "no valid token or certificate", 403: "the token does not allow this" }),
    429: "too many requests; `Retry-After` says when to go on",
    ...problems,
  };
  const refusals = Object.entries(answers).map(([status, description]) => [status, problemResponse(description)]);
  return {
    operationId,
    summary,
    security: securityOf(route),
    parameters: [...pathParameters(route), ...queryParameters(route, schemaOf), ...headerParameters(route)],
    ...(route.body
      ? { requestBody: { required: !route.isBodyOptional, content: json(schemaOf(route.body, "input")) } }
      : {}),
    responses: {
      [success.status]: { description: success.description, content: json(schemaOf(success.schema, "output")) },
      ...Object.fromEntries(refusals),
    },
  };
}

/** One of these is needed; in OpenAPI 3.1 the scopes of a bearer token may be named. */
function securityOf({ access }: Route): object[] {
  if (access === "open") return [];
  return access.includes("partner") ? [{ certificate: [] }, { token: access }] : [{ token: access }];
}

function pathParameters(route: Route): object[] {
  return [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(route: Route, schemaOf: SchemaOf): object[] {
  return Object.entries(route.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: schemaOf(schema as z.ZodType, "input"),
  }));
}

function headerParameters(route: Route): object[] {
  const headers = Object.entries(route.headers ?? {});
  return headers.map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function problemResponse(description: string): object {
  const schema = { $ref: "#/components/schemas/Problem" };
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema } } };
}

function json(schema: object): object {
  return { "application/json": { schema } };
}

/**
 * A JSON Schema as a part of the document: without `$schema`, as OpenAPI 3.1 says which dialect it is, and with what it
 * defines for itself among the components, as `#` is now the whole document.
 */
function standingAlone(schema: z.core.JSONSchema.BaseSchema, components: Record<string, unknown>): object {
  const { $schema: _dialect, $defs = {}, ...rest } = schema;
  const names = new Map<string, string>();
  for (const name of Object.keys($defs)) names.set(name, `Part${Object.keys(components).length + names.size}`);
  const placed = (part: unknown): unknown =>
    JSON.parse(
      JSON.stringify(part).replaceAll(
        /"#\/\$defs\/(\w+)"/g,
        (_all, name: string) => `"#/components/schemas/${names.get(name)}"`,
      ),
    );
  for (const [name, definition] of Object.entries($defs)) components[names.get(name)!] = placed(definition);
  return placed(rest) as object;
}
