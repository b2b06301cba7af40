import type { Point } from "#lib/geometry";
import { clamp, type GridFrame, indexAt, OUTSIDE } from "./grid.ts";

/** Calls `visit` for each cell whose centre lies in the polygon (even-odd rule). */
export function fillPolygon(frame: GridFrame, polygon: readonly Point[], visit: (index: number) => void): void {
  for (const row of rowsOf(frame, polygon)) {
    const y = frame.originY + (row + 0.5) * frame.resolution;
    const crossings = crossingsAt(polygon, y);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const from = Math.max(0, Math.ceil((crossings[pair]! - frame.originX) / frame.resolution - 0.5));
      const to = Math.min(frame.width - 1, Math.ceil((crossings[pair + 1]! - frame.originX) / frame.resolution - 1.5));
      for (let column = from; column <= to; column++) visit(row * frame.width + column);
    }
  }
}

/** Calls `visit` for the cells that the polygon's border passes through; a cell may be visited repeatedly. */
export function traceOutline(frame: GridFrame, polygon: readonly Point[], visit: (index: number) => void): void {
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at++) {
    const [a, b] = [polygon[before]!, polygon[at]!];
    const steps = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / (frame.resolution / 4)));
    for (let step = 0; step <= steps; step++) {
      const share = step / steps;
      const index = indexAt(frame, a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share);
      if (index !== OUTSIDE) visit(index);
    }
  }
}

function rowsOf(frame: GridFrame, polygon: readonly Point[]): number[] {
  const ys = polygon.map((point) => (point[1] - frame.originY) / frame.resolution);
  const first = clamp(Math.floor(Math.min(...ys)), 0, frame.height);
  const last = clamp(Math.ceil(Math.max(...ys)), -1, frame.height - 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

function crossingsAt(polygon: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at++) {
    const [ax, ay] = polygon[at]!;
    const [bx, by] = polygon[before]!;
    if (ay > y !== by > y) crossings.push(ax + ((y - ay) * (bx - ax)) / (by - ay));
  }
  return crossings.sort((a, b) => a - b);
}
