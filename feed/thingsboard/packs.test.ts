import { describe, expect, it } from "vitest";
import type { Entry } from "./entries.ts";
import { packsOf } from "./packs.ts";

const entries: Entry[] = Array.from({ length: 50 }, (_, at) => ({
  ts: 1000 * at,
  values: { a: at, b: at, c: at, d: at },
}));

describe("packs", () => {
  it.each([
    [400, 1000],
    [100_000, 10],
    [60, 1000],
    [100_000, 1],
  ])("keep %i bytes and %i data points, and leave nothing out", (bytes, dataPoints) => {
    const { packs, leftOut } = packsOf(entries, { bytes, dataPoints });
    for (const pack of packs) {
      expect(JSON.stringify(pack.entries).length).toBeLessThanOrEqual(bytes);
      expect(pack.dataPoints).toBeLessThanOrEqual(dataPoints);
    }
    const rows = packs.flatMap((pack) => pack.entries.flatMap(rowsOf));
    expect(rows).toEqual(entries.flatMap(rowsOf));
    expect(leftOut).toBe(0);
  });

  it("leave out a value that fits no message, and count it", () => {
    const large: Entry = { ts: 0, values: { text: "ä".repeat(100), a: 1 } };
    const { packs, leftOut } = packsOf([large], { bytes: 150, dataPoints: 10 });
    expect(packs.map((pack) => pack.entries)).toEqual([[{ ts: 0, values: { a: 1 } }]]);
    expect(leftOut).toBe(1);
  });

  it("are none of nothing", () => {
    expect(packsOf([], { bytes: 100, dataPoints: 1 })).toEqual({ packs: [], leftOut: 0 });
  });
});

function rowsOf({ ts, values }: Entry): string[] {
  return Object.entries(values).map(([key, value]) => `${ts} ${key} ${value}`);
}
