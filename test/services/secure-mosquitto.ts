import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrokerAccess } from "#lib/broker-access";
import { createAuthority, LOCALHOST, writeIdentity } from "../pki/authority.ts";
import { startMosquitto, type Mosquitto } from "./mosquitto-process.ts";

/** The Mosquitto of `deploy/mosquitto`, with certificates of an authority of its own. */
export interface SecureMosquitto extends Mosquitto {
  /** How the bearer of this common name reaches it, through another port if one is given. */
  access(name: string, port?: number): BrokerAccess;
  readonly ca: string;
}

const DEPLOY = join(import.meta.dirname, "../../deploy/mosquitto");

/** Starts it for clients of these common names. */
export async function startSecureMosquitto(names: readonly string[]): Promise<SecureMosquitto> {
  const authority = await createAuthority();
  const broker = await startMosquitto(async ({ port, folder }) => {
    const certs = join(folder, "certs");
    await mkdir(certs);
    await writeFile(join(certs, "ca.crt"), authority.ca);
    writeIdentity(certs, "broker", await authority.issue({ name: "broker", hosts: LOCALHOST }));
    for (const name of names) writeIdentity(certs, name, await authority.issue({ name }));
    await cp(join(DEPLOY, "holdfast.acl"), join(folder, "holdfast.acl"));
    const shipped = await readFile(join(DEPLOY, "mosquitto.conf"), "utf8");
    return shipped.replaceAll("/etc/mosquitto", folder).replace("listener 8883", `listener ${port} 127.0.0.1`);
  });
  const certs = join(broker.folder, "certs");
  const ca = join(certs, "ca.crt");
  return {
    ...broker,
    ca,
    access: (name, port = broker.port) => ({
      url: `mqtts://localhost:${port}`,
      tls: { ca, cert: join(certs, `${name}.crt`), key: join(certs, `${name}.key`) },
    }),
  };
}
