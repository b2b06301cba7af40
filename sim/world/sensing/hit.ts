import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Thing } from "../space/shapes.ts";

/** Where a ray meets a thing. */
export interface Hit {
  readonly along: Metres;
  /** Unit vector across the surface there, to either side. */
  readonly normal: Point;
}

interface Ray {
  readonly x: Metres;
  readonly y: Metres;
  readonly cos: number;
  readonly sin: number;
}

/** Where the ray first meets the thing's border. */
export function hitOf(ray: Ray, thing: Thing): Hit | undefined {
  const [dx, dy] = [thing.x - ray.x, thing.y - ray.y];
  const beside = ray.cos * dy - ray.sin * dx;
  if (Math.abs(beside) > thing.radius) return undefined;
  if (thing.shape !== "circle") return hitOfEdges(ray, thing);
  const along = ray.cos * dx + ray.sin * dy - Math.sqrt(thing.radius ** 2 - beside ** 2);
  if (along < 0) return undefined;
  return { along, normal: [(ray.cos * along - dx) / thing.radius, (ray.sin * along - dy) / thing.radius] };
}

function hitOfEdges(ray: Ray, { outline, shape }: Exclude<Thing, { shape: "circle" }>): Hit | undefined {
  let first: Hit | undefined;
  for (let at = shape === "wall" ? 1 : 0; at < outline.length; at++) {
    const hit = hitOfEdge(ray, outline.at(at - 1)!, outline[at]!);
    if (hit && hit.along < (first?.along ?? Infinity)) first = hit;
  }
  return first;
}

function hitOfEdge({ x, y, cos, sin }: Ray, from: Point, to: Point): Hit | undefined {
  const [edgeX, edgeY] = [to[0] - from[0], to[1] - from[1]];
  const across = cos * edgeY - sin * edgeX;
  if (across === 0) return undefined;
  const [startX, startY] = [from[0] - x, from[1] - y];
  const along = (startX * edgeY - startY * edgeX) / across;
  const share = (startX * sin - startY * cos) / across;
  if (along < 0 || share < 0 || share > 1) return undefined;
  const length = Math.hypot(edgeX, edgeY);
  return { along, normal: [-edgeY / length, edgeX / length] };
}
