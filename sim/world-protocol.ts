import { z } from "zod";
import { WorldFault } from "./world/faults.ts";
import type { Movement } from "./world/hand.ts";
import type { Metrics, TrackPoint } from "./world/metrics.ts";
import type { RobotTruth } from "./world/robot.ts";
import { ObstacleSpec } from "./world/world-spec.ts";

const RequestId = z.int().min(0);
const robotId = z.string();

/**
 * What whoever runs a world may ask of it over its socket, one JSON object a line. Drivers never say any of this:
 * a connection either attaches to a robot's devices or asks these.
 */
export const ControlRequest = z.discriminatedUnion("type", [
  z.object({ type: z.literal("truth"), requestId: RequestId, robotId }),
  z.object({ type: z.literal("metrics"), requestId: RequestId, robotId }),
  z.object({ type: z.literal("track"), requestId: RequestId, robotId }),
  z.object({ type: z.literal("movements"), requestId: RequestId }),
  z.object({ type: z.literal("fault"), requestId: RequestId, fault: WorldFault }),
  z.object({ type: z.literal("obstacle"), requestId: RequestId, obstacle: ObstacleSpec }),
  z.object({ type: z.literal("plug"), requestId: RequestId, robotId, part: z.string(), plug: z.enum(["in", "out"]) }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;

const Pose = z.object({ x: z.number(), y: z.number(), yaw: z.number() });
const Load = z.object({ sku: z.string(), quantity: z.number() });

const Truth: z.ZodType<RobotTruth> = z.object({
  robotId,
  atMs: z.number(),
  pose: Pose,
  velocity: z.object({ linear: z.number(), angular: z.number() }),
  charge: z.number(),
  isCharging: z.boolean(),
  held: z.exactOptional(Load),
});
const MetricsAnswer: z.ZodType<Metrics> = z.object({
  distance: z.number(),
  meanSpeed: z.number(),
  movingSeconds: z.number(),
  minClearance: z.number(),
  collisions: z.array(z.object({ atMs: z.number(), with: z.string(), pose: Pose, speed: z.number() })),
  touches: z.number(),
  keepoutViolations: z.number(),
  speedViolations: z.number(),
  violations: z.array(
    z.object({ atMs: z.number(), kind: z.enum(["keepout", "speed-limit"]), zone: z.string(), pose: Pose }),
  ),
  batteryUsed: z.number(),
  coverage: z.number().exactOptional(),
  coverageOverlap: z.number().exactOptional(),
});
const Track: z.ZodType<TrackPoint> = Pose.extend({ atMs: z.number(), speed: z.number(), charge: z.number() });
const MovementAnswer: z.ZodType<Movement> = Load.extend({
  kind: z.enum(["pick", "place"]),
  atMs: z.number(),
  robotId,
  key: z.string(),
  site: z.string(),
  handedOver: z.exactOptional(z.boolean()),
});

/** Answers to `ControlRequest`; `done` for requests that ask for nothing back. */
export const ControlAnswer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("truth"), requestId: RequestId, truth: Truth }),
  z.object({ type: z.literal("metrics"), requestId: RequestId, metrics: MetricsAnswer }),
  z.object({ type: z.literal("track"), requestId: RequestId, track: z.array(Track) }),
  z.object({ type: z.literal("movements"), requestId: RequestId, movements: z.array(MovementAnswer) }),
  z.object({ type: z.literal("done"), requestId: RequestId }),
  z.object({ type: z.literal("failed"), requestId: RequestId, reason: z.string() }),
]);
export type ControlAnswer = z.infer<typeof ControlAnswer>;
