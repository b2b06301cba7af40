import { z } from "zod";

/** The devices that a simulated robot may have. */
export const DeviceName = z.enum(["base", "lidar", "position", "battery", "load", "scanner", "cleaner"]);
export type DeviceName = z.infer<typeof DeviceName>;

const RequestId = z.int().min(0).meta({ description: "pairs an answer with its request, unique per channel" });
const Metres = z.number().meta({ unit: "m" });
const Milliseconds = z.number().meta({ unit: "ms" });
const CapturedAt = Milliseconds.meta({ unit: "ms", description: "monotonic time at which the sample was true" });
const PlanarPose = z.object({ x: Metres, y: Metres, yaw: z.number().meta({ unit: "rad" }) });
const Key = z.string().min(1).max(200).meta({ description: "idempotency key of the attempt" });
const Sku = z.string().min(1).max(200);
const Quantity = z.int().min(1);

/** Distances as little-endian 32-bit floats in base64: a third of the size of JSON numbers, and it keeps NaN and Infinity. */
const Ranges = z.codec(z.base64(), z.instanceof(Float32Array), {
  decode: (text) => new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer),
  encode: (ranges) => Buffer.from(ranges.buffer, ranges.byteOffset, ranges.byteLength).toString("base64"),
});

/** What a driver says to its device. Requests carry a `requestId` and get one answer each; `drive` and `close` get none. */
export const DeviceCommand = z.discriminatedUnion("type", [
  z.object({ type: z.literal("open"), requestId: RequestId, device: DeviceName }),
  z.object({ type: z.literal("enable"), requestId: RequestId, device: DeviceName }),
  z.object({ type: z.literal("disable"), requestId: RequestId, device: DeviceName }),
  z.object({ type: z.literal("close"), device: DeviceName }),
  z.object({
    type: z.literal("drive"),
    linear: z.number().meta({ unit: "m/s" }),
    lateral: z.exactOptional(z.number()).meta({ unit: "m/s", description: "to the left; 0 if absent" }),
    angular: z.number().meta({ unit: "rad/s" }),
    validForMs: Milliseconds.min(0),
  }),
  z.object({
    type: z.literal("pick"),
    requestId: RequestId,
    key: Key,
    sku: Sku,
    quantity: Quantity,
    from: z.string(),
  }),
  z.object({ type: z.literal("place"), requestId: RequestId, key: Key, to: z.string() }),
  z.object({ type: z.literal("verify"), requestId: RequestId, key: Key }),
  z.object({ type: z.literal("held"), requestId: RequestId }),
  z.object({
    type: z.literal("clean"),
    requestId: RequestId,
    brush: z.boolean(),
    vacuum: z.boolean(),
    water: z.boolean(),
  }),
  z.object({ type: z.literal("read-code"), requestId: RequestId, timeoutMs: Milliseconds.min(0) }),
]);
export type DeviceCommand = z.infer<typeof DeviceCommand>;

const Odometry = z.object({
  type: z.literal("odometry"),
  atMs: CapturedAt,
  pose: PlanarPose,
  velocity: z.object({
    linear: z.number().meta({ unit: "m/s" }),
    lateral: z.exactOptional(z.number()).meta({ unit: "m/s", description: "to the left; 0 if absent" }),
    angular: z.number().meta({ unit: "rad/s" }),
  }),
});
const Scan = z.object({
  type: z.literal("scan"),
  atMs: CapturedAt,
  angleMin: z.number().meta({ unit: "rad" }),
  angleStep: z.number().meta({ unit: "rad" }),
  rangeMax: Metres,
  ranges: Ranges,
});
const Fix = z.object({
  type: z.literal("fix"),
  atMs: CapturedAt,
  pose: PlanarPose,
  sigmaXy: Metres,
  sigmaYaw: z.number().meta({ unit: "rad" }),
});
const Battery = z.object({
  type: z.literal("battery"),
  atMs: CapturedAt,
  charge: z.number().min(0).max(1),
  isCharging: z.boolean(),
});
const Cleaning = z.object({
  type: z.literal("cleaning"),
  atMs: CapturedAt,
  brush: z.boolean(),
  vacuum: z.boolean(),
  water: z.boolean(),
});
const HandlingResult = z.object({ sku: Sku, quantity: Quantity, handedOver: z.exactOptional(z.boolean()) });

/** What a device says to its driver: samples, changes of its own state, and answers. None carries the truth of the world. */
export const DeviceMessage = z.discriminatedUnion("type", [
  Odometry,
  Scan,
  Fix,
  Battery,
  Cleaning,
  z.object({
    type: z.literal("status"),
    device: DeviceName,
    state: z.enum(["ok", "down"]),
    reason: z.exactOptional(z.string()),
  }),
  z.object({ type: z.literal("done"), requestId: RequestId }),
  z.object({ type: z.literal("handled"), requestId: RequestId, result: HandlingResult }),
  z.object({ type: z.literal("verified"), requestId: RequestId, verdict: z.enum(["done", "not-done", "unknown"]) }),
  z.object({
    type: z.literal("holding"),
    requestId: RequestId,
    load: z.exactOptional(z.object({ sku: Sku, quantity: Quantity })),
  }),
  z.object({ type: z.literal("code"), requestId: RequestId, code: z.string() }),
  z.object({
    type: z.literal("failed"),
    requestId: RequestId,
    code: z.enum(["driver.failed", "driver.timeout", "driver.down"]),
    message: z.string(),
    retryable: z.boolean(),
  }),
]);
export type DeviceMessage = z.infer<typeof DeviceMessage>;

/** Messages that are the newest value of a source; the sender may drop them when the receiver is slow. */
export type SampleMessage = Extract<DeviceMessage, { atMs: number }>;

/** What can be known of the devices before any of them is opened; `lidarMount` is given in the frame of the base. */
export const DeviceDescription = z.object({
  robotId: z.string(),
  devices: z.array(DeviceName),
  lidarMount: PlanarPose,
});
export type DeviceDescription = z.infer<typeof DeviceDescription>;

/**
 * The driver's end of the line to a robot's devices: ordered, at most once, never synchronous. Each handler is set
 * once, before anything is sent.
 */
export interface DeviceChannel {
  readonly description: DeviceDescription;
  /** Sends; dropped when the channel has ended. */
  send(command: DeviceCommand): void;
  onMessage(handler: (message: DeviceMessage) => void): void;
  /** Called once when the other side ended the channel, with the reason in words; not after `close`. */
  onClose(handler: (reason: string) => void): void;
  close(): void;
}
