/**
 * The payload of a compact JWS whose signature did not verify, or undefined: enough to tell the sender which document is
 * refused, and for nothing else.
 */
export function readUnverified(jws: string): unknown {
  try {
    return JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString());
  } catch {
    // Not even JSON: there is nothing to name it by.
    return undefined;
  }
}
