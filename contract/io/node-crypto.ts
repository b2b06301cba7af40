import { createPrivateKey, createPublicKey, hash, randomBytes, sign, verify, type KeyObject } from "node:crypto";
import { assert } from "#lib/errors";
import { jwsHeader, readCompactJws } from "../compact-jws.ts";
import type { Sha256, Signer, Verified, Verifier } from "../crypto.ts";
import { PrivateJwk, PublicJwk, thumbprintInput, type KeySet } from "../keys.ts";

/**
 * Signatures by `node:crypto`, which computes them within the call: under a virtual clock nothing is left in flight.
 * The private key never leaves the signer.
 */
export function createNodeSigner(privateJwk: PrivateJwk): Signer {
  const key = createPrivateKey({ key: privateJwk, format: "jwk" });
  const kid = keyId(privateJwk);
  return {
    kid,
    sign(type, payload) {
      const signed = `${encode(jwsHeader(type, kid))}.${encode(payload)}`;
      return Promise.resolve(`${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`);
    },
  };
}

/** Verifies what `createNodeSigner` or any other EdDSA signer of a key in the set signed. */
export function createNodeVerifier(keySet: KeySet): Verifier {
  const keys = new Map(keySet.keys.map((jwk) => [keyId(jwk), publicKey(jwk)]));
  return {
    verify(jws, type) {
      const read = readCompactJws(jws, type);
      if (!read.ok) return refuse("bad_signature", read.detail);
      const key = keys.get(read.kid);
      if (!key) return refuse("unknown_key", `no trusted key has the kid ${read.kid}`);
      if (!verify(null, Buffer.from(read.signed), key, read.signature)) {
        return refuse("bad_signature", "the signature does not fit header and payload");
      }
      return Promise.resolve({ ok: true, kid: read.kid, payload: read.payload });
    },
  };
}

/** A new key pair, or the one of a 32-byte seed (RFC 8032 §5.1.5), which a simulation derives from its own. */
export function generateKey(seed: Uint8Array = randomBytes(32)): {
  privateJwk: PrivateJwk;
  publicJwk: PublicJwk;
  kid: string;
} {
  assert(seed.length === 32, "an Ed25519 seed has 32 bytes");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const privateJwk = PrivateJwk.parse(key.export({ format: "jwk" }));
  return { privateJwk, publicJwk: PublicJwk.parse(privateJwk), kid: keyId(privateJwk) };
}

/** The key's `kid`: its thumbprint (RFC 7638). */
export function keyId(jwk: PublicJwk): string {
  return hash("sha256", thumbprintInput(jwk), "base64url");
}

/** Hex SHA-256 of the UTF-8 bytes of a text. */
export const sha256Hex: Sha256 = (text) => hash("sha256", text, "hex");

/** PKCS#8 of an Ed25519 key up to its 32 seed bytes (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

function publicKey({ kty, crv, x }: PublicJwk): KeyObject {
  return createPublicKey({ key: { kty, crv, x }, format: "jwk" });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function refuse(reason: "bad_signature" | "unknown_key", detail: string): Promise<Verified> {
  return Promise.resolve({ ok: false, reason, detail });
}
