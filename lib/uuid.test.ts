import { describe, expect, it } from "vitest";
import { createRng } from "./rng.ts";
import { createUuidSource } from "./uuid.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("createUuidSource", () => {
  it("makes UUIDv7 of the wall clock that ascend, also many in one millisecond and when the clock steps back", () => {
    const clock = new VirtualClock();
    const uuid = createUuidSource(clock, createRng(1));
    const ids = Array.from({ length: 10_000 }, (_, index) => {
      if (index === 5000) clock.stepWall(-60_000);
      return uuid();
    });
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    const timeOf = (id: string): number => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
    expect(timeOf(ids[0]!)).toBe(Date.UTC(2026, 0, 5, 8));
  });
});
