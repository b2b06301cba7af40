import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import type { Clock } from "#lib/clock";
import {
  admitCaller,
  type AccessPolicy,
  type Admission,
  type Caller,
  type Credentials,
  type Requirement,
} from "../core/access.ts";
import { takeFrom, type Bucket, type RateLimit } from "#lib/rate-limit";
import { problem } from "../problem.ts";
import { problemAnswer, type RouteAnswer } from "./route.ts";

export type Passage =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly answer: RouteAnswer };

/** Decides who comes in, and how often. */
export type Gate = (request: FastifyRequest, path: string, scopes: Requirement) => Passage;

/** Whoever can't say who they are may try this often from one address: nobody guesses a token. */
const STRANGERS: RateLimit = { perSecond: 1, burst: 30 };
/** Buckets that are kept; a full one is as good as none. */
const BUCKETS_MAX = 10_000;

export function createGate(access: AccessPolicy, clock: Clock): Gate {
  const buckets = new Map<string, Bucket>();

  /** Seconds to wait, 0 if it may pass. */
  function take(key: string, limit: RateLimit): number {
    const { bucket, waitSeconds } = takeFrom(buckets.get(key), limit, clock.nowMs());
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > BUCKETS_MAX && oldest !== undefined) buckets.delete(oldest);
    return waitSeconds;
  }
  return (request, path, scopes) => {
    const isFeed = path.startsWith("/wes/");
    const admission = admitCaller(access, credentialsOf(request), { scopes, isFeed, nowMs: clock.wallMs() });
    const isKnown = admission.ok || admission.refusal === "forbidden";
    const limit = isKnown ? access.rules.rateLimit : STRANGERS;
    const waitSeconds = take(keyOf(admission, request.ip), limit);
    if (waitSeconds > 0) return { ok: false, answer: tooMany(waitSeconds, limit) };
    return admission.ok ? admission : { ok: false, answer: refusalOf(admission, scopes) };
  };
}

function keyOf(admission: Admission, address: string): string {
  if (!admission.ok) return `${admission.refusal} ${address}`;
  const { name } = admission.caller;
  return admission.caller.scopes.length === 0 ? `anonymous ${address}` : `caller ${name}`;
}

function tooMany(waitSeconds: number, { perSecond }: RateLimit): RouteAnswer {
  const seconds = Math.ceil(waitSeconds);
  const detail = `more than ${perSecond} requests a second; go on in ${seconds} s`;
  const { headers, ...rest } = problemAnswer(problem("rate_limited", detail));
  return { ...rest, headers: { ...headers, "retry-after": String(seconds) } };
}

function refusalOf({ refusal, detail }: Extract<Admission, { ok: false }>, scopes: Requirement): RouteAnswer {
  const members = refusal === "forbidden" ? { scopes } : {};
  const { headers, ...rest } = problemAnswer(problem(refusal, detail, members));
  const challenge = refusal === "unauthenticated" ? { "www-authenticate": 'Bearer realm="holdfast"' } : {};
  return { ...rest, headers: { ...headers, ...challenge } };
}

function credentialsOf(request: FastifyRequest): Credentials {
  const { authorization } = request.headers;
  return { authorization, thumbprint: thumbprintOf(request), isLocal: isLocal(request) };
}

function thumbprintOf({ raw }: FastifyRequest): string | undefined {
  const { getPeerCertificate } = raw.socket as Partial<TLSSocket>;
  const certificate = getPeerCertificate?.call(raw.socket);
  return certificate?.fingerprint256?.replaceAll(":", "").toLowerCase();
}

/**
 * Whether a program of this machine asks for itself. A proxy on this machine asks for somebody else, and so does a page that
 * a browser on this machine has open: those send an origin or a site, or a host name that was made to point here.
 */
function isLocal({ raw, headers }: FastifyRequest): boolean {
  const isForwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].some((name) => headers[name] !== undefined);
  const host = hostnameOf(headers.host ?? "");
  const isOwnPage = headers.origin === undefined || hostnameOf(headers.origin.replace(/^\w+:\/\//, "")) === host;
  const site = headers["sec-fetch-site"];
  const isSameSite = site === undefined || site === "same-origin" || site === "none";
  return isLoopback(raw.socket.remoteAddress ?? "") && !isForwarded && isLoopback(host) && isOwnPage && isSameSite;
}

function hostnameOf(authority: string): string {
  return authority.replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
}

/** Whether an address or host name means this machine. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^::ffff:/, "");
  return plain === "localhost" || plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}
