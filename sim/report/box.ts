import type { Point } from "#lib/geometry";

/** A rectangle on the page, in pixels; y grows downwards. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Whether two boxes share area; touching edges do not count. */
export function intersects(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

export function isWithin(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

export function holds(box: Box, [x, y]: Point): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/** Whether the segment a-b runs through the box: the shares of it inside both slabs overlap (Liang and Barsky 1984). */
export function isCrossed(box: Box, a: Point, b: Point): boolean {
  const [fromX, toX] = sharesWithin(a[0], b[0], box.x, box.x + box.width);
  const [fromY, toY] = sharesWithin(a[1], b[1], box.y, box.y + box.height);
  return Math.max(0, fromX, fromY) <= Math.min(1, toX, toY);
}

/** The point of the box that is nearest to the given one. */
export function nearestIn(box: Box, [x, y]: Point): Point {
  return [Math.min(Math.max(x, box.x), box.x + box.width), Math.min(Math.max(y, box.y), box.y + box.height)];
}

export function centreOf(box: Box): Point {
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** The smallest box around the points, or undefined when there are none. */
export function boundsOf(points: Iterable<Point>): Box | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return left > right ? undefined : { x: left, y: top, width: right - left, height: bottom - top };
}

export function grown(box: Box, by: number): Box {
  return { x: box.x - by, y: box.y - by, width: box.width + 2 * by, height: box.height + 2 * by };
}

/** From which to which share of the way from a to b a value is between `least` and `most`. */
function sharesWithin(a: number, b: number, least: number, most: number): readonly [number, number] {
  if (a === b) return a >= least && a <= most ? [-Infinity, Infinity] : [Infinity, -Infinity];
  const [first, second] = [(least - a) / (b - a), (most - a) / (b - a)];
  return first < second ? [first, second] : [second, first];
}
