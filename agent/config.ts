import { z } from "zod";
import { Name } from "#contract/identifiers";
import { PoseTuple } from "#contract/spatial";
import { PlannerSink } from "#feed/planner-sink";
import { BrokerAccess } from "#lib/broker-access";
import { Role } from "./console/core/role.ts";

const Path = z.string().min(1).max(500);
/** `host:port` or the path of a unix socket. */
const Address = z.string().min(1).max(500);

const Megabytes = z.number().min(1).max(100_000).meta({ unit: "MB" });

/** The agent's configuration file (YAML). Paths are relative to the working directory. */
export const AgentConfig = z.strictObject({
  site: Name.default("default"),
  deviceId: Name,
  broker: BrokerAccess,
  dataDir: Path.default("./data/agent"),
  profile: Path.meta({ description: "file of a device profile; a bare name is one that ships, such as amr-sim" }),
  trustedKeys: Path.meta({ description: "JWKS file with the keys that may sign contracts and commands" }),
  drivers: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("simulated"), socket: Address, robotId: Name.optional() }),
    ])
    .exactOptional()
    .meta({ description: "a simulated world in place of the devices of the profile" }),
  storage: z
    .strictObject({
      journalMB: Megabytes.default(64).meta({ description: "of core.db; above nine tenths new contracts are refused" }),
      telemetryMB: Megabytes.default(64).meta({ description: "samples; older ones are thinned to keep it" }),
      logsMB: Megabytes.default(8).meta({ description: "warnings and worse; the oldest go first" }),
      retainHours: z.number().min(0).max(8760).default(6).meta({
        unit: "h",
        description: "how long telemetry that the cloud has is kept for readers on the device, while there is room",
      }),
      enduranceTB: z.number().positive().max(100_000).exactOptional().meta({
        unit: "TB",
        description: "what the maker says can be written to the disk in its life, for the forecast",
      }),
    })
    .prefault({}),
  link: z
    .strictObject({
      keepAliveSeconds: z.number().int().min(5).max(600).default(15).meta({
        unit: "s",
        description: "the connection is given up after one and a half times as long without an answer",
      }),
      backlogBytesPerSecond: z.number().min(100).exactOptional().meta({
        unit: "B/s",
        description: "where the link costs: stored telemetry is sent no faster than this",
      }),
      startJitterSeconds: z.number().min(0).max(3600).default(10).meta({
        unit: "s",
        description: "a backlog begins so late at most after each connect, so that a fleet does not begin together",
      }),
    })
    .prefault({}),
  feeds: z.array(PlannerSink).max(5).default([]).meta({
    description: "planners that this device tells of its work itself, without the cloud (docs/feed.md)",
  }),
  socket: Path.optional().meta({
    description: "where the technician's console reaches this agent; console.sock in dataDir unless given",
  }),
  console: z
    .strictObject({
      serial: z
        .strictObject({
          path: Path.meta({ description: "a name that stays, such as /dev/serial/by-id/…" }),
          baudRate: z.number().int().min(1200).max(4_000_000).default(115_200).meta({ unit: "Bd" }),
        })
        .exactOptional()
        .meta({ description: "a serial line for technicians, opened by the agent; roles by PIN" }),
      socketRole: Role.default("technician").meta({
        description: "what may be done without a PIN by those whom the socket's group lets in",
      }),
      pins: Path.exactOptional().meta({
        description: "file of the PINs, mode 0600; pins.json in dataDir unless given",
      }),
    })
    .prefault({})
    .meta({ description: "doors for technicians (docs/console.md)" }),
  statusPage: z
    .strictObject({ listen: Address.meta({ description: "HOST:PORT; 127.0.0.1 for this machine only" }) })
    .exactOptional()
    .meta({ description: "what the console shows, for browsers, read-only (docs/console.md)" }),
  operator: z
    .strictObject({
      home: PoseTuple.meta({ description: "where the device is at first: on the map, such as at its cradle" }),
      page: z
        .string()
        .regex(/^(?:127\.0\.0\.1|\[::1\]|localhost):\d{1,5}$/, "host:port of the loopback, such as 127.0.0.1:8765")
        .default("127.0.0.1:8765")
        .meta({ description: "where the operator's page is served, on this device only; port 0 takes a free one" }),
    })
    .exactOptional()
    .meta({ description: "of a device that a person carries (docs/pda.md)" }),
  clock: z
    .strictObject({
      factor: z.number().positive().max(1000).meta({ unit: "1", description: "simulated seconds per real second" }),
      originMs: z.number().meta({ unit: "ms", description: "CLOCK_MONOTONIC reading at which both are equal" }),
    })
    .optional()
    .meta({ description: "for demos, whose processes share one stretched clock" }),
  logLevel: z.enum(["debug", "info", "warn", "error", "fatal"]).default("info"),
});
export type AgentConfig = z.infer<typeof AgentConfig>;
