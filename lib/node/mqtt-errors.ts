import { ErrorWithSubackPacket, ReasonCodes } from "mqtt";
import type { TlsFiles } from "../broker-access.ts";
import { AgentError, messageOf, type ErrorCode } from "../errors.ts";
import { ownValidity, type BrokerSocket } from "./mqtt-socket.ts";
import { tlsHindrance } from "./tls-errors.ts";

/** What a failed connection attempt was about. */
export interface Attempt {
  readonly address: { readonly host: string; readonly port: number };
  readonly protocolVersion: 4 | 5;
  readonly connectTimeoutMs: number;
  readonly hasOwnCertificate: boolean;
}

/** What is against a connection: which kind of failure, and a clause that completes "cannot reach …: ". */
export interface Hindrance {
  readonly code: ErrorCode;
  readonly clause: string;
}

/**
 * Says why a broker could not be had, for a technician: `transport.refused` when it answered and does not want this client;
 * `transport.portal`, `transport.clock` or `transport.untrusted` when who answered is not, or can't be told to be, the broker;
 * `transport.unreachable` for everything else. Trying again may help with all of them but the first.
 */
export function connectError(
  attempt: Attempt,
  username: string | undefined,
  cause: unknown,
  seen: Pick<BrokerSocket, "answer">,
): AgentError {
  const broker = brokerAt(attempt.address);
  const hindrance = portalHindrance(seen.answer) ?? tlsHindrance(cause, attempt.address.host);
  if (hindrance) {
    const retryable = hindrance.code !== "transport.refused";
    return new AgentError(hindrance.code, `cannot reach ${broker}: ${hindrance.clause}`, { retryable, cause });
  }
  const refusal = refusalOf(codeOf(cause), attempt.protocolVersion, username);
  if (refusal) return new AgentError("transport.refused", `${broker} refused ${refusal}`, { cause });
  const message = `cannot reach ${broker}: ${weather(cause, attempt)}`;
  return new AgentError("transport.unreachable", message, { retryable: true, cause });
}

/** Whether the broker does not speak the version of MQTT that it was addressed in. */
export function isVersionRefusal(cause: unknown): boolean {
  return [1, 132].includes(Number(codeOf(cause)));
}

/**
 * A certificate of this device that is valid only from later on proves that its clock is behind: it was issued before it was
 * installed. Throws `transport.clock`, and `transport.refused` for one that has expired.
 */
export function checkOwnCertificate(address: Attempt["address"], files: TlsFiles | undefined): void {
  const validity = ownValidity(files);
  if (!validity) return;
  const nowMs = Date.now();
  const [now, from, to] = [nowMs, validity.fromMs, validity.toMs].map((ms) => new Date(ms).toISOString());
  if (nowMs < validity.fromMs) {
    const clause = `this machine's clock is behind: it shows ${now}, but its own certificate ${files?.cert} was issued at ${from}`;
    throw new AgentError("transport.clock", `cannot reach ${brokerAt(address)}: ${clause}`, { retryable: true });
  }
  if (nowMs <= validity.toMs) return;
  const clause = `this device's own certificate ${files?.cert} has expired at ${to}; renew it (the clock shows ${now})`;
  throw new AgentError("transport.refused", `cannot reach ${brokerAt(address)}: ${clause}`);
}

/** The connection ended before the operation did. */
export function closedError(reason: string | undefined): AgentError {
  return new AgentError("transport.closed", `the connection has ended: ${reason ?? "unknown reason"}`, {
    retryable: true,
  });
}

/** The broker's answer to a publish or subscribe was no; mqtt.js also reports a lost connection this way. */
export function operationError(error: Error): AgentError {
  const isAnswer = typeof codeOf(error) === "number" || (error instanceof ErrorWithSubackPacket && error.packet);
  if (!isAnswer) return closedError(messageOf(error));
  return new AgentError("transport.refused", `the broker refused: ${messageOf(error)}`, { cause: error });
}

/** Why an MQTT 5 broker says that it ends the connection: its code, and its own words where it adds some. */
export function disconnectReason(code: number | undefined, words: string | undefined): string {
  const reason = code === 142 ? "another client connected under the same client identifier" : describeReason(code ?? 0);
  return `the broker ended the connection: ${reason}${words === undefined ? "" : ` (${words})`}`;
}

function brokerAt({ host, port }: Attempt["address"]): string {
  return `the MQTT broker at ${host}:${port}`;
}

/** No broker speaks HTTP; networks that want a sign-in first answer everything with a web page. */
function portalHindrance(answer: string): Hindrance | undefined {
  if (!/^HTTP\/\d|^\s*<(?:!doctype|html)/i.test(answer)) return undefined;
  const line = answer.split(/[\r\n]/, 1)[0]!;
  const clause = `a web server answered there ("${line}"): a captive portal, so somebody must sign in to this network, or a wrong port`;
  return { code: "transport.portal", clause };
}

/** CONNACK codes that another attempt cannot change (MQTT 3.1.1 table 3.1, MQTT 5 table 3-1). */
function refusalOf(code: unknown, protocolVersion: 4 | 5, username: string | undefined): string | undefined {
  switch (code) {
    case 1:
    case 132:
      return `MQTT version ${protocolVersion === 5 ? "5" : "3.1.1"}`;
    case 2:
    case 133:
      return "the client identifier";
    case 4:
    case 5:
    case 134:
    case 135:
    case 138:
      return username === undefined ? "a client without a user name" : `the user name "${username}" or its password`;
    default:
      return undefined;
  }
}

function weather(cause: unknown, { connectTimeoutMs, hasOwnCertificate }: Attempt): string {
  const code = codeOf(cause);
  if (typeof code === "number") return `it answered "${describeReason(code)}"`;
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there (connection refused)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name cannot be resolved";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no route to it";
    case "ETIMEDOUT":
      return "no answer";
    default:
      break;
  }
  const hint = hasOwnCertificate ? "" : "; it may want a client certificate (broker.tls)";
  if (cause === undefined) return `it closed the connection without an answer${hint}`;
  const message = messageOf(cause);
  return message === "connack timeout" ? `no answer within ${connectTimeoutMs / 1000} s` : message;
}

function describeReason(code: number): string {
  return ReasonCodes[code as keyof typeof ReasonCodes] || `reason ${code}`;
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
