import { decode } from "fast-png";
import { AgentError } from "#lib/errors";
import type { Metres } from "#lib/units";
import type { Occupancy } from "./spatial.ts";

/** Values of a cell. */
export const FREE = 0;
export const OCCUPIED = 1;
export const UNKNOWN = 2;

/** Cells that a map may have; a PNG of few bytes can claim many. */
export const CELLS_MAX = 25_000_000;

/** Occupancy as cells: row-major from the lower-left corner, x fastest (as nav_msgs/OccupancyGrid). */
export interface OccupancyGrid {
  readonly width: number;
  readonly height: number;
  readonly resolution: Metres;
  /** Lower-left corner of cell (0, 0) in the frame `map`. Rotated origins are refused. */
  readonly originX: Metres;
  readonly originY: Metres;
  /** `FREE`, `OCCUPIED` or `UNKNOWN`, `width * height` of them. */
  readonly cells: Uint8Array;
}

/**
 * Decodes a map_server image in trinary mode. Throws `contract.invalid` on anything else than a PNG that fits. The grid is
 * shared: the check of a contract, its feasibility and the planner ask for the same one, so the newest is kept.
 */
export function decodeOccupancy(occupancy: Occupancy): OccupancyGrid {
  if (newest === undefined || !isSame(newest.occupancy, occupancy)) newest = { occupancy, grid: decodeAnew(occupancy) };
  return newest.grid;
}

/** Decoding is a pure function of the occupancy, so what is kept here changes how long an answer takes and nothing else. */
let newest: { readonly occupancy: Occupancy; readonly grid: OccupancyGrid } | undefined;

function isSame(a: Occupancy, b: Occupancy): boolean {
  return (
    a.png === b.png &&
    a.resolution === b.resolution &&
    a.negate === b.negate &&
    a.occupied_thresh === b.occupied_thresh &&
    a.free_thresh === b.free_thresh &&
    a.origin.every((value, at) => value === b.origin[at])
  );
}

function decodeAnew(occupancy: Occupancy): OccupancyGrid {
  if (occupancy.origin[2] !== 0) throw new AgentError("contract.invalid", "occupancy.origin: yaw must be 0");
  const image = decodePng(Buffer.from(occupancy.png, "base64"));
  return {
    width: image.width,
    height: image.height,
    resolution: occupancy.resolution,
    originX: occupancy.origin[0],
    originY: occupancy.origin[1],
    cells: classify(image, occupancy),
  };
}

interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

function decodePng(bytes: Uint8Array): Image {
  assertSize(bytes);
  try {
    const { width, height, channels, depth, data, palette } = decode(bytes);
    if (depth !== 8 || palette || !(data instanceof Uint8Array)) {
      throw new AgentError("contract.invalid", "occupancy.png: expected an 8-bit grayscale or colour PNG");
    }
    return { width, height, channels, data };
  } catch (thrown) {
    if (thrown instanceof AgentError) throw thrown;
    throw new AgentError("contract.invalid", "occupancy.png: not a readable PNG", { cause: thrown });
  }
}

/** Reads width and height where IHDR has them (PNG specification §11.2.2), before anything is unpacked. */
function assertSize(bytes: Uint8Array): void {
  if (bytes.length < 24) throw new AgentError("contract.invalid", "occupancy.png: not a readable PNG");
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cells = header.getUint32(16) * header.getUint32(20);
  if (cells > CELLS_MAX) {
    throw new AgentError("contract.invalid", `occupancy.png: ${cells} cells are more than ${CELLS_MAX}`);
  }
}

/** The cells of an image, whose row 0 is the top. */
function classify(image: Image, rule: Occupancy): Uint8Array {
  const { width, height, channels, data } = image;
  const classifyRow = channels === 1 ? grayRow(rule) : colourRow(channels, rule);
  const cells = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (height - 1 - row) * width * channels;
    classifyRow(data.subarray(from, from + width * channels), cells.subarray(row * width, (row + 1) * width));
  }
  return cells;
}

type ClassifyRow = (values: Uint8Array, cells: Uint8Array) => void;

/** The usual map: one lookup a cell, as millions of them are waited for. */
function grayRow(rule: Occupancy): ClassifyRow {
  const kinds = kindsBySum(1, rule);
  return (values, cells) => {
    for (let at = 0; at < cells.length; at++) cells[at] = kinds[values[at]!]!;
  };
}

function colourRow(channels: number, rule: Occupancy): ClassifyRow {
  const colours = channels > 2 ? 3 : 1;
  const hasAlpha = channels === 2 || channels === 4;
  const kinds = kindsBySum(colours, rule);
  return (values, cells) => {
    for (let cell = 0, at = 0; cell < cells.length; cell++, at += channels) {
      const isTransparent = hasAlpha && values[at + channels - 1]! < 255;
      const sum = colours === 1 ? values[at]! : values[at]! + values[at + 1]! + values[at + 2]!;
      cells[cell] = isTransparent ? UNKNOWN : kinds[sum]!;
    }
  };
}

/** What a cell is, by the sum of its colour values: millions of cells have at most 766 different sums. */
function kindsBySum(colours: number, rule: Occupancy): Uint8Array {
  return Uint8Array.from({ length: 255 * colours + 1 }, (_, sum) => {
    const value = sum / colours;
    const occupied = rule.negate === 1 ? value / 255 : (255 - value) / 255;
    if (occupied >= rule.occupied_thresh) return OCCUPIED;
    return occupied <= rule.free_thresh ? FREE : UNKNOWN;
  });
}
