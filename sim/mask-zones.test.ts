import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { readMapFile } from "#contract/io/map-file";
import type { Occupancy, Zone } from "#contract/spatial";
import { isInside } from "#lib/geometry";
import { keepoutZones, speedZones } from "./mask-zones.ts";

/** A mask of 0.1 m cells from rows of digits, top row first; a digit is the darkness in tenths. */
function maskOf(...rows: string[]): Occupancy {
  const data = Uint8Array.from(rows.join(""), (digit) => Math.round(255 * (1 - Number(digit) / 10)));
  const png = encode({ width: rows[0]!.length, height: rows.length, data, depth: 8, channels: 1 });
  return {
    resolution: 0.1,
    origin: [10, 20, 0],
    negate: 0,
    occupied_thresh: 0.85,
    free_thresh: 0.1,
    png: Buffer.from(png).toString("base64"),
  };
}

const covers = (zones: readonly Zone[], x: number, y: number): boolean =>
  zones.some((zone) => isInside([x, y], zone.polygon));

describe("keepoutZones", () => {
  it("covers thick marks exactly and leaves thin walls to the map", () => {
    const zones = keepoutZones(
      maskOf("0000000000", "9999999999", "0000000000", "0999900000", "0999900000", "0999900000"),
    );
    expect(zones).toHaveLength(1);
    expect(zones[0]).toMatchObject({ kind: "keepout" });
    const [low, , high] = zones[0]!.polygon;
    for (const [index, value] of [10.1, 20].entries()) expect(low![index]).toBeCloseTo(value);
    for (const [index, value] of [10.5, 20.3].entries()) expect(high![index]).toBeCloseTo(value);
  });

  it("finds the three zones of the warehouse", () => {
    const zones = keepoutZones(
      readMapFile(new URL("../config/maps/warehouse_keepout.yaml", import.meta.url).pathname).occupancy,
    );
    expect(covers(zones, 0, 0)).toBe(true);
    expect(covers(zones, -13, 6.4)).toBe(true);
    expect(covers(zones, 14.5, -4.6)).toBe(true);
    expect(covers(zones, 3, -10)).toBe(false);
    expect(covers(zones, -8.9, -10)).toBe(false);
  });
});

describe("speedZones", () => {
  it("turns darkness into a share of the maximum speed, and no darkness into no limit", () => {
    const zones = speedZones(maskOf("000000", "000555", "000555", "000555"), 2);
    expect(zones.map(({ kind, maxSpeed }) => [kind, maxSpeed])).toEqual([["speed-limit", 1]]);
    expect(covers(zones, 10.45, 20.15)).toBe(true);
    expect(covers(zones, 10.15, 20.15)).toBe(false);
  });
});
