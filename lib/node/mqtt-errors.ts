import { ErrorWithSubackPacket, ReasonCodes } from "mqtt";
import { AgentError, messageOf } from "../errors.ts";

/** What a failed connection attempt was about. */
export interface Attempt {
  readonly address: { readonly host: string; readonly port: number };
  readonly protocolVersion: 4 | 5;
  readonly connectTimeoutMs: number;
}

/**
 * Says why a broker could not be had, for a technician: `transport.refused` when it answered and does not want this
 * client, `transport.unreachable` (trying again may help) for everything else.
 */
export function connectError(attempt: Attempt, username: string | undefined, cause: unknown): AgentError {
  const broker = `the MQTT broker at ${attempt.address.host}:${attempt.address.port}`;
  const refusal = refusalOf(codeOf(cause), attempt.protocolVersion, username);
  if (refusal) return new AgentError("transport.refused", `${broker} refused ${refusal}`, { cause });
  const message = `cannot reach ${broker}: ${hindrance(cause, attempt.connectTimeoutMs)}`;
  return new AgentError("transport.unreachable", message, { retryable: true, cause });
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

/** Why an MQTT 5 broker says that it ends the connection. */
export function disconnectReason(code: number | undefined): string {
  return `the broker ended the connection: ${describeReason(code ?? 0)}`;
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

function hindrance(cause: unknown, connectTimeoutMs: number): string {
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
  if (cause === undefined) return "it closed the connection without an answer";
  const message = messageOf(cause);
  return message === "connack timeout" ? `no answer within ${connectTimeoutMs / 1000} s` : message;
}

function describeReason(code: number): string {
  return ReasonCodes[code as keyof typeof ReasonCodes] || `reason ${code}`;
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
