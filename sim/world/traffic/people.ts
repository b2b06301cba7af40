import { pointAlong, polylineLength } from "#lib/geometry";
import type { Thing } from "../space/shapes.ts";
import type { WayfarerSpec } from "../world-spec.ts";

/** Where a person is `seconds` after the start: along the path, back, and again. */
export function personAt(spec: WayfarerSpec, index: number, seconds: number): Thing {
  const length = polylineLength(spec.path);
  const walked = length === 0 ? 0 : (seconds * spec.speed) % (2 * length);
  const { x, y } = pointAlong(spec.path, walked <= length ? walked : 2 * length - walked);
  return { shape: "circle", id: `person-${index + 1}`, x, y, radius: spec.radius };
}
