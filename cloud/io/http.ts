import type { ServerResponse } from "node:http";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "#lib/clock";
import type { Sha256 } from "#contract/crypto";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { AccessRules, type Caller, type Requirement } from "../core/access.ts";
import type { Execution } from "../execution.ts";
import { inWords, problem, problemsIn, type ProblemDocument, type ProblemWord } from "../problem.ts";
import { limitedTo } from "../tenant.ts";
import { streamLog } from "./event-stream.ts";
import { serveFleetPage } from "./fleet-page.ts";
import { streamFleet } from "./fleet-stream.ts";
import { createGate } from "./gate.ts";
import type { Metrics } from "./metrics.ts";
import { openApiOf } from "./openapi.ts";
import { PROBLEM_MEDIA_TYPE, problemAnswer, type Route, type RouteAnswer } from "./route.ts";
import { contractRoutes } from "./routes/contracts.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { documentRoutes } from "./routes/documents.ts";
import { mapRoutes } from "./routes/maps.ts";
import { policyRoutes } from "./routes/policies.ts";
import { probeRoutes } from "./routes/probes.ts";
import { recordRoutes } from "./routes/records.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { telemetryRoutes } from "./routes/telemetry.ts";
import { wesRoutes } from "./routes/wes.ts";

export interface HttpDeps {
  readonly execution: Execution;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly sha256: Sha256;
  /** Of the program, for `/openapi.json`. */
  readonly version: string;
  /** Who may call what; programs of this machine everything unless given. */
  readonly access?: AccessRules;
  /** PEM texts; without them it is plain HTTP. Clients are asked for a certificate, and may have none. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly isProduction?: boolean;
  /** What `/metrics` tells; without it there is no such thing. */
  readonly metrics?: Metrics;
}

const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** All operations of the cloud that answer JSON. */
const ROUTES: readonly Route[] = [
  ...contractRoutes,
  ...taskRoutes,
  ...deviceRoutes,
  ...documentRoutes,
  ...mapRoutes,
  ...policyRoutes,
  ...recordRoutes,
  ...telemetryRoutes,
  ...wesRoutes,
  ...probeRoutes,
];
/** Whoever may read may follow. */
const STREAM_ACCESS: Requirement = ["reader"];

/** The HTTP edge: parses, calls the operation, and puts every refusal into an RFC 9457 problem. Not listening yet. */
export function createHttpServer(deps: HttpDeps): FastifyInstance {
  const { execution, clock, sha256, access: rules = AccessRules.parse({}), isProduction = false } = deps;
  const server = bareServer(deps.tls);
  const gate = createGate({ rules, isProduction, sha256 }, clock);
  const log = deps.log.child({ module: "http" });
  const traceIdOf = createTraceIds(deps.rng.fork("trace"));
  const callers = new WeakMap<FastifyRequest, Caller>();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    done(null, body);
  });
  server.setErrorHandler((error, request, reply) => fail(error, request, reply));
  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    // What there is on the partners' feed is nobody's business but theirs.
    const passage = gate(request, path, path.startsWith("/wes/") ? ["partner"] : "open");
    return send(reply, passage.ok ? nothingAt(request) : passage.answer, traceIdOf(request));
  });
  const document = openApiOf(ROUTES, deps.version);
  server.get("/openapi.json", (_request, reply) => reply.send(document));
  serveFleetPage(server, sha256);
  serveStream("/stream", (seen, request, response) => streamLog(seen, clock, response, lastEventIdOf(request)));
  serveStream("/fleet/stream", (seen, _request, response) => streamFleet(seen, clock, response));
  if (deps.metrics) {
    const { metrics } = deps;
    server.addHook("onResponse", async (request, reply) => countRequest(metrics, request, reply));
    server.get("/metrics", async (request, reply) => {
      const passage = gate(request, "/metrics", STREAM_ACCESS);
      if (!passage.ok) return send(reply, passage.answer, traceIdOf(request));
      return reply.type(metrics.contentType).send(await metrics.text());
    });
  }
  for (const route of ROUTES) {
    server.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      // Before the body is read: nobody uploads who may not come in.
      onRequest: async (request, reply) => {
        const passage = gate(request, route.path, route.access);
        if (!passage.ok) return send(reply, passage.answer, traceIdOf(request));
        callers.set(request, passage.caller);
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)!;
        return send(reply, await answer(limitedTo(execution, caller), route, request, caller), traceIdOf(request));
      },
    });
  }
  return server;

  /** An endless answer to whoever may read, of what they may see. */
  function serveStream(
    path: string,
    stream: (seen: Execution, request: FastifyRequest, response: ServerResponse) => Promise<void>,
  ): void {
    server.get(path, async (request, reply) => {
      const passage = gate(request, path, STREAM_ACCESS);
      if (!passage.ok) return send(reply, passage.answer, traceIdOf(request));
      reply.hijack();
      return stream(limitedTo(execution, passage.caller), request, reply.raw);
    });
  }

  function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const traceId = traceIdOf(request);
    const refusal = refusalOf(error);
    if (refusal.status === 413) readOn(request, reply);
    if (refusal.status >= 500) log.error({ err: error, traceId, url: request.url }, "request failed");
    return send(reply, problemAnswer(refusal), traceId);
  }
}

