import type { CloudContext } from "../context.ts";
import { present } from "../present.ts";
import { type Answer, refuse } from "../problem.ts";
import type { SampleView, ThingIo } from "./thing-io.ts";

/** A span of time in RFC 3339; the last hour unless it says otherwise. */
export interface HistorySpan {
  readonly fromAt?: string | undefined;
  readonly toAt?: string | undefined;
  /** Samples at most. */
  readonly limit: number;
}

export interface TelemetryPage {
  readonly items: readonly SampleView[];
  /** Where to read on. */
  readonly next?: string;
}

const HOUR_MS = 3_600_000;

/** The newest sample of every channel; empty where no telemetry is kept. */
export function latestTelemetry(
  { fleet }: CloudContext,
  thingIo: ThingIo | undefined,
  deviceId: string,
): Answer<{ readonly items: ReturnType<ThingIo["latest"]> }> {
  if (!fleet.get(deviceId)) return unheard(deviceId);
  return { ok: true, value: { items: thingIo?.latest(deviceId) ?? [] } };
}

export async function telemetryHistory(
  { fleet, clock }: CloudContext,
  thingIo: ThingIo | undefined,
  deviceId: string,
  channel: string,
  { fromAt, toAt, limit }: HistorySpan,
): Promise<Answer<TelemetryPage>> {
  if (!fleet.get(deviceId)) return unheard(deviceId);
  const toMs = toAt === undefined ? clock.wallMs() : Date.parse(toAt);
  const fromMs = fromAt === undefined ? toMs - HOUR_MS : Date.parse(fromAt);
  const { samples: items, next } = (await thingIo?.history({ deviceId, channel, fromMs, toMs, limit })) ?? {
    samples: [],
  };
  return { ok: true, value: { items, ...present({ next }) } };
}

function unheard<Value>(deviceId: string): Answer<Value> {
  return refuse("unknown_device", `${deviceId} was never heard by this cloud`);
}
