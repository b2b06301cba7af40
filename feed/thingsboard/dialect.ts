import { z } from "zod";
import { parseBoundedJson } from "#lib/bounded-json";
import type { Message } from "#lib/transport";
import type { Entry, Scalar } from "./entries.ts";
import type { ThingsBoardSink } from "./settings.ts";

/** What ThingsBoard asks of a robot; `reply` makes the message that answers it. */
export interface RpcRequest {
  readonly deviceId: string;
  readonly method: string;
  readonly params: unknown;
  reply(answer: unknown): Message;
}

/** How one of the two APIs says things (ThingsBoard's MQTT device API and gateway API reference). */
export interface Dialect {
  /** What to subscribe to. */
  readonly filters: readonly string[];
  /** Says that a robot is there, before anything is said of it. */
  greet(deviceId: string): Message | undefined;
  telemetry(deviceId: string, entries: readonly Entry[]): Message;
  attributes(deviceId: string, attributes: Readonly<Record<string, Scalar>>): Message;
  /** The request in a message; undefined when there is none that can be read. */
  readRequest(message: Message): RpcRequest | undefined;
}

const DEVICE_REQUEST = "v1/devices/me/rpc/request/";
const DEVICE_RESPONSE = "v1/devices/me/rpc/response/";
const GATEWAY_RPC = "v1/gateway/rpc";
const REQUEST_LENGTH_MAX = 16_384;

/** The question about the session's limits, which both APIs ask in the same way, and where its answer comes. */
export const LIMITS_QUESTION: Message = message(`${DEVICE_REQUEST}1`, { method: "getSessionLimits", params: {} });
export const LIMITS_ANSWER_TOPIC = `${DEVICE_RESPONSE}1`;

export function dialectOf({ device, deviceProfile }: ThingsBoardSink): Dialect {
  return device === undefined ? gatewayDialect(deviceProfile) : deviceDialect(device);
}

function deviceDialect(deviceId: string): Dialect {
  return {
    filters: [`${DEVICE_REQUEST}+`, `${DEVICE_RESPONSE}+`],
    greet: () => undefined,
    telemetry: (_, entries) => message("v1/devices/me/telemetry", entries),
    attributes: (_, attributes) => message("v1/devices/me/attributes", attributes),
    readRequest({ topic, payload }) {
      if (!topic.startsWith(DEVICE_REQUEST)) return undefined;
      const call = Call.safeParse(parseBoundedJson(payload, REQUEST_LENGTH_MAX));
      const id = topic.slice(DEVICE_REQUEST.length);
      return call.success
        ? {
            deviceId,
            method: call.data.method,
            params: call.data.params,
            reply: (answer) => message(`${DEVICE_RESPONSE}${id}`, answer),
          }
        : undefined;
    },
  };
}

function gatewayDialect(profile: string): Dialect {
  return {
    filters: [GATEWAY_RPC, `${DEVICE_RESPONSE}+`],
    greet: (deviceId) => message("v1/gateway/connect", { device: deviceId, type: profile }),
    telemetry: (deviceId, entries) => message("v1/gateway/telemetry", { [deviceId]: entries }),
    attributes: (deviceId, attributes) => message("v1/gateway/attributes", { [deviceId]: attributes }),
    readRequest({ topic, payload }) {
      if (topic !== GATEWAY_RPC) return undefined;
      const read = GatewayCall.safeParse(parseBoundedJson(payload, REQUEST_LENGTH_MAX));
      if (!read.success) return undefined;
      const { device, data } = read.data;
      const { id, method, params } = data;
      return { deviceId: device, method, params, reply: (data) => message(GATEWAY_RPC, { device, id, data }) };
    },
  };
}

const Call = z.object({ method: z.string().max(200), params: z.unknown().optional() });
const GatewayCall = z.object({ device: z.string(), data: Call.extend({ id: z.number().int() }) });

function message(topic: string, content: unknown): Message {
  return { topic, payload: JSON.stringify(content), qos: 1, retain: false };
}