/** By the pattern of its path: every id would be a series of its own. */
function countRequest(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? "none";
  metrics.requestAnswered({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
}

function bareServer(tls: HttpDeps["tls"]): FastifyInstance {
  const settings = { bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true, logger: false } as const;
  if (!tls) return fastify(settings);
  // Whoever issued a partner's certificate: it counts by its thumbprint, and the handshake proves that they have its key.
  const https = { ...tls, requestCert: true, rejectUnauthorized: false };
  return fastify({ ...settings, https }) as unknown as FastifyInstance;
}

async function answer(
  execution: Execution,
  route: Route,
  request: FastifyRequest,
  caller: Caller,
): Promise<RouteAnswer> {
  const query = (route.query ?? z.object({})).safeParse(request.query);
  if (!query.success) return problemAnswer(malformedQuery(request.query, query.error));
  const isBare = !route.body || (route.isBodyOptional && (request.body ?? "") === "");
  const body = isBare ? { ok: true as const, value: undefined } : readJson(request.body);
  if (!body.ok) return problemAnswer(problem("malformed", body.detail));
  return route.handle(execution, {
    params: request.params as Record<string, string>,
    query: query.data,
    body: body.value,
    caller,
    header: (name) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : undefined;
    },
  });
}

/** Neither a path of ours nor, at a path of ours, a method that it knows. */
function nothingAt(request: FastifyRequest): RouteAnswer {
  const { method, url } = request;
  const path = pathOf(request);
  const known = [...ROUTES, ...BESIDES].filter((route) => patternOf(route.path).test(path));
  if (known.length === 0) return problemAnswer(problem("not_found", `there is no ${method} ${url}`));
  const allow = [...new Set(known.map((route) => route.method))].join(", ");
  const { headers, ...rest } = problemAnswer(problem("method_not_allowed", `${path} knows ${allow}, not ${method}`));
  return { ...rest, headers: { ...headers, allow } };
}

function pathOf({ url }: FastifyRequest): string {
  return url.replace(/\?.*$/, "");
}

/** What is answered without a route. */
const BESIDES = [
  { method: "GET", path: "/" },
  { method: "GET", path: "/openapi.json" },
  { method: "GET", path: "/stream" },
  { method: "GET", path: "/metrics" },
  { method: "GET", path: "/fleet/stream" },
] as const;

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

function send(reply: FastifyReply, { status, body, headers = {} }: RouteAnswer, traceId: string): FastifyReply {
  const isProblem = headers["content-type"] === PROBLEM_MEDIA_TYPE;
  const document = isProblem ? { ...(body as ProblemDocument), trace_id: traceId } : body;
  const text = JSON.stringify(document);
  return reply
    .code(status)
    .headers({ "content-type": "application/json; charset=utf-8", ...headers })
    .send(text);
}

/** JSON, or where it stops being JSON. */
function readJson(
  body: unknown,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly detail: string } {
  if (typeof body !== "string" || body === "") return { ok: false, detail: "expected a JSON body" };
  try {
    return { ok: true, value: JSON.parse(body) };
  } catch (thrown) {
    return { ok: false, detail: `the body is not JSON: ${messageOf(thrown)}` };
  }
}

function malformedQuery(given: unknown, error: z.ZodError): ProblemDocument {
  const errors = problemsIn(given, error);
  return problem("malformed", `query ${inWords(errors)}`, { errors });
}

/** What Fastify or an operation threw, as the problem that the caller sees. */
function refusalOf(error: unknown): ProblemDocument {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (error instanceof AgentError) return problem("internal", error.message, { code: error.code });
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return problem("too_large", `the body is larger than ${BODY_BYTES_MAX} bytes`);
  const word: ProblemWord = code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" ? "unsupported_media_type" : "malformed";
  if (statusCode !== undefined && statusCode < 500) return problem(word, messageOf(error));
  return problem("internal", "an unexpected error; the log has it under this trace_id");
}

/** Lets the rest of a body pass: a connection that is closed on a caller who still sends takes the answer with it. */
function readOn(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader("connection");
  request.raw.resume();
}

function lastEventIdOf(request: FastifyRequest): number | undefined {
  const given = request.headers["last-event-id"];
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}

/** The caller's W3C trace id, or one of our own; the same for all of a request. */
function createTraceIds(rng: Rng): (request: FastifyRequest) => string {
  const drawn = new WeakMap<FastifyRequest, string>();
  return (request) => {
    const given = /^[\da-f]{2}-([\da-f]{32})-/.exec(String(request.headers["traceparent"] ?? ""))?.[1];
    const known = given ?? drawn.get(request);
    if (known) return known;
    const words = Array.from({ length: 4 }, () => rng.uint32().toString(16).padStart(8, "0"));
    drawn.set(request, words.join(""));
    return words.join("");
  };
}
