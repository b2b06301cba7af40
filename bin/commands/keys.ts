import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { Scope, Token } from "#cloud/core/access";
import { Name } from "#contract/identifiers";
import { generateKey, sha256Hex } from "#contract/io/node-crypto";
import { writeKeySet, writePrivateKey } from "#contract/io/key-file";

/** `holdfast keys init|enrol|token`: Ed25519 keys of the platform and of devices, and tokens for the cloud's HTTP. */
export function keysCommand(): Command {
  const keys = new Command("keys").description("make the keys that sign and identify");
  keys
    .command("init")
    .description("make the platform's signing key, and the key set that devices trust")
    .option("--dir <folder>", "where to write", "./data/keys")
    .action(({ dir }: { dir: string }) => {
      const { privateJwk, publicJwk, kid } = generateKey();
      writePrivateKey(join(dir, "platform.jwk"), privateJwk);
      writeKeySet(join(dir, "trusted.jwks.json"), [publicJwk]);
      print(`platform key ${kid}`);
      print(`  private, for the cloud only: ${join(dir, "platform.jwk")}`);
      print(`  public, for every device (trustedKeys): ${join(dir, "trusted.jwks.json")}`);
    });
  keys
    .command("enrol")
    .argument("<deviceId>", "id of the device", deviceName)
    .description("make a device's own key")
    .option("--dir <folder>", "where to write", "./data/keys")
    .option("--csr", "make a key for TLS and a request for its certificate as well; run it on the device")
    .action(async (deviceId: string, { dir, csr }: { dir: string; csr?: boolean }) => {
      const { privateJwk, kid } = generateKey();
      const path = join(dir, `${deviceId}.jwk`);
      writePrivateKey(path, privateJwk);
      print(`device key ${kid} of ${deviceId}: ${path}`);
      if (csr !== true) return;
      const { requestCertificate } = await import("./certificate-request.ts");
      const made = await requestCertificate(deviceId, dir);
      print(`key for TLS, stays here (broker.tls.key): ${made.key}`);
      print(`to the authority, for a certificate (broker.tls.cert): ${made.request}`);
    });
  keys
    .command("token")
    .argument("<name>", "who will use it", deviceName)
    .description("make an API token: printed once, with the entry for the cloud's access.tokens")
    .requiredOption("--scope <scope...>", `what it may do: ${Scope.options.join(", ")}`)
    .option("--application <name>", "only contracts of this application")
    .option("--account <name>", "only contracts of this account")
    .option("--partner <id>", "partnerId of the scope partner")
    .option("--warehouse <id>", "warehouseId of the scope partner")
    .action((name: string, options: TokenOptions) => makeToken(name, options));
  return keys;
}

interface TokenOptions {
  readonly scope: readonly string[];
  readonly application?: string;
  readonly account?: string;
  readonly partner?: string;
  readonly warehouse?: string;
}

function makeToken(name: string, { scope, application, account, partner, warehouse }: TokenOptions): void {
  const token = `hf_${randomBytes(32).toString("base64url")}`;
  const entry = Token.safeParse({
    name,
    sha256: sha256Hex(token),
    scopes: scope.flatMap((list) => list.split(",")),
    application,
    account,
    partnerId: partner,
    warehouseId: warehouse,
  });
  if (!entry.success) throw new InvalidArgumentError(z.prettifyError(entry.error).replaceAll("\n", " "));
  print(`token of ${name}, shown only now: ${token}`);
  print(`access.tokens of the cloud's configuration: ${JSON.stringify(entry.data)}`);
}

/** The id becomes a file name and a level of topics. */
function deviceName(text: string): string {
  const parsed = Name.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`expected ${parsed.error.issues[0]!.message}`);
  return parsed.data;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
