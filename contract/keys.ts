import { z } from "zod";
import { canonicalJson } from "./canonical.ts";

const KeyBytes = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "32 bytes in base64url");

/** An Ed25519 public key as a JWK (RFC 8037); a private part that comes along is dropped. */
export const PublicJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: KeyBytes,
});
export type PublicJwk = z.infer<typeof PublicJwk>;

/** An Ed25519 key pair as a JWK. */
export const PrivateJwk = PublicJwk.extend({ d: KeyBytes });
export type PrivateJwk = z.infer<typeof PrivateJwk>;

/** A JWK Set (RFC 7517 §5): the keys that a device or a cloud trusts. */
export const KeySet = z.object({ keys: z.array(PublicJwk) });
export type KeySet = z.infer<typeof KeySet>;

/** What the key's thumbprint is the SHA-256 of (RFC 7638 §3.2, RFC 8037 §2); the thumbprint is the `kid`. */
export function thumbprintInput({ crv, kty, x }: PublicJwk): string {
  return canonicalJson({ crv, kty, x });
}
