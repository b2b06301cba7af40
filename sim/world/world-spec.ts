import { z } from "zod";
import { Name } from "#contract/identifiers";
import { Occupancy, PointTuple, PoseTuple, Zone } from "#contract/spatial";

const positive = (unit: string, description: string) => z.number().positive().meta({ unit, description });
const notNegative = (unit: string, description: string) => z.number().min(0).meta({ unit, description });
const share = (description: string) => z.number().min(0).max(1).meta({ unit: "1", description });

/** What the base can do; the firmware of the base clips every command to it. */
export const LimitsSpec = z.strictObject({
  maxSpeed: positive("m/s", "forward").default(1.5),
  maxReverseSpeed: notNegative("m/s", "backward").default(0.5),
  maxAngularSpeed: positive("rad/s", "turning").default(1.5),
  maxAcceleration: positive("m/s2", "speeding up").default(0.8),
  maxDeceleration: positive("m/s2", "braking").default(1.2),
  maxAngularAcceleration: positive("rad/s2", "turning").default(2.5),
});
export type LimitsSpec = z.infer<typeof LimitsSpec>;

/** How the wheels of a base are arranged. */
export const BaseSpec = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("differential") }).meta({ description: "two driven wheels, turns on the spot" }),
  z
    .strictObject({
      kind: z.literal("holonomic"),
      maxLateralSpeed: positive("m/s", "sideways").default(0.5),
    })
    .meta({ description: "omnidirectional wheels" }),
  z
    .strictObject({
      kind: z.literal("tricycle"),
      wheelbase: positive("m", "from the axis of the idle wheels to the driven one").default(1),
      maxSteer: positive("rad", "to either side")
        .max(Math.PI / 2)
        .default(Math.PI / 2),
      steerRate: positive("rad/s", "how fast the wheel is steered").default(1.5),
    })
    .meta({ description: "one driven and steered wheel ahead of two idle ones, as forklifts have" }),
]);
export type BaseSpec = z.infer<typeof BaseSpec>;

/** How the wheels fall short of their commands. */
export const ActuationSpec = z.strictObject({
  delayMs: notNegative("ms", "from a command's arrival to its effect").default(40),
  gainSigma: notNegative("1", "standard deviation of the lasting error of speed, drawn once per robot").default(0.01),
  lagMs: notNegative("ms", "time constant of the motors; 0: they follow at once").default(0),
  slip: share("share of what the wheels turn that the floor does not take").default(0),
});

/** How odometry falls short of the movement: a lasting gain error and a random walk. */
export const OdometrySpec = z.strictObject({
  hz: positive("Hz", "samples per second").max(50).default(50),
  gainSigma: notNegative("1", "standard deviation of the lasting error of measured speeds").default(0.01),
  walkXy: notNegative("m/√m", "random walk along the way, per root of metre").default(0.004),
  walkYaw: notNegative("rad/√rad", "random walk of the heading, per root of radian turned").default(0.01),
  origin: PoseTuple.default([0, 0, 0]).meta({ description: "where the frame odom says the robot starts" }),
});
export type OdometrySpec = z.infer<typeof OdometrySpec>;

export const LidarSpec = z.strictObject({
  hz: positive("Hz", "sweeps per second").max(50).default(10),
  rays: z.int().min(1).max(10_000).default(360),
  fieldOfView: positive("rad", "whole angle, centred ahead")
    .max(2 * Math.PI + 1e-6)
    .default(2 * Math.PI),
  rangeMax: positive("m", "farther things are not seen").default(12),
  rangeSigma: notNegative("m", "noise of a range").default(0.01),
  dropout: share("share of rays that fail").default(0.002),
  mixedPixels: share("share of rays at the edge of a thing that answer from between it and what is behind").default(0),
  glassAngle: notNegative("rad", "glass and mirrors answer rays that come within this of straight on")
    .max(Math.PI / 2)
    .default(0.2),
  mount: PoseTuple.default([0, 0, 0]).meta({ description: "pose of the lidar in the frame of the base" }),
});
export type LidarSpec = z.infer<typeof LidarSpec>;

/** A source of absolute fixes, such as scan matching or a ceiling camera. */
export const PositionSpec = z.strictObject({
  hz: positive("Hz", "fixes per second").max(50).default(5),
  sigmaXy: notNegative("m", "noise of x and of y").default(0.03),
  sigmaYaw: notNegative("rad", "noise of the heading").default(0.01),
  delayMs: notNegative("ms", "from capture to delivery").default(100),
});
export type PositionSpec = z.infer<typeof PositionSpec>;

export const BatterySpec = z.strictObject({
  capacityWh: positive("Wh", "energy from full to empty").default(960),
  charge: share("state of charge at the start").default(0.9),
  idleW: notNegative("W", "electronics").default(60),
  rollingResistanceN: notNegative("N", "force that driving overcomes").default(60),
  turningTorqueNm: notNegative("Nm", "torque that turning overcomes").default(15),
  massKg: positive("kg", "what speeding up accelerates").default(120),
  toolW: notNegative("W", "the hand at work").default(80),
  chargeW: positive("W", "what a charger gives").default(480),
  taperFrom: share(
    "state of charge from which the charger gives less and less, in proportion to what is missing",
  ).default(1),
  loadKg: notNegative("kg", "mass of what a full hand holds").default(0),
});
export type BatterySpec = z.infer<typeof BatterySpec>;

