import { describe, expect, it } from "vitest";
import { FREE, OCCUPIED } from "#contract/occupancy-grid";
import { polylineLength, type Point } from "#lib/geometry";
import { makeFootprint } from "../footprint.ts";
import { indexAt } from "../grid.ts";
import { openMap, type PlanningMap } from "../planning-map.ts";
import { fillPolygon } from "../polygon-raster.ts";
import { planCoverage } from "./coverage-plan.ts";
import type { CoveringRobot } from "./floor.ts";
import { isOpenLine } from "./headland.ts";

const robot: CoveringRobot = {
  footprint: makeFootprint(box(-0.18, -0.18, 0.18, 0.18)),
  tool: box(-0.05, -0.25, 0.05, 0.25),
  room: 0,
};
const from = { x: 0.6, y: 0.6, yaw: 0 };

describe("a coverage plan", () => {
  it("covers a room with little more way than it has floor", () => {
    const plan = planCoverage({ map: room(8, 6), area: box(0, 0, 8, 6), robot, from, target: 0.97 });
    expect(plan.share).toBeGreaterThanOrEqual(0.97);
    expect(plan.length).toBeLessThan((1.25 * 48) / 0.5);
  });

  it("goes nowhere but where the robot has room, around whatever stands there", () => {
    const map = room(8, 6, [box(3, 2, 4, 3.5), box(6, 0, 6.2, 4)]);
    const plan = planCoverage({ map, area: box(0, 0, 8, 6), robot, from, target: 0.97 });
    expect(plan.share).toBeGreaterThanOrEqual(0.97);
    for (let at = 1; at < plan.points.length; at++) {
      expect(isOpenLine(plan.floor, plan.points[at - 1]!, plan.points[at]!)).toBe(true);
    }
  });

  it("goes along the longer walls", () => {
    const plan = planCoverage({ map: room(3, 12), area: box(0, 0, 3, 12), robot, from, target: 0.95 });
    const along = plan.points.reduce((sum, [, y], at) => sum + Math.abs(y - (plan.points[at - 1]?.[1] ?? y)), 0);
    expect(along).toBeGreaterThan(0.7 * polylineLength(plan.points));
  });

  it("leaves out what is covered already", () => {
    const isCovered = (x: number): boolean => x < 6;
    const plan = planCoverage({ map: room(8, 6), area: box(0, 0, 8, 6), robot, from, target: 0.99, isCovered });
    expect(plan.share).toBeGreaterThanOrEqual(0.98);
    expect(plan.length).toBeLessThan((1.5 * 12) / 0.5 + 12);
  });

  it("wants nothing of a room behind a wall, and keeps away from what was seen", () => {
    const map = room(8, 6, [box(5, 0, 5.2, 6)]);
    const sightings: Point[] = [[2, 3]];
    const { floor, share } = planCoverage({ map, area: box(0, 0, 8, 6), robot, from, target: 0.95, sightings });
    expect(share).toBeGreaterThanOrEqual(0.95);
    expect(floor.wanted[indexAt(floor, 7, 3)]).toBe(0);
    expect(floor.open[indexAt(floor, 2.2, 3)]).toBe(0);
    expect(floor.open[indexAt(floor, 2.6, 3)]).toBe(1);
  });

  it("is empty where the tool can get to nothing", () => {
    const map = room(8, 6, [box(0, 0, 8, 6)]);
    expect(planCoverage({ map, area: box(0, 0, 8, 6), robot, from, target: 0.95 })).toMatchObject({
      length: 0,
      floor: { wantedCells: 0 },
    });
  });
});

function room(width: number, height: number, solid: readonly (readonly Point[])[] = []): PlanningMap {
  const frame = {
    width: Math.round(width / 0.05) + 2,
    height: Math.round(height / 0.05) + 2,
    resolution: 0.05,
    originX: -0.05,
    originY: -0.05,
  };
  const cells = new Uint8Array(frame.width * frame.height).fill(OCCUPIED);
  fillPolygon(frame, box(0, 0, width, height), (index) => void (cells[index] = FREE));
  for (const polygon of solid) fillPolygon(frame, polygon, (index) => void (cells[index] = OCCUPIED));
  return {
    ...openMap({ zones: [], forbiddenZones: [] }, [0, 0], [width, height]),
    occupancy: { ...frame, cells },
  };
}

function box(left: number, bottom: number, right: number, top: number): Point[] {
  return [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ];
}
