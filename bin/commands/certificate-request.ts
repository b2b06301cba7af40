import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { AgentError, messageOf } from "#lib/errors";
import { makeFolder } from "#lib/node/folder";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Where a device's TLS key and the request for its certificate are. */
export interface CertificateRequest {
  readonly key: string;
  readonly request: string;
}

/**
 * Makes a TLS key on this machine, which it never leaves (PKCS #8, mode 0600), and a request (PKCS #10) for a certificate whose common
 * name is the device's id, as brokers tell devices apart. Rejects `config.invalid` rather than write over a key.
 */
export async function requestCertificate(deviceId: string, dir: string): Promise<CertificateRequest> {
  makeFolder(dir, "keys are kept there");
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: `CN=${deviceId}`, keys, signingAlgorithm: ALGORITHM },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = pkcs8.match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
  const paths = { key: join(dir, `${deviceId}.key`), request: join(dir, `${deviceId}.csr`) };
  try {
    writeFileSync(paths.key, pem, { mode: 0o600, flag: "wx" });
    chmodSync(paths.key, 0o600);
    writeFileSync(paths.request, `${request.toString("pem")}\n`);
  } catch (thrown) {
    throw new AgentError("config.invalid", `${paths.key}: not written, so that no key is lost: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  return paths;
}
