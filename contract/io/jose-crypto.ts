import { calculateJwkThumbprint, CompactSign, compactVerify, errors } from "jose";
import { jwsHeader, readCompactJws } from "../compact-jws.ts";
import type { Signer, Verified, Verifier } from "../crypto.ts";
import { PublicJwk, type KeySet, type PrivateJwk } from "../keys.ts";

/** Signatures by `jose` over WebCrypto, which works off the main thread: for agent and cloud in real time. */
export async function createJoseSigner(privateJwk: PrivateJwk): Promise<Signer> {
  const kid = await calculateJwkThumbprint(privateJwk);
  return {
    kid,
    sign: (type, payload) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader(jwsHeader(type, kid))
        .sign(privateJwk),
  };
}

/** Verifies what any EdDSA signer of a key in the set signed. */
export async function createJoseVerifier(keySet: KeySet): Promise<Verifier> {
  const keys = new Map<string, PublicJwk>();
  for (const given of keySet.keys) {
    const jwk = PublicJwk.parse(given);
    keys.set(await calculateJwkThumbprint(jwk), jwk);
  }
  return {
    async verify(jws, type): Promise<Verified> {
      const read = readCompactJws(jws, type);
      if (!read.ok) return { ok: false, reason: "bad_signature", detail: read.detail };
      const key = keys.get(read.kid);
      if (!key) return { ok: false, reason: "unknown_key", detail: `no trusted key has the kid ${read.kid}` };
      try {
        await compactVerify(jws, key, { algorithms: ["EdDSA"] });
      } catch (thrown) {
        if (!(thrown instanceof errors.JOSEError)) throw thrown;
        return { ok: false, reason: "bad_signature", detail: thrown.message };
      }
      return { ok: true, kid: read.kid, payload: read.payload };
    },
  };
}
