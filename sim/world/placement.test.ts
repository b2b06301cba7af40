import { describe, expect, it } from "vitest";
import { readMapFile } from "#contract/io/map-file";
import { findMisplaced, type Placement } from "./placement.ts";
import { WorldSpec } from "./world-spec.ts";

const footprint: [number, number][] = [
  [0.35, 0.25],
  [-0.35, 0.25],
  [-0.35, -0.25],
  [0.35, -0.25],
];
const robot = (id: string, x: number, y: number, yaw = 0): Placement["robots"][number] => ({
  id,
  pose: [x, y, yaw],
  footprint,
});
const FLOOR: Placement = { map: { empty: [-5, -5, 5, 5] }, obstacles: [], robots: [] };

describe("findMisplaced", () => {
  it("leaves robots alone that touch nothing", () => {
    const obstacles = [{ circle: [0.7, 0, 0.3] as [number, number, number] }];
    expect(findMisplaced({ ...FLOOR, obstacles, robots: [robot("a", 0, 0), robot("b", 0, 0.6)] })).toEqual([]);
  });

  it("measures the footprint as it is turned", () => {
    const obstacles = [{ circle: [0, 0.6, 0.3] as [number, number, number] }];
    const at = (yaw: number): unknown => findMisplaced({ ...FLOOR, obstacles, robots: [robot("a", 0, 0, yaw)] });
    expect(at(0)).toEqual([]);
    expect(at(Math.PI / 2)).toEqual([{ robot: 0, touches: ["obstacles.0"] }]);
  });

  it("finds a robot that lies wholly within an obstacle", () => {
    const polygon: [number, number][] = [
      [-2, -2],
      [2, -2],
      [2, 2],
      [-2, 2],
    ];
    expect(findMisplaced({ ...FLOOR, obstacles: [{ polygon }], robots: [robot("a", 0, 0)] })).toEqual([
      { robot: 0, touches: ["obstacles.0"] },
    ]);
  });

  it("finds robots in bodies of sites, in vehicles where they begin, and in closed doors", () => {
    const { sites, vehicles, doors } = WorldSpec.parse({
      map: FLOOR.map,
      sites: [{ id: "belt", kind: "conveyor", pose: [-3, 0, Math.PI / 2], body: footprint }],
      vehicles: [
        {
          path: [
            [0, 3],
            [4, 3],
          ],
        },
      ],
      doors: [
        {
          id: "gate",
          wall: [
            [3, -2],
            [3, 0],
          ],
          openFor: 5,
          closedFor: 5,
        },
      ],
      robots: [robot("any", 0, 0)],
    });
    const robots = [robot("a", -3, 0.55), robot("b", 1.5, 3), robot("c", 2.8, -1), robot("d", 0, 0)];
    expect(findMisplaced({ ...FLOOR, sites, vehicles, doors, robots })).toEqual([
      { robot: 0, touches: ["the body of belt"] },
      { robot: 1, touches: ["vehicles.0"] },
      { robot: 2, touches: ["the door gate"] },
    ]);
  });

  it("tells both of two robots that stand in each other", () => {
    expect(findMisplaced({ ...FLOOR, robots: [robot("a", 0, 0), robot("b", 0.5, 0.2, 1)] })).toEqual([
      { robot: 0, touches: ["robot b"] },
      { robot: 1, touches: ["robot a"] },
    ]);
  });

  it("refuses walls and what lies outside of them", () => {
    const robots = [robot("within", 4.6, 0), robot("wall", 4.8, 2), robot("outside", 9, 0)];
    expect(findMisplaced({ ...FLOOR, robots })).toEqual([
      { robot: 1, touches: ["what is occupied on the map"] },
      { robot: 2, touches: ["the outside of the map's walls"] },
    ]);
  });

  it("refuses what is occupied on a map", () => {
    const file = new URL("../../config/maps/warehouse.yaml", import.meta.url).pathname;
    const map = readMapFile(file).occupancy;
    expect(findMisplaced({ map, obstacles: [], robots: [robot("free", -5.5, -1), robot("rack", -1.1, -10)] })).toEqual([
      { robot: 1, touches: ["what is occupied on the map"] },
    ]);
  });
});
