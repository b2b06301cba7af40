import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { AgentError, messageOf } from "#lib/errors";
import { readMapFile } from "./map-file.ts";

/**
 * Reads a contract from YAML or JSON, unchecked. Where `spatial.occupancy` is the name of a map_server file (relative to the
 * contract), the image is put in its place: a device can't ask for it later. Throws `config.invalid` for what can't be read.
 */
export function readContractFile(path: string): unknown {
  const document = parseDocument(readText(path), { prettyErrors: true });
  const problem = document.errors[0];
  if (problem) throw new AgentError("config.invalid", `${path}: ${problem.message.split("\n")[0]}`);
  const value: unknown = document.toJS();
  if (isRecord(value) && isRecord(value["spatial"]) && typeof value["spatial"]["occupancy"] === "string") {
    const mapPath = resolve(dirname(path), value["spatial"]["occupancy"]);
    value["spatial"]["occupancy"] = readMapFile(mapPath).occupancy;
  }
  return value;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    throw new AgentError("config.invalid", `cannot read the contract: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
