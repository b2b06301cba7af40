import { describe, expect, it } from "vitest";
import type { Event } from "./event.ts";
import { accepted, CONTRACT, journal, STARTED } from "./example-journal.ts";
import { chainHash, GENESIS_HASH } from "./hash-chain.ts";
import { sha256Hex } from "./io/node-crypto.ts";

describe("the chain of hashes", () => {
  const [first, second] = journal([accepted(), { ...STARTED, extra: { b: 1, a: [1.5, "ü"] } }]) as [Event, Event];

  it("is SHA-256 over the previous hash and the RFC 8785 text of the event", () => {
    const event = { ...first, data: { z: 1, a: "ü" } };
    const { id, at } = event;
    const text =
      `{"at":"${at}","clock":"synced","contractId":"${CONTRACT}","data":{"a":"ü","z":1},"epoch":1,"id":"${id}",` +
      `"monoMs":1000,"revision":1,"seq":1,"type":"contract.accepted"}`;
    expect(chainHash(GENESIS_HASH, event, sha256Hex)).toBe(sha256Hex("0".repeat(64) + text));
  });

  it("does not depend on the order of keys, and does on every value, unknown ones included", () => {
    const before = chainHash(GENESIS_HASH, first, sha256Hex);
    const hash = chainHash(before, second, sha256Hex);
    const reordered = Object.fromEntries(Object.entries(second).toReversed()) as Event;
    expect(chainHash(before, reordered, sha256Hex)).toBe(hash);
    expect(chainHash(before, { ...second, extra: { b: 1, a: [1.5, "u"] } }, sha256Hex)).not.toBe(hash);
    expect(chainHash(GENESIS_HASH, second, sha256Hex)).not.toBe(hash);
  });

  it("refuses text that has no UTF-8 form", () => {
    expect(() => chainHash(GENESIS_HASH, { ...first, data: { text: "\ud800" } }, sha256Hex)).toThrow(
      /not canonical JSON/,
    );
  });
});
