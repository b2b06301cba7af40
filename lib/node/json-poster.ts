import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import { AgentError, messageOf } from "../errors.ts";

export interface JsonPosterOptions {
  /** Paths are appended to it. */
  readonly url: string;
  /** Files (PEM): the certificate to show, and who may have signed the other side's. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string | undefined } | undefined;
  readonly apiKey?: string | undefined;
  /** How long an answer may take, 10 s unless given. */
  readonly timeoutMs?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly retryAfter?: string;
  /** Absent where the answer is not JSON. */
  readonly body?: unknown;
}

export interface JsonPoster extends AsyncDisposable {
  /** Rejects `transport.unreachable` when no whole answer came; what was posted may have arrived. */
  post(path: string, body: unknown): Promise<JsonAnswer>;
}

const TIMEOUT_MS = 10_000;
/** One connection is kept, so that the handshake and its certificates are paid for once. */
const KEEP_ALIVE_MS = 60_000;

/** Posts JSON over HTTP or HTTPS to one server. Throws `config.invalid` when a file cannot be read. */
export function createJsonPoster({ url, tls, apiKey, timeoutMs = TIMEOUT_MS }: JsonPosterOptions): JsonPoster {
  const base = url.replace(/\/+$/, "");
  const connect = {
    timeout: timeoutMs,
    ...(tls && { cert: readPem(tls.cert), key: readPem(tls.key) }),
    ...(tls?.ca !== undefined && { ca: readPem(tls.ca) }),
  };
  const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, keepAliveTimeout: KEEP_ALIVE_MS };
  const dispatcher = new Agent({ connect, ...limits, connections: 1, pipelining: 1 });
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const headers = { "content-type": "application/json", accept: "application/json", ...authorization };
  return {
    async post(path, body) {
      try {
        const answer = await request(base + path, {
          method: "POST",
          headers,
          body: JSON.stringify(body),
          dispatcher,
          signal: AbortSignal.timeout(2 * timeoutMs),
        });
        const text = await answer.body.text();
        const retryAfter = answer.headers["retry-after"];
        const json = parsed(text);
        return {
          status: answer.statusCode,
          ...(typeof retryAfter === "string" && { retryAfter }),
          ...(json !== undefined && { body: json }),
        };
      } catch (thrown) {
        const cause = { retryable: true, cause: thrown };
        throw new AgentError("transport.unreachable", `${base}${path}: ${messageOf(thrown)}`, cause);
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new AgentError("config.invalid", `tls: ${file} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}
