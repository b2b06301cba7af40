import { parseBoundedJson } from "#lib/bounded-json";

/** A contract that was signed by mistake with the wrong key is still named; more is read from nobody unknown. */
const LENGTH_MAX = 262_144;
/** Enough for a document's first members. */
const DEPTH_MAX = 32;

/**
 * The payload of a compact JWS whose signature did not verify, or undefined: enough to tell the sender which document is
 * refused, and for nothing else.
 */
export function readUnverified(jws: string): unknown {
  const [, payload = ""] = jws.split(".", 2);
  if (payload.length > LENGTH_MAX) return undefined;
  return parseBoundedJson(Buffer.from(payload, "base64url").toString(), LENGTH_MAX, DEPTH_MAX);
}
