import { canonicalJson } from "./canonical.ts";
import type { Sha256 } from "./crypto.ts";
import type { Event } from "./event.ts";

/** What the chain of an incarnation starts from: the `prevHash` of the batch that holds `seq` 1. */
export const GENESIS_HASH = "0".repeat(64);

/**
 * The hash after `event`: hex SHA-256 over the previous hash (its 64 hex characters) followed by the RFC 8785 text of
 * the event, both as UTF-8. The event is taken as received, unknown keys included.
 * Throws `contract.invalid` when the event has no canonical form.
 */
export function chainHash(prevHash: string, event: Event, sha256: Sha256): string {
  return sha256(prevHash + canonicalJson(event));
}