/** The hand: how long its actions take, and how far off ahead it reaches. */
export const LoadSpec = z.strictObject({
  pickSeconds: positive("s", "duration of a pick").default(4),
  placeSeconds: positive("s", "duration of a place").default(4),
  ahead: positive("rad", "to either side of straight ahead").default(0.8),
});
export type LoadSpec = z.infer<typeof LoadSpec>;

/** The scanner reads the code of what is in front of it. */
export const ScannerSpec = z.strictObject({
  ahead: positive("rad", "to either side of straight ahead").default(0.8),
});
export type ScannerSpec = z.infer<typeof ScannerSpec>;

const strip: [number, number][] = [
  [0.05, 0.25],
  [-0.05, 0.25],
  [-0.05, -0.25],
  [0.05, -0.25],
];

/** A cleaning head. */
export const CleanerSpec = z.strictObject({
  tool: z
    .array(PointTuple)
    .min(3)
    .max(50)
    .default(strip)
    .meta({ description: "corners, in the frame of the base, of the convex part of the floor that it cleans at once" }),
  needs: z
    .array(z.enum(["brush", "vacuum", "water"]))
    .min(1)
    .default(["brush", "vacuum"])
    .meta({ description: "what must be on for dirt to go away" }),
});
export type CleanerSpec = z.infer<typeof CleanerSpec>;

const rectangle: [number, number][] = [
  [0.35, 0.25],
  [-0.35, 0.25],
  [-0.35, -0.25],
  [0.35, -0.25],
];

/** The outline of a body in the frame of its base: corners, or the radius of a circle around its origin. */
export const FootprintSpec = z.union([
  z.array(PointTuple).min(3).max(50),
  z.strictObject({ circle: positive("m", "radius").max(20) }),
]);
export type FootprintSpec = z.infer<typeof FootprintSpec>;

export const RobotSpec = z.strictObject({
  id: Name,
  pose: PoseTuple,
  footprint: FootprintSpec.default(rectangle),
  base: BaseSpec.prefault({ kind: "differential" }),
  limits: LimitsSpec.prefault({}),
  actuation: ActuationSpec.prefault({}),
  odometry: OdometrySpec.prefault({}),
  lidar: LidarSpec.prefault({}),
  position: PositionSpec.prefault({}),
  battery: BatterySpec.prefault({}),
  load: LoadSpec.optional().meta({ description: "absent: the robot has no hand" }),
  scanner: ScannerSpec.optional().meta({ description: "absent: the robot has no scanner" }),
  cleaner: CleanerSpec.optional().meta({ description: "absent: the robot has no cleaning head" }),
});
export type RobotSpec = z.infer<typeof RobotSpec>;

/** Where a robot differs from what its profile says, and what no profile tells: only the world knows it. */
export const BodySpec = z
  .strictObject({
    footprint: FootprintSpec,
    base: BaseSpec,
    actuation: ActuationSpec,
    lidar: LidarSpec.partial(),
    cleaner: CleanerSpec,
  })
  .partial();
export type BodySpec = z.infer<typeof BodySpec>;

/** A thing that robots work at; `pose` is its own, not where a robot stands. Its body, if any, belongs to the map. */
export const SiteSpec = z.strictObject({
  id: Name,
  kind: z.enum(["rack", "conveyor", "station", "charger"]),
  pose: PoseTuple,
  reach: positive("m", "how far away the base of a robot may stand").default(1.2),
  body: z
    .array(PointTuple)
    .min(3)
    .max(50)
    .optional()
    .meta({ description: "solid corners in the frame of `pose`, where the map does not show it" }),
  dock: z
    .strictObject({
      pose: PoseTuple.meta({ description: "where a robot stands when it is docked" }),
      tolerance: positive("m", "off that place").default(0.05),
      yawTolerance: positive("rad", "off that heading").default(0.1),
    })
    .optional()
    .meta({ description: "a charger with contacts: it charges only a robot that stands like this" }),
  stock: z.record(z.string().min(1), z.int().min(0)).default({}).meta({ description: "quantity per SKU" }),
  code: z.string().min(1).optional().meta({ description: "what a scanner reads here; the id unless given" }),
});
export type SiteSpec = z.infer<typeof SiteSpec>;

const surface = z
  .enum(["plain", "glass", "mirror"])
  .optional()
  .meta({ description: "what lidars see of it, plain if absent; bodies meet it all the same" });

/** Something solid that no map shows: `circle` is `[x, y, radius]`, `wall` an open line. */
export const ObstacleSpec = z.union([
  z.strictObject({ circle: z.tuple([z.number(), z.number(), z.number().positive()]), surface }),
  z.strictObject({ polygon: z.array(PointTuple).min(3).max(500), surface }),
  z.strictObject({ wall: z.array(PointTuple).min(2).max(500), surface }),
]);
export type ObstacleSpec = z.infer<typeof ObstacleSpec>;

