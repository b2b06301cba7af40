import { z } from "zod";
import { Name } from "./identifiers.ts";

const Coordinate = z.number().min(-1e6).max(1e6).meta({ unit: "m" });
const Heading = z.number().min(-10).max(10).meta({ unit: "rad" });

/** `[x, y]` in the frame `map`, metres. */
export const PointTuple = z.tuple([Coordinate, Coordinate]);

/** `[x, y, yaw]` in the frame `map`, metres and radians. */
export const PoseTuple = z.tuple([Coordinate, Coordinate, Heading]);
export type PoseTuple = z.infer<typeof PoseTuple>;

/**
 * An occupancy image with ROS map_server's meaning: row 0 of the PNG is the top (largest y), `origin` is the pose
 * of the lower-left corner, p = (255 - v) / 255 (or v / 255 when negated), occupied at p >= `occupied_thresh`, free at
 * p <= `free_thresh`, otherwise unknown; unknown cells are not traversable.
 */
export const Occupancy = z.strictObject({
  resolution: z.number().min(0.005).max(1).meta({ unit: "m", description: "edge of a cell" }),
  origin: PoseTuple,
  negate: z.union([z.literal(0), z.literal(1)]),
  occupied_thresh: z.number().min(0).max(1),
  free_thresh: z.number().min(0).max(1),
  png: z.base64().max(4_000_000).meta({ description: "PNG, base64" }),
});
export type Occupancy = z.infer<typeof Occupancy>;

/** A polygon with a rule. Only `speed-limit` and `slow-near-people` read `maxSpeed`, only `one-way` reads `direction`. */
export const Zone = z.strictObject({
  id: Name,
  kind: z.enum(["work", "keepout", "speed-limit", "no-stop", "one-way", "slow-near-people"]),
  polygon: z.array(PointTuple).min(3).max(500),
  maxSpeed: z.number().positive().max(20).optional().meta({ unit: "m/s" }),
  direction: Heading.optional().meta({ unit: "rad", description: "allowed direction of travel" }),
});
export type Zone = z.infer<typeof Zone>;

/** A named place: where the robot stands, and which way it faces, to work there. */
export const Landmark = z.strictObject({
  id: Name,
  kind: z.string().min(1).max(40),
  pose: PoseTuple,
});
export type Landmark = z.infer<typeof Landmark>;

/** A way given from outside, to be driven in this order. */
export const Route = z.strictObject({ id: Name, points: z.array(PointTuple).min(2).max(5000) });
export type Route = z.infer<typeof Route>;

/** All that a device needs to know about the place, pushed with the contract because it can't ask later. */
export const Spatial = z.strictObject({
  frame: z.literal("map"),
  mapId: Name,
  mapRevision: z.string().min(1).max(64),
  occupancy: Occupancy.optional(),
  zones: z.array(Zone).max(500),
  landmarks: z.array(Landmark).max(5000),
  routes: z.array(Route).max(100).optional(),
});
export type Spatial = z.infer<typeof Spatial>;
