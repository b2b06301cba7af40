import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { encode } from "fast-png";
import { z } from "zod";
import { AgentError, messageOf } from "#lib/errors";
import { loadYaml } from "#lib/node/yaml-file";
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
  const { image, mode, negate, ...rest } = loadYaml(path, MapYaml);
  const png = readImage(resolve(dirname(path), image), path);
  return {
    mode,
    occupancy: {
      resolution: rest.resolution,
      origin: rest.origin,
      negate: negate === true || negate === 1 ? 1 : 0,
      occupied_thresh: rest.occupied_thresh,
      free_thresh: rest.free_thresh,
      png: Buffer.from(png).toString("base64"),
    },
  };
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
  return bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x32) ? pngOfPgm(bytes, path) : bytes;
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
