import { z } from "zod";
import { Name } from "#contract/identifiers";
import { PlannerSink } from "#feed/planner-sink";
import { ThingsBoardSink } from "#feed/thingsboard/settings";
import { BrokerAccess } from "#lib/broker-access";
import { TimeZone } from "./core/scheduling/local-time.ts";
import { AccessRules } from "./core/access.ts";
import { Webhook } from "./webhooks.ts";

const Milliseconds = z.number().int().min(1).max(86_400_000).meta({ unit: "ms" });

const Seconds = z.number().positive().max(86_400);

/** `HOST:PORT`; port 0 lets the system choose. */
const Address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "HOST:PORT")
  .meta({ description: "HOST:PORT" });

/** What the execution of contracts depends on, the same in production and in the simulator. */
export const ExecutionConfig = z.strictObject({
  site: Name.default("default"),
  warehouseId: z.string().min(1).max(64).default("default").meta({ description: "`warehouse_id` of movements" }),
  partnerId: z.string().min(1).max(64).default("holdfast").meta({ description: "`executor_partner_id` of movements" }),
  /** How long `POST /contracts` waits for the device's answer. */
  confirmTimeoutMs: Milliseconds.default(10_000),
  /** After this without a message a device is projected. */
  silenceMs: Milliseconds.default(15_000),
  /** When a contract counts as failed although its device, which is live, does not say so. */
  patience: z
    .strictObject({
      startSeconds: Seconds.default(120).meta({ unit: "s", description: "from its acceptance to its start" }),
      factor: z.number().min(1).max(100).default(3).meta({ unit: "1", description: "times what a stage should take" }),
      leastSeconds: Seconds.default(60).meta({ unit: "s", description: "without progress, however short the stage" }),
    })
    .prefault({}),
  timeZone: TimeZone.default("UTC").meta({ description: "IANA time zone of the site, for times of day" }),
  telemetryDays: z.number().min(0.01).max(3650).default(30).meta({
    unit: "d",
    description: "how long the telemetry of devices is kept",
  }),
  /** Devices that are known before they were ever heard. */
  devices: z.array(Name).default([]),
});
export type ExecutionConfig = z.infer<typeof ExecutionConfig>;

/** The configuration file of `holdfast cloud`. */
export const CloudConfig = ExecutionConfig.extend({
  http: Address.default("127.0.0.1:8080"),
  mqtt: Address.default("127.0.0.1:1883").meta({ description: "where the embedded broker listens" }),
  broker: z
    .union([z.string(), BrokerAccess])
    .optional()
    .meta({ description: "a broker to use instead of the embedded one: its URL, or url, fallbacks, tls and so on" }),
  database: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, "a URL postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    .optional()
    .meta({ description: "a PostgreSQL to use instead of a file in `dataDir` (docs/growing.md)" }),
  dataDir: z.string().min(1).default("./data/cloud"),
  /** For demos, whose processes share one stretched clock; see `ClockScale`. */
  clock: z
    .strictObject({
      factor: z.number().positive().max(1000).meta({ unit: "1", description: "simulated seconds per real second" }),
      originMs: z.number().meta({ unit: "ms", description: "CLOCK_MONOTONIC reading at which both are equal" }),
    })
    .optional(),
  access: AccessRules.prefault({}),
  tls: z
    .strictObject({ cert: z.string().min(1), key: z.string().min(1) })
    .optional()
    .meta({ description: "files (PEM); with them HTTP is HTTPS, and partners can show certificates" }),
  production: z.boolean().default(false),
  feeds: z
    .array(PlannerSink)
    .max(20)
    .default([])
    .meta({ description: "planners that are told of movements, exceptions and work status (docs/feed.md)" }),
  thingsboards: z
    .array(ThingsBoardSink)
    .max(20)
    .refine((sinks) => new Set(sinks.map(({ name }) => name)).size === sinks.length, "each name once")
    .default([])
    .meta({ description: "ThingsBoard servers that get the robots' telemetry (docs/thingsboard.md)" }),
  masterData: z.string().min(1).optional().meta({
    description: "file of SKUs and locations; movements that partners post are checked against it",
  }),
  webhooks: z.array(Webhook).max(20).default([]),
  policyPresets: z
    .array(z.string().min(1))
    .default(["warehouse", "cleaning"])
    .meta({ description: "files of recovery policies; a bare name is one that ships" }),
  maps: z.string().min(1).optional().meta({ description: "folder of maps with places; the shipped one unless told" }),
  taskTemplates: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "folder of task templates; the shipped one unless told" }),
  logLevel: z.enum(["debug", "info", "warn", "error", "fatal"]).default("info"),
  platformKey: z.string().min(1).default("./data/keys/platform.jwk"),
});
export type CloudConfig = z.infer<typeof CloudConfig>;

/** Host and port of a `HOST:PORT`. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replaceAll(/[[\]]/g, ""), port: Number(address.slice(at + 1)) };
}
