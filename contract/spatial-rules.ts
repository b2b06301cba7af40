import { AgentError } from "#lib/errors";
import type { Point } from "#lib/geometry";
import { idsAt, invalid, readableItems, repeatedIds, valueAt, type Finding } from "./finding.ts";
import { decodeOccupancy } from "./occupancy-grid.ts";
import { Occupancy, Zone } from "./spatial.ts";

/** Square metres below which a polygon encloses nothing. */
const AREA_MIN = 1e-4;

/** Rules of places that a schema can't say. Parts that do not fit their schema are left to that. */
export function spatialFindings(contract: unknown): Finding[] {
  const lists = ["zones", "landmarks", "routes"];
  const zones = readableItems(contract, ["spatial", "zones"], Zone);
  return [
    ...lists.flatMap((list) => repeatedIds(contract, ["spatial", list], "id")),
    ...zones.flatMap(({ item, at }) => zoneFindings(item, ["spatial", "zones", at])),
    ...["allowed", "forbidden"].flatMap((list) => unknownZones(contract, ["constraints", "zones", list])),
    ...occupancyFindings(valueAt(contract, ["spatial", "occupancy"]), ["spatial", "occupancy"]),
  ];
}

function zoneFindings(zone: Zone, path: readonly PropertyKey[]): Finding[] {
  const findings: Finding[] = [];
  if (Math.abs(signedArea(zone.polygon)) < AREA_MIN) {
    findings.push(
      invalid([...path, "polygon"], "encloses no area", { value: zone.polygon, expected: "a simple polygon" }),
    );
  }
  if (zone.kind === "speed-limit" && zone.maxSpeed === undefined) {
    findings.push(invalid([...path, "maxSpeed"], "is missing", { expected: "the limit of a speed-limit zone" }));
  }
  if (zone.kind === "one-way" && zone.direction === undefined) {
    findings.push(invalid([...path, "direction"], "is missing", { expected: "the direction of a one-way zone" }));
  }
  return findings;
}

function unknownZones(contract: unknown, path: readonly PropertyKey[]): Finding[] {
  const known = new Set(idsAt(contract, ["spatial", "zones"], "id"));
  const named = valueAt(contract, path);
  if (!Array.isArray(named)) return [];
  return named.flatMap((id: unknown, at) =>
    typeof id !== "string" || known.has(id)
      ? []
      : [invalid([...path, at], "there is no such zone", { value: id, expected: "the id of one of spatial.zones" })],
  );
}

function occupancyFindings(value: unknown, path: readonly PropertyKey[]): Finding[] {
  const parsed = Occupancy.safeParse(value);
  if (!parsed.success) return [];
  const { occupied_thresh: occupied, free_thresh: free } = parsed.data;
  const thresholds =
    free < occupied
      ? []
      : [
          invalid([...path, "free_thresh"], "is not below occupied_thresh", {
            value: free,
            expected: `below ${occupied}`,
          }),
        ];
  return [...thresholds, ...imageFindings(parsed.data, path)];
}

function imageFindings(occupancy: Occupancy, path: readonly PropertyKey[]): Finding[] {
  try {
    decodeOccupancy(occupancy);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return [invalid([...path, "png"], thrown.message, { expected: "a map image as map_server has it" })];
  }
}

/** Shoelace formula; positive when the points go counter-clockwise. */
function signedArea(polygon: readonly Point[]): number {
  let doubled = 0;
  for (let at = 0; at < polygon.length; at++) {
    const [a, b] = [polygon[at]!, polygon[(at + 1) % polygon.length]!];
    doubled += a[0] * b[1] - b[0] * a[1];
  }
  return doubled / 2;
}
