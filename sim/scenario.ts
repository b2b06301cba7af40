import { z } from "zod";
import { Name } from "#contract/identifiers";
import { PoseTuple } from "#contract/spatial";
import { Matrix } from "./scenario-matrix.ts";
import { ObstacleSpec, PersonSpec, SiteSpec, uniqueIds } from "./world/world-spec.ts";

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `500ms`, `15m`, `8h`; becomes milliseconds. */
export const Duration = z
  .string()
  .regex(DURATION, "a duration such as 90s, 500ms, 15m or 8h")
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text)!;
    return Math.round(Number(amount) * UNIT_MS[unit!]!);
  })
  .meta({ unit: "ms", description: "duration such as 90s" });

const Path = z.string().min(1).max(500);
const Length = z.number().positive().max(1000).meta({ unit: "m" });
const Robot = z.strictObject({
  id: Name,
  profile: Path,
  pose: PoseTuple,
  set: z.record(z.string(), z.json()).optional().meta({ description: "overrides of the profile, by path" }),
  battery: z.number().min(0).max(1).optional().meta({ unit: "1", description: "charge at the start" }),
  odometryOrigin: PoseTuple.optional().meta({ description: "where its wheels believe to start; zeros if absent" }),
  knowsMap: z.boolean().default(true),
  navigate: z
    .strictObject({ to: PoseTuple, tolerance: Length.optional() })
    .optional()
    .meta({ description: "shorthand for a one-stage contract" }),
});

/** A moment: a time of the run, or the end of a stage. */
const When = {
  at: Duration.optional(),
  after: z.strictObject({ contract: z.string(), stage: z.string() }).optional(),
};

const hasMoment = (entry: { at?: unknown; after?: unknown }): boolean =>
  (entry.at === undefined) !== (entry.after === undefined);
const MOMENT_RULE = { message: "exactly one of at and after says when" };

const NetworkFault = z
  .strictObject({
    ...When,
    for: Duration,
    partition: Name.optional(),
    loss: z.number().min(0).max(1).optional(),
    delay: z.tuple([Duration, Duration]).optional(),
    duplicate: z.number().min(0).max(1).optional(),
    reorder: z.boolean().optional(),
    device: Name.optional().meta({ description: "whose link; all links if absent" }),
  })
  .refine(hasMoment, MOMENT_RULE);

const Fault = z
  .strictObject({
    ...When,
    do: z.enum([
      "kill-agent",
      "kill-cloud",
      "clock-step",
      "driver-fault",
      "sensor-noise",
      "battery",
      "kidnap",
      "broker-restart",
      "hold",
      "resume",
      "cancel",
    ]),
    device: Name.optional(),
    contract: z.string().optional(),
    driver: z.string().optional().meta({ description: "driver-fault: which device" }),
    for: Duration.optional(),
    by: z.number().optional().meta({ description: "clock-step: seconds; sensor-noise: factor; battery: charge" }),
    to: PoseTuple.optional().meta({ description: "kidnap: where" }),
  })
  .refine(hasMoment, MOMENT_RULE);

/** A scenario file (`docs/scenarios.md`); paths are relative to it. */
export const Scenario = z
  .strictObject({
    name: Name,
    title: z.string().max(200).optional(),
    matrix: Matrix.optional(),
    map: z.union([Path, z.strictObject({ empty: z.tuple([z.number(), z.number(), z.number(), z.number()]) })]),
    maskKeepout: Path.optional(),
    maskSpeed: Path.optional(),
    obstacles: z.array(ObstacleSpec).default([]),
    people: z.array(PersonSpec).default([]),
    sites: z.array(SiteSpec).default([]),
    motion: z.enum(["full", "coarse"]).default("full").meta({
      description: "coarse: fewer ticks and rays, and a follower that steers for a point ahead",
    }),
    robots: z.array(Robot).min(1),
    contracts: z.array(z.strictObject({ file: Path, at: Duration })).default([]),
    network: z.array(NetworkFault).default([]),
    faults: z.array(Fault).default([]),
    until: Duration,
    expect: z.array(z.strictObject({ name: z.string(), that: z.string() })).default([]),
  })
  .check(uniqueIds("robots"), uniqueIds("sites"));
export type Scenario = z.infer<typeof Scenario>;
export type NetworkFault = z.infer<typeof NetworkFault>;
export type Fault = z.infer<typeof Fault>;
