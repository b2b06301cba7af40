import { z } from "zod";
import { wrapAngle } from "#lib/geometry";
import type { Event } from "#contract/event";
import { EVENT_DATA, readEventData } from "#contract/event-data";
import type { TelemetryBatch } from "#contract/messages";
import { PoseTuple } from "#contract/spatial";

/** How far a stage had come. */
const StageProgress = z.object({
  contractId: z.string(),
  stageId: z.string(),
  share: z.number().meta({ unit: "1" }),
  remaining: z.number().exactOptional().meta({ unit: "m", description: "of its way" }),
});

/** What the device expected of the contract under way. */
const ContractEstimate = z.object({ contractId: z.string(), data: EVENT_DATA.estimate });
export type ContractEstimate = z.infer<typeof ContractEstimate>;

/** A value and when the device had it, in milliseconds of the device's wall clock. */
export interface Seen<Value> {
  readonly atMs: number;
  readonly value: Value;
}

const seen = <Value extends z.ZodType>(value: Value) => z.object({ atMs: z.number(), value });

/** The newest that was seen of a device, each part with its own time. */
export const Track = z.object({
  pose: seen(PoseTuple)
    .extend({ sigmaXy: z.number().exactOptional().meta({ unit: "m" }) })
    .exactOptional(),
  battery: seen(z.number().meta({ unit: "1" })).exactOptional(),
  progress: seen(StageProgress).exactOptional(),
  estimate: seen(ContractEstimate).exactOptional(),
});
export type Track = Readonly<z.infer<typeof Track>>;

/**
 * The track after an event of the journal; what is older than what was seen by telemetry does not count. `receivedAtMs`
 * is the cloud's own time: it stands in for stamps of an unsynced clock.
 */
export function trackEvent(track: Track, event: Event, receivedAtMs: number): Track {
  const atMs = momentOf(event.at, event.clock, receivedAtMs);
  const sighted = withSighting(track, atMs, sightingOf(event));
  const { contractId, stageId } = event;
  if (contractId === undefined) return sighted;
  if (event.type === "estimate") {
    const data = readEventData("estimate", event.data);
    return data ? { ...sighted, estimate: { atMs, value: { contractId, data } } } : sighted;
  }
  if (event.type !== "stage.progress" || stageId === undefined) return sighted;
  const data = readEventData("stage.progress", event.data);
  if (!data) return sighted;
  const remaining = data.remaining === undefined ? {} : { remaining: data.remaining };
  return { ...sighted, progress: { atMs, value: { contractId, stageId, share: data.share, ...remaining } } };
}

/**
 * The track after telemetry: any channel may carry `x, y, yaw` and `battery`; the last sample of a batch counts. Telemetry
 * overtakes and is overtaken, so only what is newer than the journal's is taken.
 */
export function trackTelemetry(track: Track, batches: readonly TelemetryBatch[], receivedAtMs: number): Track {
  return batches.reduce((before, batch) => {
    const lastMs = batch.dt.at(-1) ?? 0;
    const atMs = momentOf(batch.t0, batch.clock, receivedAtMs, lastMs);
    const last = Object.fromEntries(Object.entries(batch.values).map(([name, samples]) => [name, samples.at(-1)]));
    // What devices store counts its turns on, so that it can be averaged.
    const yaw = typeof last["yaw"] === "number" ? wrapAngle(last["yaw"]) : undefined;
    const sighting = Sighting.safeParse({ ...last, pose: [last["x"], last["y"], yaw] });
    return sighting.success ? withSighting(before, atMs, sighting.data) : before;
  }, track);
}

const Sighting = z.object({
  pose: PoseTuple.optional().catch(undefined),
  battery: z.number().min(0).max(1).optional().catch(undefined),
  sigmaXy: z.number().min(0).optional().catch(undefined),
});
type Sighting = z.infer<typeof Sighting>;

const SIGHTING_TYPES: ReadonlySet<string> = new Set(["stage.started", "stage.progress", "stage.completed", "estimate"]);

function sightingOf(event: Event): Sighting {
  return SIGHTING_TYPES.has(event.type) ? Sighting.parse(event.data) : {};
}

/** Clocks that are synced differ by less; a stamp further ahead is wrong, and must not outlast what is seen later. */
const AHEAD_MS_MAX = 5_000;

function momentOf(at: string, clock: "synced" | "unsynced", receivedAtMs: number, offsetMs = 0): number {
  return clock === "synced" ? Math.min(Date.parse(at) + offsetMs, receivedAtMs + AHEAD_MS_MAX) : receivedAtMs;
}

function withSighting(track: Track, atMs: number, { pose, battery, sigmaXy }: Sighting): Track {
  const counts = (before: Seen<unknown> | undefined): boolean => before === undefined || atMs >= before.atMs;
  const sigma = sigmaXy === undefined ? {} : { sigmaXy };
  return {
    ...track,
    ...(pose && counts(track.pose) ? { pose: { atMs, value: pose, ...sigma } } : {}),
    ...(battery !== undefined && counts(track.battery) ? { battery: { atMs, value: battery } } : {}),
  };
}
