import { z } from "zod";
import { Name } from "#contract/identifiers";
import { TlsFiles } from "#lib/broker-access";

/** A ThingsBoard that is fed, as configuration files name it. */
export const ThingsBoardSink = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w-]{1,40}$/)
      .meta({ description: "under which its progress is kept" }),
    url: z.string().regex(/^mqtts?:\/\/\S+$/, "mqtt://host:port or mqtts://host:port"),
    accessToken: z.exactOptional(z.string().min(1).max(200)).meta({ description: "of the gateway, or of the device" }),
    tls: z.exactOptional(TlsFiles),
    device: z.exactOptional(Name).meta({
      description: "feed this robot only, by the device API; without it all robots, by the gateway API",
    }),
    deviceProfile: z.string().min(1).max(255).default("default").meta({
      description: "profile of devices that the gateway API makes",
    }),
    everyMs: z.number().int().min(0).max(3_600_000).default(1000).meta({
      unit: "ms",
      description: "of each channel at most one sample in so long; 0 sends all",
    }),
    rpc: z
      .array(z.enum(["status", "hold", "resume"]))
      .default(["status"])
      .meta({ description: "what ThingsBoard may ask of a robot" }),
  })
  .refine(
    ({ accessToken, tls }) => accessToken !== undefined || tls?.cert !== undefined,
    "accessToken, or tls.cert and tls.key: ThingsBoard takes nobody that it does not know",
  );
export type ThingsBoardSink = z.infer<typeof ThingsBoardSink>;

/** What ThingsBoard may ask of a robot. */
export type RpcMethod = ThingsBoardSink["rpc"][number];
