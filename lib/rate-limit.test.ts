import { describe, expect, it } from "vitest";
import { takeFrom, type Bucket } from "./rate-limit.ts";

const LIMIT = { perSecond: 2, burst: 3 };

/** How long each of the requests at these moments has to wait. */
function waits(...momentsMs: number[]): number[] {
  let bucket: Bucket | undefined;
  return momentsMs.map((nowMs) => {
    const taken = takeFrom(bucket, LIMIT, nowMs);
    bucket = taken.bucket;
    return taken.waitSeconds;
  });
}

describe("a rate limit", () => {
  it("lets a burst pass, then says how long to wait", () => {
    expect(waits(0, 0, 0, 0)).toEqual([0, 0, 0, 0.5]);
  });

  it("fills up with time, never above the burst", () => {
    expect(waits(0, 0, 0, 500, 500)).toEqual([0, 0, 0, 0, 0.5]);
    expect(waits(0, 60_000, 60_000, 60_000, 60_000)).toEqual([0, 0, 0, 0, 0.5]);
  });

  it("does not count those that had to wait", () => {
    expect(waits(0, 0, 0, 100, 200, 500)).toEqual([0, 0, 0, 0.4, 0.3, 0]);
  });
});
