import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JSONWebKeySet } from "jose";
import { AgentError } from "#lib/errors";
import { startCloudProcess } from "./cloud-process.ts";
import { Feed } from "./feed.ts";
import { ask, type HttpAnswer } from "./http-client.ts";
import { connectRawDevice, type RawDevice, type Temper } from "./raw-device.ts";

/** An event of `/stream`. */
export interface StreamEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the stream tells, until it is disposed of. */
export interface Reading extends Disposable {
  readonly events: Feed<StreamEvent>;
}

/** A real cloud process, and devices that speak to it by the letter of the wire format. */
export interface CloudRig extends AsyncDisposable {
  readonly url: string;
  readonly brokerUrl: string;
  readonly folder: string;
  get(path: string): Promise<HttpAnswer>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /** Connects a device and resolves when the cloud says that it is live. */
  liveDevice(deviceId: string, temper?: Temper): Promise<RawDevice>;
  /** Resolves when the cloud says that the device is in this mode. */
  mode(deviceId: string, mode: string): Promise<void>;
  /** Reads the stream from now on, or behind `lastEventId`; resolves when the cloud has begun to answer. */
  follow(lastEventId?: number): Promise<Reading>;
  /** The key set that the cloud gives to devices. */
  trustedKeys(): JSONWebKeySet;
}

/** Starts a cloud with these settings in its configuration. */
export async function startCloudRig(settings: Readonly<Record<string, unknown>> = {}): Promise<CloudRig> {
  const cloud = await startCloudProcess(settings);
  const { url, brokerUrl, folder } = cloud;
  const get = (path: string): Promise<HttpAnswer> => ask("GET", `${url}${path}`);
  const mode = async (deviceId: string, expected: string): Promise<void> => {
    using reading = await readStream(url);
    const { body } = await get(`/devices/${deviceId}`);
    if (body["mode"] !== expected)
      await reading.events.find(`${deviceId} is ${expected}`, changesTo(expected, { deviceId }));
  };
  return {
    url,
    brokerUrl,
    folder,
    get,
    post: (path, body, headers = {}) => ask("POST", `${url}${path}`, { body, headers }),
    async liveDevice(deviceId, temper = "stores") {
      const device = await connectRawDevice({ brokerUrl, deviceId, temper });
      await mode(deviceId, "live");
      return device;
    },
    mode,
    follow: (lastEventId) => readStream(url, lastEventId),
    trustedKeys: () => JSON.parse(readFileSync(join(folder, "keys", "trusted.jwks.json"), "utf8")) as JSONWebKeySet,
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}

/** Whether an event of the stream tells that this device or contract has come to the mode or status `to`. */
export function changesTo(
  to: string,
  about: { readonly deviceId?: string; readonly contractId?: unknown },
): (event: StreamEvent) => boolean {
  const type = "contractId" in about ? "contract.status" : "device.mode";
  const isAbout = (data: StreamEvent["data"]): boolean =>
    Object.entries(about).every(([key, value]) => data[key] === value);
  return ({ event, data }) => event === type && isAbout(data) && (data["data"] as { to?: string }).to === to;
}

/** Status and reason word of a refusal; `flaws` names what keeps it from being a problem document of the wire format. */
export function refusalOf({ status, headers, body }: HttpAnswer): {
  readonly status: number;
  readonly reason: string;
  readonly flaws?: readonly string[];
} {
  const urn = "urn:holdfast:problem:";
  const type = String(body["type"]);
  const flaws = [
    headers.get("content-type")?.startsWith("application/problem+json") ? [] : ["content-type"],
    type.startsWith(urn) ? [] : ["type"],
    body["status"] === status ? [] : ["status"],
    typeof body["title"] === "string" && typeof body["detail"] === "string" ? [] : ["title or detail"],
    /^[0-9a-f]{32}$/.test(String(body["trace_id"])) ? [] : ["trace_id"],
  ].flat();
  return { status, reason: type.slice(urn.length), ...(flaws.length === 0 ? {} : { flaws }) };
}

async function readStream(url: string, lastEventId?: number): Promise<Reading> {
  const left = new AbortController();
  const headers = lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) };
  const response = await fetch(`${url}/stream`, { headers, signal: left.signal });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream") || !response.body) {
    throw new AgentError("http.problem", `/stream answered ${response.status}`);
  }
  const events = new Feed<StreamEvent>();
  take(response.body, events).catch((thrown: unknown) => events.fail(`the stream ended: ${String(thrown)}`));
  return { events, [Symbol.dispose]: () => left.abort() };
}

async function take(body: NonNullable<Response["body"]>, events: Feed<StreamEvent>): Promise<void> {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const [, id, event, data] = /^id: (\d+)\nevent: (\S+)\ndata: (.*)$/.exec(block) ?? [];
      if (data !== undefined)
        events.add({ id: Number(id), event: event!, data: JSON.parse(data) as StreamEvent["data"] });
    }
  }
}
