import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { createRng } from "#lib/rng";
import { type Box, holds, intersects, isWithin } from "./box.ts";
import { type LabelRequest, type Placement, placeLabels } from "./label-placement.ts";

const canvas: Box = { x: 0, y: 0, width: 600, height: 400 };
const open = { canvas, taken: [], avoid: [] };

function label(anchor: Point, changes: Partial<LabelRequest> = {}): LabelRequest {
  return { anchor, width: 60, height: 14, clearance: 5, seat: "beside", ...changes };
}

function boxesOf(placements: readonly (Placement | undefined)[]): Box[] {
  return placements.flatMap((placement) => (placement === undefined ? [] : [placement.box]));
}

function overlaps(boxes: readonly Box[]): number {
  return boxes.filter((a, at) => boxes.slice(at + 1).some((b) => intersects(a, b))).length;
}

describe("placeLabels", () => {
  it("sets a lonely label right beside its symbol, without a leader", () => {
    const [placement] = placeLabels([label([100, 100])], open);
    expect(placement?.box.x).toBeGreaterThanOrEqual(105);
    expect(placement?.box.x).toBeLessThan(112);
    expect(placement?.leader).toBeUndefined();
  });

  it("keeps every label of a dense crowd apart and on the canvas", () => {
    const rng = createRng(7);
    const crowd = Array.from({ length: 120 }, () =>
      label([280 + rng.float() * 40, 180 + rng.float() * 40], { width: 20 + rng.float() * 50 }),
    );
    const boxes = boxesOf(placeLabels(crowd, open));
    expect(boxes).toHaveLength(120);
    expect(overlaps(boxes)).toBe(0);
    expect(boxes.every((box) => isWithin(box, canvas))).toBe(true);
  });

  it("keeps labels at the rim on the canvas", () => {
    const corners: Point[] = [
      [0, 0],
      [600, 0],
      [600, 400],
      [0, 400],
    ];
    const boxes = boxesOf(
      placeLabels(
        corners.map((corner) => label(corner)),
        open,
      ),
    );
    expect(boxes).toHaveLength(4);
    expect(boxes.every((box) => isWithin(box, canvas))).toBe(true);
  });

  it("leaves a label out rather than over another when the canvas is full", () => {
    const small: Box = { x: 0, y: 0, width: 70, height: 40 };
    const placements = placeLabels(
      Array.from({ length: 6 }, () => label([35, 20])),
      { canvas: small, taken: [], avoid: [] },
    );
    expect(placements).toHaveLength(6);
    expect(placements.filter((placement) => placement === undefined).length).toBeGreaterThan(0);
    expect(overlaps(boxesOf(placements))).toBe(0);
  });

  it("steps off a track that runs where it would stand", () => {
    const track = Array.from({ length: 30 }, (_, at): Point => [108 + at * 2, 100]);
    const [placement] = placeLabels([label([100, 100])], { ...open, avoid: track });
    expect(track.filter((point) => holds(placement!.box, point))).toEqual([]);
  });

  it("touches no taken box, and draws a leader when it has to go far", () => {
    const taken = [{ x: 40, y: 60, width: 200, height: 80 }];
    const [placement] = placeLabels([label([140, 100])], { ...open, taken });
    expect(intersects(placement!.box, taken[0]!)).toBe(false);
    expect(placement?.leader?.[0]).toEqual([140, 100]);
  });

  it("may cover the middle of an area with its name", () => {
    const [placement] = placeLabels([label([200, 200], { seat: "centre", clearance: 0 })], open);
    expect(placement?.box).toEqual({ x: 170, y: 193, width: 60, height: 14 });
  });
});
