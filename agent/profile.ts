import { z } from "zod";
import { ACTIONS } from "#contract/actions";
import { Name } from "#contract/identifiers";
import { PointTuple, PoseTuple } from "#contract/spatial";
import { CarriedDevices } from "#drivers/carried-devices";
import { Devices } from "#drivers/catalogue";
import { REACTION } from "#edge-planner/kinematics";
import { PEOPLE_RULES } from "#edge-planner/moving-clearance";
import { FROZEN_MS } from "#edge-planner/wheel-watch";
import type { Seconds } from "#lib/units";
import type { MotionProfile } from "./control/control.ts";
import { DEFAULT_TELEMETRY, TelemetryProfile } from "./telemetry/channels.ts";

const Speed = z.number().positive().max(20).meta({ unit: "m/s" });
const Acceleration = z.number().positive().max(20).meta({ unit: "m/s2" });
const Rate = z.number().min(1).max(200).meta({ unit: "1/s" });
const Watts = z.number().min(0).max(10_000).meta({ unit: "W" });
const Sigma = z.number().min(0).max(1);
const Action = z.string().refine((name) => Object.hasOwn(ACTIONS, name), {
  message: `one of ${Object.keys(ACTIONS).join(", ")}`,
});

const Profile = z
  .strictObject({
    kind: Name,
    worker: z.enum(["robot", "person"]).default("robot").meta({
      description:
        "who does the work: a robot that this commands, or a person who carries it and is asked on its screen",
    }),
    actions: z.array(Action).min(1),
    tools: z.array(Name),
    gate: z.enum(["own", "external"]),
    footprint: z.array(PointTuple).min(3).max(32),
    limits: z.strictObject({
      maxSpeed: Speed,
      maxReverseSpeed: Speed,
      maxAngularSpeed: z.number().positive().max(20).meta({ unit: "rad/s" }),
      maxAcceleration: Acceleration,
      maxDeceleration: Acceleration,
      maxAngularAcceleration: z.number().positive().max(50).meta({ unit: "rad/s2" }),
    }),
    control: z.strictObject({
      hz: z.number().min(20).max(50).meta({ unit: "1/s" }),
      scanStaleMs: z.number().min(50).max(1000).meta({ unit: "ms" }),
      frozenMs: z.number().min(200).max(10_000).meta({ unit: "ms" }).default(FROZEN_MS),
      follower: z.enum(["sampling", "predictive", "pursuit"]).default("sampling"),
      people: z
        .strictObject({
          apart: z.number().min(0).max(2).meta({ unit: "m" }).default(PEOPLE_RULES.apart),
          acceleration: z.number().min(0).max(5).meta({ unit: "m/s2" }).default(PEOPLE_RULES.acceleration),
          newcomerSpeed: z.number().min(0).max(5).meta({ unit: "m/s" }).default(PEOPLE_RULES.newcomerSpeed),
          stepOutSpeed: z.number().min(0).max(5).meta({ unit: "m/s" }).default(PEOPLE_RULES.stepOutSpeed),
          cornerSpeed: z.number().min(0.1).max(5).meta({ unit: "m/s" }).default(PEOPLE_RULES.cornerSpeed),
        })
        .prefault({}),
    }),
    lidar: z.strictObject({
      hz: Rate,
      rays: z.number().int().min(8).max(4000),
      fieldOfView: z
        .number()
        .positive()
        .max(2 * Math.PI)
        .meta({ unit: "rad" }),
      rangeMax: z.number().positive().max(200).meta({ unit: "m" }),
      rangeSigma: Sigma.meta({ unit: "m" }),
      dropout: z.number().min(0).max(1).meta({ unit: "1", description: "share of rays that fail" }),
      mount: PoseTuple,
    }),
    odometry: z.strictObject({
      hz: Rate,
      gainSigma: Sigma.meta({ unit: "1" }),
      walkXy: Sigma.meta({ unit: "m/√m" }),
      walkYaw: Sigma.meta({ unit: "rad/√rad" }),
    }),
    position: z.strictObject({
      hz: Rate,
      sigmaXy: Sigma.meta({ unit: "m" }),
      sigmaYaw: Sigma.meta({ unit: "rad" }),
      delayMs: z.number().min(0).max(2000).meta({ unit: "ms" }),
    }),
    battery: z.strictObject({
      capacityWh: z.number().positive().max(100_000).meta({ unit: "Wh" }),
      idleW: Watts,
      rollingResistanceN: z.number().min(0).max(10_000).meta({ unit: "N" }),
      turningTorqueNm: z.number().min(0).max(10_000).meta({ unit: "Nm" }),
      massKg: z.number().min(0).max(10_000).meta({ unit: "kg" }),
      toolW: Watts,
      chargeW: Watts,
    }),
    cleaner: z
      .strictObject({
        tool: z
          .array(PointTuple)
          .min(3)
          .max(50)
          .meta({ unit: "m", description: "corners, in the frame of the base, of the floor that it cleans at once" }),
        room: z.number().min(0).max(1).default(0.08).meta({ unit: "m", description: "kept to walls while cleaning" }),
      })
      .optional(),
    jog: z
      .strictObject({
        maxDistance: z.number().positive().max(2).meta({ unit: "m" }),
        maxYaw: z.number().positive().max(Math.PI).meta({ unit: "rad" }),
        maxSpeed: Speed.max(0.5),
      })
      .default({ maxDistance: 0.5, maxYaw: 0.8, maxSpeed: 0.2 }),
    telemetry: TelemetryProfile.default(DEFAULT_TELEMETRY),
    drivers: z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("simulated") }), Devices, CarriedDevices]),
  })
  .superRefine(({ gate, drivers }, context) => {
    const pilot = drivers.kind === "devices" ? drivers.pilot : undefined;
    if (!pilot || pilot.gate === gate) return;
    const message = `${gate}, but drivers.pilot.gate is ${pilot.gate}: status and reports must show who commands the base`;
    context.addIssue({ code: "custom", message, path: ["gate"], input: gate });
  });
