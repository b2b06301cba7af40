import { encode } from "fast-png";
import type { Occupancy, Zone } from "#contract/spatial";
import type { Place } from "./planning-map.ts";

const SHADES: Readonly<Record<string, number>> = { "#": 0, "?": 205, ".": 254 };

/** A place drawn as text, for tests: `#` occupied, `?` unknown, `.` free; the last line lies at y = 0, the left edge at x = 0. */
export function drawPlace(lines: readonly string[], resolution: number, zones: readonly Zone[] = []): DrawnPlace {
  const width = lines[0]?.length ?? 0;
  const data = Uint8Array.from(lines.flatMap((line) => line.split("").map((mark) => SHADES[mark] ?? 0)));
  const png = encode({ width, height: lines.length, data, channels: 1, depth: 8 });
  const occupancy: Occupancy = {
    resolution,
    origin: [0, 0, 0],
    negate: 0,
    occupied_thresh: 0.65,
    free_thresh: 0.1,
    png: Buffer.from(png).toString("base64"),
  };
  return { occupancy, zones, forbiddenZones: [] };
}

export interface DrawnPlace extends Place {
  readonly occupancy: Occupancy;
}

/** A rectangular zone between two corners. */
export function rectangleZone(
  id: string,
  kind: Zone["kind"],
  [left, bottom, right, top]: readonly [number, number, number, number],
  rule: Partial<Zone> = {},
): Zone {
  const polygon: Zone["polygon"] = [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ];
  return { id, kind, polygon, ...rule };
}

/** An open room of free cells with a wall around it. */
export function drawRoom(columns: number, rows: number): string[] {
  const wall = "#".repeat(columns);
  return [wall, ...Array.from({ length: rows - 2 }, () => `#${".".repeat(columns - 2)}#`), wall];
}
