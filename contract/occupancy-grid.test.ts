import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { exampleContract } from "./example.ts";
import { decodeOccupancy, FREE, OCCUPIED, UNKNOWN } from "./occupancy-grid.ts";
import type { Occupancy } from "./spatial.ts";

const BASE = exampleContract().spatial.occupancy!;

function image(width: number, channels: 1 | 2 | 3 | 4, data: readonly number[]): Pick<Occupancy, "png"> {
  const height = data.length / channels / width;
  const bytes = encode({ width, height, channels, depth: 8, data: Uint8Array.from(data) });
  return { png: Buffer.from(bytes).toString("base64") };
}

function cellsOf(occupancy: Partial<Occupancy>): number[] {
  return [...decodeOccupancy({ ...BASE, ...occupancy }).cells];
}

describe("decodeOccupancy", () => {
  it("puts the top row of the image at the largest y", () => {
    const grid = decodeOccupancy({ ...BASE, ...image(3, 1, [0, 254, 254, 254, 254, 205]) });
    expect([grid.width, grid.height, grid.resolution]).toEqual([3, 2, 1]);
    expect([...grid.cells]).toEqual([FREE, FREE, UNKNOWN, OCCUPIED, FREE, FREE]);
  });

  it("judges by p = (255 - v) / 255, both thresholds included", () => {
    const occupancy = { occupied_thresh: 0.6, free_thresh: 0.2 };
    expect(cellsOf({ ...occupancy, ...image(4, 1, [102, 103, 203, 204]) })).toEqual([OCCUPIED, UNKNOWN, UNKNOWN, FREE]);
  });

  it("judges by p = v / 255 when negated", () => {
    expect(cellsOf({ negate: 1, ...image(2, 1, [0, 255]) })).toEqual([FREE, OCCUPIED]);
  });

  it("averages colours and takes what is transparent as unknown", () => {
    expect(cellsOf(image(2, 3, [255, 255, 255, 0, 0, 30]))).toEqual([FREE, OCCUPIED]);
    expect(cellsOf(image(2, 2, [255, 255, 255, 254]))).toEqual([FREE, UNKNOWN]);
    expect(cellsOf(image(1, 4, [255, 255, 255, 0]))).toEqual([UNKNOWN]);
  });

  it("refuses a rotated origin and other depths than 8 bits", () => {
    expect(() => decodeOccupancy({ ...BASE, origin: [0, 0, 0.1] })).toThrow("yaw must be 0");
    const deep = encode({ width: 1, height: 1, channels: 1, depth: 16, data: Uint16Array.of(1) });
    expect(() => decodeOccupancy({ ...BASE, png: Buffer.from(deep).toString("base64") })).toThrow("8-bit");
  });
});
