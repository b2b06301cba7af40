import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readKeySet, readPrivateKey, writeKeySet, writePrivateKey } from "./key-file.ts";
import { generateKey } from "./node-crypto.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "keys-"));

describe("key files", () => {
  it("keeps a private key to its owner and reads it back", () => {
    const path = join(folder(), "keys", "platform.jwk");
    const { privateJwk } = generateKey();
    writePrivateKey(path, privateJwk);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readPrivateKey(path)).toEqual(privateJwk);
  });

  it("never writes over a key", () => {
    const path = join(folder(), "platform.jwk");
    const first = generateKey().privateJwk;
    writePrivateKey(path, first);
    expect(() => writePrivateKey(path, generateKey().privateJwk)).toThrow(/platform\.jwk: not written/);
    expect(readPrivateKey(path)).toEqual(first);
  });

  it("writes no private part into a key set", () => {
    const path = join(folder(), "trusted.jwks.json");
    const { privateJwk, publicJwk } = generateKey();
    writeKeySet(path, [privateJwk]);
    expect(readKeySet(path).keys).toEqual([publicJwk]);
  });

  it("names each key by its thumbprint, so that any JOSE library finds it", () => {
    const path = join(folder(), "trusted.jwks.json");
    const { publicJwk, kid } = generateKey();
    writeKeySet(path, [publicJwk]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ keys: [{ ...publicJwk, kid }] });
  });

  it("says what a file should hold", () => {
    const path = join(folder(), "platform.jwk");
    writeFileSync(path, "{}");
    expect(() => readPrivateKey(path)).toThrow(/platform\.jwk: expected an Ed25519 private key.*keys init/);
  });
});
