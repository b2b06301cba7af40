import type { Point } from "#lib/geometry";
import { type Box, holds } from "./box.ts";

const BUCKET_PX = 24;

/** Points of the page in square buckets, so that counting those in a small box does not visit all. */
export class PointIndex {
  readonly #buckets = new Map<string, Point[]>();

  add(points: Iterable<Point>): void {
    for (const point of points) {
      const key = keyOf(Math.floor(point[0] / BUCKET_PX), Math.floor(point[1] / BUCKET_PX));
      const bucket = this.#buckets.get(key);
      if (bucket === undefined) this.#buckets.set(key, [point]);
      else bucket.push(point);
    }
  }

  countIn(box: Box): number {
    const [right, bottom] = [Math.floor((box.x + box.width) / BUCKET_PX), Math.floor((box.y + box.height) / BUCKET_PX)];
    let count = 0;
    for (let row = Math.floor(box.y / BUCKET_PX); row <= bottom; row++) {
      for (let column = Math.floor(box.x / BUCKET_PX); column <= right; column++) {
        const bucket = this.#buckets.get(keyOf(column, row)) ?? [];
        for (const point of bucket) if (holds(box, point)) count += 1;
      }
    }
    return count;
  }
}

function keyOf(column: number, row: number): string {
  return `${column}/${row}`;
}
