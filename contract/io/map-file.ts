import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { convertIndexedToRgb, decode, encode, hasPngSignature, type DecodedPng } from "fast-png";
import { z } from "zod";
import { AgentError, messageOf } from "#lib/errors";
import { loadYaml } from "#lib/node/yaml-file";
import { decodeOccupancy } from "../occupancy-grid.ts";
import { Occupancy } from "../spatial.ts";

const MapYaml = z.looseObject({
  image: z.string().min(1),
  mode: z.enum(["trinary", "scale", "raw"]).default("trinary"),
  resolution: Occupancy.shape.resolution,
  origin: Occupancy.shape.origin,
  negate: z.union([z.literal(0), z.literal(1), z.boolean()]),
  occupied_thresh: Occupancy.shape.occupied_thresh,
  free_thresh: Occupancy.shape.free_thresh,
});

/** A map_server map as it lies on disk. */
export interface MapFile {
  readonly occupancy: Occupancy;
  readonly mode: "trinary" | "scale" | "raw";
}

/** Reads a ROS map_server map (`name.yaml` beside its PNG or PGM image). Throws `config.invalid` naming file and field. */
export function readMapFile(path: string): MapFile {
  if (/\.(png|pgm)$/i.test(path)) {
    throw new AgentError(
      "config.invalid",
      `${path}: is an image; name the YAML file that says how large its pixels are`,
    );
  }
  const { image, mode, negate, ...rest } = loadYaml(path, MapYaml);
  const file = resolve(dirname(path), image);
  const occupancy: Occupancy = {
    resolution: rest.resolution,
    origin: rest.origin,
    negate: negate === true || negate === 1 ? 1 : 0,
    occupied_thresh: rest.occupied_thresh,
    free_thresh: rest.free_thresh,
    png: Buffer.from(readImage(file, path)).toString("base64"),
  };
  assertUsable(occupancy, path);
  return { mode, occupancy };
}

/** What a contract could not carry is refused here, where the file still has a name. */
function assertUsable(occupancy: Occupancy, path: string): void {
  try {
    decodeOccupancy(occupancy);
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function readImage(path: string, mapPath: string): Uint8Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    throw new AgentError("config.invalid", `${mapPath}: image: cannot read ${path}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  if (bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x32)) return pngOfPgm(bytes, path);
  if (!hasPngSignature(bytes)) {
    throw new AgentError("config.invalid", `${mapPath}: image: ${path} is neither PNG nor PGM, whatever its name says`);
  }
  return eightBitPng(bytes, path);
}

/** Drawing programs save few colours as a palette or with few bits; maps travel as 8-bit grey or colour. */
function eightBitPng(bytes: Buffer, path: string): Uint8Array {
  let image: DecodedPng;
  try {
    image = decode(bytes);
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: is no readable PNG: ${messageOf(thrown)}`, { cause: thrown });
  }
  const { width, height, depth, palette } = image;
  if (depth === 8 && !palette) return bytes;
  if (palette) {
    return encode({ width, height, data: convertIndexedToRgb(image), depth: 8, channels: palette[0]!.length as 3 | 4 });
  }
  const { data, channels } = depth === 16 ? fromSixteenBits(image) : fromFewBits(image);
  return encode({ width, height, data, depth: 8, channels });
}

type EightBits = { readonly data: Uint8Array; readonly channels: number };

function fromSixteenBits({ data, channels }: DecodedPng): EightBits {
  return { data: Uint8Array.from(data, (value) => value >> 8), channels };
}

/** Grey of 1, 2 or 4 bits: rows begin at a byte, leftmost pixel in the highest bits (PNG specification §7.2). */
function fromFewBits({ width, height, depth, data }: DecodedPng): EightBits {
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const most = 2 ** depth - 1;
  const grey = Uint8Array.from({ length: width * height }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    const byte = data[row * rowBytes + Math.floor(column / perByte)]!;
    return (((byte >> (8 - depth - (column % perByte) * depth)) & most) * 255) / most;
  });
  return { data: grey, channels: 1 };
}

/** Netpbm PGM (P2 text, P5 binary, at most 8 bits) as PNG; http://netpbm.sourceforge.net/doc/pgm.html */
function pngOfPgm(bytes: Buffer, path: string): Uint8Array {
  const header = /^P([25])(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)\s/.exec(
    bytes.toString("latin1", 0, 1000),
  );
  const [kind, width, height, maximum] = [header?.[1], Number(header?.[2]), Number(header?.[3]), Number(header?.[4])];
  if (!header || !(maximum > 0 && maximum < 256)) {
    throw new AgentError("config.invalid", `${path}: expected a PGM image (P2 or P5) of at most 8 bits`);
  }
  const body = bytes.subarray(header[0].length);
  const values =
    kind === "5" ? body : Uint8Array.from(body.toString("latin1").trim().split(/\s+/), (text) => Number(text));
  if (values.length < width * height) {
    throw new AgentError("config.invalid", `${path}: expected ${width * height} pixels, found ${values.length}`);
  }
  const data = Uint8Array.from(values.subarray(0, width * height), (value) => Math.round((value * 255) / maximum));
  return encode({ width, height, data, depth: 8, channels: 1 });
}
