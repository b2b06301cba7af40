import { z } from "zod";

const BrokerUrl = z.string().regex(/^mqtts?:\/\/\S+$/, "mqtt://host:port or mqtts://host:port");
const File = z.string().min(1).max(500);

/** Files (PEM) that prove who is who on a connection with TLS; read anew for every connection, so that they may be renewed. */
export const TlsFiles = z
  .strictObject({
    ca: z
      .exactOptional(File)
      .meta({ description: "who may vouch for the broker; the system's authorities unless given" }),
    cert: z.exactOptional(File).meta({ description: "this client's certificate, intermediates after it" }),
    key: z.exactOptional(File).meta({ description: "its private key" }),
    serverName: z.exactOptional(z.string().min(1).max(253)).meta({
      description: "the name in the broker's certificate, where it is not the host of the URL",
    }),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), "cert and key together, or neither");
export type TlsFiles = z.infer<typeof TlsFiles>;

/** How a client reaches its broker, as configuration files say it. */
export const BrokerAccess = z.strictObject({
  url: BrokerUrl,
  fallbacks: z.exactOptional(z.array(BrokerUrl).max(8)).meta({
    description:
      "tried in this order when the one before can't be had; with every new connection the first comes first",
  }),
  username: z.exactOptional(z.string().min(1)),
  password: z.exactOptional(z.string().min(1)),
  protocolVersion: z.exactOptional(z.literal([4, 5])).meta({
    description: "4 is MQTT 3.1.1; MQTT 5 where the broker has it, else 3.1.1, unless given",
  }),
  tls: z.exactOptional(TlsFiles),
});
export type BrokerAccess = z.infer<typeof BrokerAccess>;
