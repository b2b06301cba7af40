import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode, type ImageData } from "fast-png";
import { describe, expect, it } from "vitest";
import { FREE, OCCUPIED, UNKNOWN, decodeOccupancy } from "../occupancy-grid.ts";
import { readMapFile } from "./map-file.ts";

const RULE = "resolution: 0.5\norigin: [-1, 2, 0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.25\n";

describe("readMapFile", () => {
  it.each([
    ["P2", "P2\n# a comment\n3 2\n255\n255 0 255\n128 255 0\n"],
    ["P5", Buffer.concat([Buffer.from("P5 3 2 255\n"), Buffer.from([255, 0, 255, 128, 255, 0])])],
  ])("reads a %s image with row 0 at the top", (_kind, image) => {
    const path = mapOf("map.pgm", image);
    const grid = decodeOccupancy(readMapFile(path).occupancy);
    expect([grid.width, grid.height, grid.originX, grid.originY]).toEqual([3, 2, -1, 2]);
    expect([...grid.cells]).toEqual([UNKNOWN, FREE, OCCUPIED, FREE, OCCUPIED, FREE]);
  });

  /** Black, white, white over white, black, white: the same picture in each way that drawing programs save few colours. */
  it.each([
    ["1-bit grey", { depth: 1, data: new Uint8Array([0b01100000, 0b10100000]), channels: 1 }],
    ["4-bit grey", { depth: 4, data: new Uint8Array([0x0f, 0xf0, 0xf0, 0xf0]), channels: 1 }],
    ["16-bit grey", { depth: 16, data: new Uint16Array([0, 65535, 65535, 65535, 0, 65535]), channels: 1 }],
    [
      "palette",
      {
        depth: 8,
        data: new Uint8Array([0, 1, 1, 1, 0, 1]),
        channels: 1,
        palette: [
          [0, 0, 0],
          [255, 255, 255],
        ],
      },
    ],
  ] as [string, Omit<ImageData, "width" | "height">][])("reads a PNG of %s", (_kind, image) => {
    const path = mapOf("map.png", Buffer.from(encode({ width: 3, height: 2, ...image })));
    expect([...decodeOccupancy(readMapFile(path).occupancy).cells]).toEqual([
      FREE,
      OCCUPIED,
      FREE,
      OCCUPIED,
      FREE,
      FREE,
    ]);
  });

  it("names an image that is none, whatever it is called", () => {
    expect(() => readMapFile(mapOf("map.png", "\u00ff\u00d8 JFIF"))).toThrow(
      /map\.yaml: image: .*map\.png is neither PNG nor PGM/,
    );
    const torn = Buffer.from(encode({ width: 9, height: 9, data: new Uint8Array(81), depth: 8, channels: 1 })).subarray(
      0,
      50,
    );
    expect(() => readMapFile(mapOf("map.png", torn))).toThrow(/map\.(?:yaml|png): .*readable PNG/);
  });

  it("names the file, the line and the field that is wrong", () => {
    const folder = mkdtempSync(join(tmpdir(), "map-"));
    const path = join(folder, "map.yaml");
    writeFileSync(path, `image: map.pgm\n${RULE}`.replace("resolution: 0.5", "resolution: -1"));
    expect(() => readMapFile(path)).toThrow(/map\.yaml:2: resolution is -1:/);
  });

  it("tells who names the image that the YAML file is what is named", () => {
    const image = join(dirname(mapOf("map.png", "")), "map.png");
    expect(() => readMapFile(image)).toThrow(/map\.png: is an image; name the YAML file/);
  });

  it("names the image that is missing", () => {
    const path = join(mkdtempSync(join(tmpdir(), "map-")), "map.yaml");
    writeFileSync(path, `image: gone.pgm\n${RULE}`);
    expect(() => readMapFile(path)).toThrow(/gone\.pgm/);
  });
});

function mapOf(image: string, bytes: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "map-"));
  writeFileSync(join(folder, image), bytes);
  const path = join(folder, "map.yaml");
  writeFileSync(path, `image: ${image}\n${RULE}`);
  return path;
}
