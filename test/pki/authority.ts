import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

/** Who a certificate is for, and when it is valid: from yesterday to tomorrow unless given. */
export interface Subject {
  readonly name: string;
  /** Host names and addresses of a server; a client has none. */
  readonly hosts?: readonly JsonGeneralName[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate with its private key, both PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test's own. */
export interface Authority {
  readonly ca: string;
  issue(subject: Subject): Promise<Identity>;
}

/** Makes an authority with a key of its own (ECDSA P-256). */
export async function createAuthority(name = "test authority"): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const root = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity({ name }),
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    },
    webcrypto,
  );
  return {
    ca: root.toString("pem"),
    async issue(subject) {
      const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const certificate = await X509CertificateGenerator.create(
        {
          subject: `CN=${subject.name}`,
          issuer: root.subject,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: ALGORITHM,
          ...validity(subject),
          extensions: [
            new ExtendedKeyUsageExtension([subject.hosts ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
            ...(subject.hosts ? [new SubjectAlternativeNameExtension([...subject.hosts])] : []),
          ],
        },
        webcrypto,
      );
      return { cert: certificate.toString("pem"), key: await privateKeyPem(own.privateKey) };
    },
  };
}

/** Writes an identity as `<name>.crt` and `<name>.key` and answers the paths. */
export function writeIdentity(folder: string, name: string, { cert, key }: Identity): { cert: string; key: string } {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
}

/** The name under which this machine is reached in tests. */
export const LOCALHOST: readonly JsonGeneralName[] = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
];

function validity({ notBefore, notAfter }: Subject): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: notBefore ?? new Date(now - DAY_MS), notAfter: notAfter ?? new Date(now + DAY_MS) };
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)!.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
