import { decode } from "fast-png";
import { AgentError } from "#lib/errors";
import type { Metres } from "#lib/units";
import type { Occupancy } from "./spatial.ts";

/** Values of a cell. */
export const FREE = 0;
export const OCCUPIED = 1;
export const UNKNOWN = 2;

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

/** Decodes a map_server image in trinary mode. Throws `contract.invalid` on anything else than a PNG that fits. */
export function decodeOccupancy(occupancy: Occupancy): OccupancyGrid {
  if (occupancy.origin[2] !== 0) throw new AgentError("contract.invalid", "occupancy.origin: yaw must be 0");
  const image = decodePng(Buffer.from(occupancy.png, "base64"));
  const cells = new Uint8Array(image.width * image.height);
  for (let row = 0; row < image.height; row++) {
    const into = (image.height - 1 - row) * image.width;
    for (let column = 0; column < image.width; column++) {
      cells[into + column] = classify(image, row * image.width + column, occupancy);
    }
  }
  return {
    width: image.width,
    height: image.height,
    resolution: occupancy.resolution,
    originX: occupancy.origin[0],
    originY: occupancy.origin[1],
    cells,
  };
}

interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

function decodePng(bytes: Uint8Array): Image {
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

function classify(image: Image, pixel: number, rule: Occupancy): number {
  const at = pixel * image.channels;
  const colours = image.channels > 2 ? 3 : 1;
  const hasAlpha = image.channels === 2 || image.channels === 4;
  if (hasAlpha && image.data[at + image.channels - 1]! < 255) return UNKNOWN;
  let sum = 0;
  for (let channel = 0; channel < colours; channel++) sum += image.data[at + channel]!;
  const value = sum / colours;
  const occupied = rule.negate === 1 ? value / 255 : (255 - value) / 255;
  if (occupied >= rule.occupied_thresh) return OCCUPIED;
  return occupied <= rule.free_thresh ? FREE : UNKNOWN;
}
