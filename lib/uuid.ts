import type { Clock } from "./clock.ts";
import type { Rng } from "./rng.ts";

/** Makes UUIDv7 (RFC 9562 §5.7) that ascend within one generator, from injected time and chance. */
export function createUuidSource(clock: Clock, rng: Rng): () => string {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const nowMs = Math.max(lastMs, clock.wallMs(), 0);
    counter = nowMs === lastMs ? counter + 1 : rng.uint32() & 0x3ff;
    // The 12 bits of rand_a are a counter, so ids of one millisecond ascend (RFC 9562 §6.2, method 1).
    if (counter > 0xfff) {
      lastMs = nowMs + 1;
      counter = 0;
    } else lastMs = nowMs;
    const time = lastMs.toString(16).padStart(12, "0");
    const randB = 0x8000_0000 | (rng.uint32() & 0x3fff_ffff);
    const tail = (randB >>> 0).toString(16) + rng.uint32().toString(16).padStart(8, "0");
    const sub = counter.toString(16).padStart(3, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${sub}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
}
