import { dirname, resolve } from "node:path";
import { readYaml } from "#lib/node/yaml-file";
import { readMapFile } from "./map-file.ts";

/**
 * Reads a contract from YAML or JSON, unchecked. Where `spatial.occupancy` is the name of a map_server file (relative to the
 * contract), the image is put in its place: a device can't ask for it later. Throws `config.invalid`, naming file and line,
 * for what can't be read.
 */
export function readContractFile(path: string): unknown {
  const { value } = readYaml(path);
  if (isRecord(value) && isRecord(value["spatial"]) && typeof value["spatial"]["occupancy"] === "string") {
    const mapPath = resolve(dirname(path), value["spatial"]["occupancy"]);
    value["spatial"]["occupancy"] = readMapFile(mapPath).occupancy;
  }
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