/**
 * What a device is and can do (`config/devices/*.yaml`, units in the README there); the 2D world reads the same numbers. Of a
 * device that a person carries, what is not said of body and senses is that of a person who walks.
 */
export const DeviceProfile = z.preprocess(asWalker, Profile);
export type DeviceProfile = z.infer<typeof DeviceProfile>;

function asWalker(value: unknown): unknown {
  const isCarried = typeof value === "object" && value !== null && Reflect.get(value, "worker") === "person";
  return isCarried ? { ...WALKER, ...value } : value;
}

/** A person on foot, for planned ways and for the 2D world: an octagon of 0.5 m, at a walking pace, who looks around. */
const WALKER = {
  gate: "external",
  footprint: [
    [0.25, 0.1],
    [0.1, 0.25],
    [-0.1, 0.25],
    [-0.25, 0.1],
    [-0.25, -0.1],
    [-0.1, -0.25],
    [0.1, -0.25],
    [0.25, -0.1],
  ],
  limits: {
    maxSpeed: 1.2,
    maxReverseSpeed: 0.3,
    maxAngularSpeed: 2.5,
    maxAcceleration: 1.2,
    maxDeceleration: 2,
    maxAngularAcceleration: 5,
  },
  control: { hz: 20, scanStaleMs: 250 },
  lidar: { hz: 10, rays: 180, fieldOfView: 2 * Math.PI, rangeMax: 12, rangeSigma: 0.01, dropout: 0, mount: [0, 0, 0] },
  odometry: { hz: 50, gainSigma: 0.005, walkXy: 0.002, walkYaw: 0.005 },
  position: { hz: 10, sigmaXy: 0.02, sigmaYaw: 0.01, delayMs: 50 },
};

/** From a command to the motors. */
const TO_MOTORS: Seconds = 0.05;

/** What the motion loop needs of a profile. */
export function motionProfileOf(profile: DeviceProfile): MotionProfile {
  const { footprint, limits, control } = profile;
  const { hz, scanStaleMs, frozenMs, follower, people } = control;
  // What the reaction is made of at the least rate that a profile may have.
  const reaction = hz < 20 ? 2 / hz + TO_MOTORS : REACTION;
  return { footprint, ...limits, controlHz: hz, scanStaleMs, frozenMs, follower, reaction, people };
}
