import type { JournalEntry } from "#agent/store";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";

/** Hashes of the chain by number; they are computed once, in order. */
const hashes = [GENESIS_HASH];

/** The entry of a number, always the same, in one chain with those before it: what is left of a journal can be compared with it. */
export function numberedEntry(seq: number): JournalEntry {
  for (let next = hashes.length; next <= seq; next++) {
    hashes.push(chainHash(hashes[next - 1]!, numberedEvent(next), sha256Hex));
  }
  return { bootId: "boot-1", event: numberedEvent(seq), hash: hashes[seq]! };
}

function numberedEvent(seq: number): Event {
  return {
    seq,
    id: `019b8ce6-1400-7000-8000-${String(seq).padStart(12, "0")}`,
    at: "2026-01-05T08:00:00.000Z",
    monoMs: seq,
    clock: "synced",
    type: "notice",
    data: { kind: "test", text: String(seq).repeat(seq % 300) },
  };
}
