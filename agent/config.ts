import { z } from "zod";
import { Name } from "#contract/identifiers";

const Path = z.string().min(1).max(500);
/** `host:port` or the path of a unix socket. */
const Address = z.string().min(1).max(500);

/** The agent's configuration file (YAML). Paths are relative to the working directory. */
export const AgentConfig = z.strictObject({
  site: Name.default("default"),
  deviceId: Name,
  broker: z.strictObject({
    url: z.string().regex(/^mqtts?:\/\/\S+$/, "mqtt://host:port or mqtts://host:port"),
    username: z.exactOptional(z.string().min(1)),
    password: z.exactOptional(z.string().min(1)),
    protocolVersion: z.exactOptional(z.literal([4, 5])).meta({ description: "4 is MQTT 3.1.1, the default" }),
  }),
  dataDir: Path.default("./data/agent"),
  profile: Path.meta({ description: "file of a device profile; a bare name is one that ships, such as amr-sim" }),
  trustedKeys: Path.meta({ description: "JWKS file with the keys that may sign contracts and commands" }),
  drivers: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("simulated"), socket: Address, robotId: Name.optional() }),
    ])
    .meta({ description: "how the devices of the profile are reached" }),
  socket: Path.optional().meta({ description: "where the technician's console reaches this agent" }),
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