const walking = {
  speed: notNegative("m/s", "walking speed").max(5).default(1.1),
  radius: positive("m", "of the circle that stands for a person").default(0.25),
};

/** Somebody who walks along the path and back, for ever, and yields to nobody. */
export const WayfarerSpec = z.strictObject({ path: z.array(PointTuple).min(1).max(500), ...walking });
export type WayfarerSpec = z.infer<typeof WayfarerSpec>;

const AreaTuple = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .refine(([xMin, yMin, xMax, yMax]) => xMin < xMax && yMin < yMax, "xMin, yMin, xMax, yMax, from lower to higher")
  .meta({ description: "xMin, yMin, xMax, yMax" });

/** People who walk to and fro in an area and avoid each other, walls, things and robots. */
export const CrowdSpec = z.strictObject({
  walk: z.strictObject({ count: z.int().min(1).max(500), area: AreaTuple }),
  ...walking,
});
export type CrowdSpec = z.infer<typeof CrowdSpec>;

/** People: one on a path, or a crowd in an area. */
export const PersonSpec = z.union([WayfarerSpec, CrowdSpec]);
export type PersonSpec = z.infer<typeof PersonSpec>;

const forklift: [number, number][] = [
  [1.6, 0.5],
  [-1, 0.5],
  [-1, -0.5],
  [1.6, -0.5],
];

/** A manned vehicle, such as a forklift: drives along the path, turns on the spot at its corners, and backs up all the way. */
export const VehicleSpec = z.strictObject({
  path: z.array(PointTuple).min(2).max(500),
  speed: positive("m/s", "driving speed").max(20).default(1.5),
  turnSpeed: positive("rad/s", "turning speed").max(10).default(0.8),
  pause: notNegative("s", "rest at either end").default(0),
  footprint: FootprintSpec.default(forklift),
  stopsFor: notNegative(
    "m",
    "it waits while somebody stands nearer than this in its way; 0: it stops for nobody",
  ).default(0),
});
export type VehicleSpec = z.infer<typeof VehicleSpec>;

const leaf = {
  id: Name,
  wall: z.array(PointTuple).min(2).max(20).meta({ description: "the line that it closes" }),
  surface,
};

/** A door by the clock, such as that of a lift that is mostly elsewhere, or one that opens by itself: solid while it is closed. It never closes on somebody. */
export const DoorSpec = z.union([
  z.strictObject({
    ...leaf,
    openFor: positive("s", "of each round"),
    closedFor: positive("s", "of each round; it begins closed"),
    offset: notNegative("s", "how far into its round it is at the start").default(0),
  }),
  z.strictObject({
    ...leaf,
    opensWithin: positive("m", "it opens for who comes nearer, be it a robot, a person or a vehicle"),
    staysOpen: notNegative("s", "after all are gone").default(2),
  }),
]);
export type DoorSpec = z.infer<typeof DoorSpec>;

/** The floor that is to be cleaned: what is free of it on the map. */
export const DirtSpec = z.strictObject({
  area: z.array(PointTuple).min(3).max(500),
  cell: positive("m", "edge of the squares that get clean as a whole").min(0.01).max(1).default(0.05),
});
export type DirtSpec = z.infer<typeof DirtSpec>;

const EMPTY_AREA_MAX = 60_000;

/** Open floor; its area is bounded as that of a map's image is, by what fits into memory in cells of 5 cm. */
export const EmptyFloor = z.strictObject({
  empty: z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .refine(([xMin, yMin, xMax, yMax]) => xMin < xMax && yMin < yMax, "expected xMin < xMax and yMin < yMax")
    .refine(
      ([xMin, yMin, xMax, yMax]) => (xMax - xMin) * (yMax - yMin) <= EMPTY_AREA_MAX,
      `expected at most ${EMPTY_AREA_MAX} m²`,
    )
    .meta({ description: "xMin, yMin, xMax, yMax" }),
});

/** All that makes a world, as plain data; zones are only judged, they stop nobody. */
export const WorldSpec = z
  .strictObject({
    map: z.union([EmptyFloor, Occupancy]),
    obstacles: z.array(ObstacleSpec).default([]),
    people: z.array(PersonSpec).default([]),
    vehicles: z.array(VehicleSpec).default([]),
    doors: z.array(DoorSpec).default([]),
    sites: z.array(SiteSpec).default([]),
    zones: z.array(Zone).default([]),
    dirt: DirtSpec.optional(),
    robots: z.array(RobotSpec).min(1),
  })
  .check(uniqueIds("robots"), uniqueIds("sites"), uniqueIds("doors"));
export type WorldSpec = z.infer<typeof WorldSpec>;

/** Refuses a list in which an id stands twice. */
export function uniqueIds(list: "robots" | "sites" | "doors"): z.core.CheckFn<Record<typeof list, { id: string }[]>> {
  return ({ value, issues }) => {
    const seen = new Set<string>();
    for (const [at, { id }] of value[list].entries()) {
      if (seen.has(id))
        issues.push({ code: "custom", input: id, path: [list, at, "id"], message: `${id} is not unique` });
      seen.add(id);
    }
  };
}
