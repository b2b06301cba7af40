import { z } from "zod";
import { Name } from "#contract/identifiers";
import { PoseTuple } from "#contract/spatial";
import { DeviceName } from "#drivers/simulated/channel";
import { Duration, hasMoment, MOMENT_RULE, When } from "../moment.ts";

const device = Name.meta({ description: "id of the robot" });
const contract = z.string().meta({ description: "name or id of the contract" });

const times = z.int().min(0).max(1000).default(1);

const delay = z.tuple([Duration, Duration]).meta({ description: "uniform between the two" });

/** One kind of fault: its name in scenario files, what it does in a sentence, and what it needs to know. */
function kind<const What extends string, Fields extends z.ZodRawShape>(
  what: What,
  description: string,
  fields: Fields,
) {
  return z.strictObject({ do: z.literal(what), ...When, ...fields }).meta({ description });
}

const PROCESSES = [
  kind("kill-agent", "the agent's process dies and starts again after `for` (2 s)", {
    device,
    for: Duration.optional(),
  }),
  kind("power-cut", "the robot's computer loses its power in the middle of a write, and boots after `for` (2 s)", {
    device,
    for: Duration.optional(),
  }),
  kind("kill-cloud", "the cloud's process dies and starts again after `for` (2 s)", { for: Duration.optional() }),
  kind("slow-cloud", "every answer of the cloud's database takes `delay`", { for: Duration, delay }),
  kind("backup-cloud", "a copy of the cloud's database is put away", {}),
  kind("restore-cloud", "the cloud dies and starts after `for` (2 s) with the newest copy of its database", {
    for: Duration.optional(),
  }),
  kind("clock-step", "the wall clock of one robot, or of everybody, jumps by `by` seconds", {
    by: z.number().meta({ unit: "s" }),
    device: device.optional(),
  }),
] as const;

const DISKS = [
  kind("disk-full", "writes that make a file longer fail; with `overwrites: fail` all writes do", {
    device,
    for: Duration,
    overwrites: z.enum(["work", "fail"]).default("work"),
  }),
  kind("disk-read-only", "nothing can be written any more", { device, for: Duration }),
  kind("disk-slow", "every sync takes `delay`", { device, for: Duration, delay }),
  kind("disk-errors", "this share of all reads, writes and syncs fails", {
    device,
    for: Duration,
    share: z.number().min(0).max(1),
  }),
  kind(
    "disk-corrupt",
    "`bits` of the database or its log flip (64), and the process is killed and starts after `for` (2 s)",
    {
      device,
      file: z.enum(["database", "wal"]).default("database"),
      bits: z.int().min(1).max(1_000_000).default(64),
      for: Duration.optional(),
    },
  ),
  kind("wal-lost", "the process is killed, and its write-ahead log is gone when it starts after `for` (2 s)", {
    device,
    for: Duration.optional(),
  }),
] as const;

const MESSAGING = [
  kind("broker-restart", "the broker dies, without a will or a word, and is back after `for` (1 s)", {
    for: Duration.optional(),
    retained: z.enum(["forgotten", "kept"]).default("forgotten"),
  }),
  kind("session-takeover", "somebody connects once with the robot's client identifier", { device }),
  kind("duplicate-client", "somebody uses the robot's client identifier all the time, and comes back when pushed out", {
    device,
    for: Duration,
  }),
  kind("half-open", "whatever lies between forgets the robot's connection: neither end is told", { device }),
] as const;

const ORDERS = [
  kind("hold", "the cloud is asked to hold the contract", { contract }),
  kind("resume", "the cloud is asked to let the contract go on", { contract }),
  kind("cancel", "the cloud is asked to cancel the contract", { contract }),
] as const;

const WORLD = [
  kind("driver-fault", "that driver loses its device, for ever if `for` is absent", {
    device,
    driver: DeviceName,
    for: Duration.optional(),
  }),
  kind("sensor-noise", "the noise of a sensor is multiplied, and it does not admit it", {
    device,
    driver: z.enum(["base", "lidar", "position"]),
    by: z.number().min(0).max(1000).meta({ description: "factor" }),
    for: Duration.optional(),
  }),
  kind("sensor-freeze", "a sensor repeats its last sample, with new stamps", {
    device,
    driver: z.enum(["base", "lidar", "position", "battery"]),
    for: Duration.optional(),
  }),
  kind("wheel-slip", "the floor does not take this share of what the wheels turn", {
    device,
    by: z.number().min(0).max(1).meta({ description: "share" }),
    for: Duration.optional(),
  }),
  kind("actuator-stuck", "the base keeps this part of its velocity, whatever it is told", {
    device,
    axis: z.enum(["linear", "angular"]),
    for: Duration.optional(),
  }),
  kind("hand-fault", "the next `times` actions of the hand come to nothing", {
    device,
    action: z.enum(["pick", "place"]),
    times,
  }),
  kind("hand-forgets", "the hand no longer knows which actions it has done", { device }),
  kind("conveyor-jam", "the conveyor's sensor does not see the next `times` items arrive", {
    site: Name.meta({ description: "id of the site" }),
    times,
  }),
  kind("battery", "the battery has this charge", { device, by: z.number().min(0).max(1) }),
  kind("kidnap", "the robot is put elsewhere", { device, to: PoseTuple }),
] as const;

/** Everything that a scenario may do to a run, beside what it does to the network. */
export const Fault = z
  .discriminatedUnion("do", [...PROCESSES, ...DISKS, ...MESSAGING, ...ORDERS, ...WORLD])
  .refine(hasMoment, MOMENT_RULE);
export type Fault = z.infer<typeof Fault>;

/** Whether this fault takes from a device what it had stored: that is told, and nothing can prevent it. */
export function damagesMemory(fault: Fault, deviceId: string): boolean {
  return (fault.do === "disk-corrupt" || fault.do === "wal-lost") && fault.device === deviceId;
}

/** Whether it matters to this fault what is on the disk of a device, and what of it was synced. */
export function harmsDisk(fault: Fault, deviceId: string): boolean {
  const isOfDisk = fault.do === "power-cut" || fault.do === "wal-lost" || fault.do.startsWith("disk-");
  return isOfDisk && "device" in fault && fault.device === deviceId;
}
