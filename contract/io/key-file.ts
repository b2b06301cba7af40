import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { makeFolder } from "#lib/node/folder";
import { AgentError, messageOf } from "#lib/errors";
import { KeySet, PrivateJwk, PublicJwk } from "../keys.ts";
import { keyId } from "./node-crypto.ts";

/** Reads a private key (JWK). Throws `config.invalid` that says how to make one. */
export function readPrivateKey(path: string): PrivateJwk {
  return read(path, PrivateJwk, "an Ed25519 private key as JWK; `holdfast keys init` makes one");
}

/** Reads the keys to trust (JWK Set). Throws `config.invalid`. */
export function readKeySet(path: string): KeySet {
  return read(path, KeySet, 'public keys as a JWK Set, {"keys": […]}; `holdfast keys init` writes one beside the key');
}

/** Writes a private key readable by its owner only, and never over another. Throws `config.invalid` when the file exists. */
export function writePrivateKey(path: string, key: PrivateJwk): void {
  write(path, { ...key, kid: keyId(key) }, 0o600);
}

/** Writes the public parts of the keys as a JWK Set, each under its `kid`, never over another file. */
export function writeKeySet(path: string, keys: readonly PublicJwk[]): void {
  write(path, { keys: keys.map((key) => ({ ...PublicJwk.parse(key), kid: keyId(key) })) }, 0o644);
}

function write(path: string, value: object, mode: number): void {
  makeFolder(dirname(path), "keys are kept there");
  try {
    writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { mode, flag: "wx" });
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: not written, so that no key is lost: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function read<Schema extends z.ZodType>(path: string, schema: Schema, expected: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: ${messageOf(thrown)} (expected ${expected})`, { cause: thrown });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AgentError("config.invalid", `${path}: expected ${expected}`);
  return parsed.data;
}
