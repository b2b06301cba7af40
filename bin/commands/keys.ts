import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { Name } from "#contract/identifiers";
import { generateKey } from "#contract/io/node-crypto";
import { writeKeySet, writePrivateKey } from "#contract/io/key-file";

/** `holdfast keys init|enrol`: Ed25519 keys of the platform and of devices. */
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
    .action((deviceId: string, { dir }: { dir: string }) => {
      const { privateJwk, kid } = generateKey();
      const path = join(dir, `${deviceId}.jwk`);
      writePrivateKey(path, privateJwk);
      print(`device key ${kid} of ${deviceId}: ${path}`);
    });
  return keys;
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
