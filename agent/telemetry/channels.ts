import { z } from "zod";

/** A quantity of a channel: the smallest step that is kept, and its unit. */
interface Quantity {
  readonly unit: string;
  readonly resolution: number;
  /** An angle is followed across ±π, so that its samples can be averaged. */
  readonly kind?: "angle";
}

/** Every channel that an agent can record, with its quantities; `docs/telemetry.md` describes them. */
export const CHANNELS = {
  pose: {
    x: { unit: "m", resolution: 0.001 },
    y: { unit: "m", resolution: 0.001 },
    yaw: { unit: "rad", resolution: 0.001, kind: "angle" },
    sigmaXy: { unit: "m", resolution: 0.001 },
  },
  speed: { linear: { unit: "m/s", resolution: 0.001 }, angular: { unit: "rad/s", resolution: 0.001 } },
  battery: { battery: { unit: "1", resolution: 0.0001 } },
  /** Nearest echo, share of rays that gave an answer. */
  scan: { nearest: { unit: "m", resolution: 0.01 }, validShare: { unit: "1", resolution: 0.001 } },
  /** Lateness of the motion loop and stops by the gate. */
  motion: {
    latenessMsMax: { unit: "ms", resolution: 0.1 },
    latenessMsP99: { unit: "ms", resolution: 0.1 },
    gateStops: { unit: "1", resolution: 1 },
    driven: { unit: "m", resolution: 0.01 },
  },
  /** Health: 0 ok, 1 degraded, 2 down; empty for a device that the profile has not. */
  drivers: {
    base: { unit: "1", resolution: 1 },
    battery: { unit: "1", resolution: 1 },
    load: { unit: "1", resolution: 1 },
    scanner: { unit: "1", resolution: 1 },
  },
  board: {
    loadPerCore: { unit: "1", resolution: 0.01 },
    memoryAvailable: { unit: "MB", resolution: 1 },
    memoryPressure: { unit: "1", resolution: 0.001 },
    diskFree: { unit: "MB", resolution: 1 },
    temperature: { unit: "°C", resolution: 0.1 },
    /** Bytes that this program had written to its disk. */
    written: { unit: "MB", resolution: 0.1 },
  },
  /** 1 while the cloud is reached; blocks of telemetry and events that it has not acknowledged. */
  link: {
    online: { unit: "1", resolution: 1 },
    blocks: { unit: "1", resolution: 1 },
    events: { unit: "1", resolution: 1 },
  },
} as const satisfies Record<string, Record<string, Quantity>>;

export type ChannelName = keyof typeof CHANNELS;

/** A moment of one channel: what is not known is left out. */
export type Reading = Readonly<Record<string, number | undefined>>;

const Milliseconds = z.number().int().min(20).max(3_600_000).meta({ unit: "ms" });

/** How a channel is recorded. */
export const ChannelSettings = z.strictObject({
  everyMs: Milliseconds,
  deadband: z
    .record(z.string(), z.number().min(0))
    .exactOptional()
    .meta({ description: "by quantity, in its unit: smaller changes are not recorded; 0 unless given" }),
  lane: z
    .enum(["backfill", "live", "both"])
    .exactOptional()
    .meta({ description: "stored and sent when there is room, shown as it is now, or both; backfill unless given" }),
  qos: z
    .literal([0, 1])
    .exactOptional()
    .meta({ description: "of what is shown live: 1 asks the broker to confirm; 0 unless given" }),
});
export type ChannelSettings = z.infer<typeof ChannelSettings>;

/** What a device records and how much of it is kept; part of its profile. */
export const TelemetryProfile = z.strictObject({
  channels: z.partialRecord(z.enum(Object.keys(CHANNELS) as [ChannelName, ...ChannelName[]]), ChannelSettings),
});
export type TelemetryProfile = z.infer<typeof TelemetryProfile>;

/** All channels, as a profile that names none records them. */
export const DEFAULT_TELEMETRY: TelemetryProfile = TelemetryProfile.parse({
  channels: {
    pose: { everyMs: 200 },
    speed: { everyMs: 200 },
    scan: { everyMs: 500 },
    battery: { everyMs: 5000 },
    motion: { everyMs: 5000 },
    drivers: { everyMs: 1000 },
    board: { everyMs: 10_000 },
    link: { everyMs: 5000 },
  },
});

/** Whether samples of the channel are stored. */
export function isStored({ lane = "backfill" }: ChannelSettings): boolean {
  return lane !== "live";
}

/** Whether the channel is shown live. */
export function isShown({ lane = "backfill" }: ChannelSettings): boolean {
  return lane !== "backfill";
}

/** The quantities of a channel. */
export function quantitiesOf(channel: ChannelName): Readonly<Record<string, Quantity>> {
  return CHANNELS[channel];
}
