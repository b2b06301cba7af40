import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { solidsOf } from "../space/scene.ts";
import { obstacleThing, type Surface, type Thing } from "../space/shapes.ts";
import { prepareTerrain } from "../space/terrain.ts";
import { LidarSpec } from "../world-spec.ts";
import { createLidar } from "./lidar.ts";

const terrain = prepareTerrain({ empty: [-20, -20, 20, 20] });
const pane = (surface: Surface): Thing =>
  obstacleThing("pane", {
    wall: [
      [2, -4],
      [2, 4],
    ],
    surface,
  });
const box = obstacleThing("box", {
  polygon: [
    [5, -6],
    [6, -6],
    [6, 6],
    [5, 6],
  ],
});

/** Range ahead and at 45 degrees to the left of a perfect lidar at the origin. */
function look(things: readonly Thing[], spec: object = {}): { ahead: number; aside: number } {
  const lidar = createLidar(LidarSpec.parse({ rangeSigma: 0, dropout: 0, ...spec }), createRng(1));
  const ranges = lidar.sweep({ x: 0, y: 0, yaw: 0 }, solidsOf(terrain, things), 1);
  return { ahead: ranges[180]!, aside: ranges[225]! };
}

describe("glass", () => {
  it("answers rays that come straight on and lets slanting ones pass", () => {
    const { ahead, aside } = look([pane("glass"), box]);
    expect(ahead).toBeCloseTo(2, 5);
    expect(aside).toBeCloseTo(5 * Math.SQRT2, 4);
  });

  it("hides nothing that stands in front of it", () => {
    const near: Thing = { shape: "circle", id: "c", x: 1, y: 0, radius: 0.2 };
    expect(look([pane("glass"), near]).ahead).toBeCloseTo(0.8, 5);
  });
});

describe("a mirror", () => {
  it("shows slanting rays what stands before it, at the length of their whole way", () => {
    // From (0, 0) to the mirror at (2, 2), and from there back to a post at (0, 4).
    const post: Thing = { shape: "circle", id: "c", x: 0, y: 4, radius: 0.2 };
    const { ahead, aside } = look([pane("mirror"), box, post]);
    expect(ahead).toBeCloseTo(2, 5);
    expect(aside).toBeCloseTo(4 * Math.SQRT2 - 0.2, 4);
  });

  it("leads nowhere when nothing is in its picture within the range", () => {
    expect(look([pane("mirror"), box]).aside).toBe(Infinity);
  });
});

it("answers from between two things at an edge, if it mixes pixels", () => {
  const scan = createLidar(LidarSpec.parse({ rangeSigma: 0, dropout: 0, mixedPixels: 1 }), createRng(2));
  const post: Thing = { shape: "circle", id: "c", x: 2, y: 0, radius: 0.5 };
  const ranges = scan.sweep({ x: 0, y: 0, yaw: 0 }, solidsOf(terrain, [post, box]), 1);
  const between = ranges.slice(150, 210).filter((range) => range > 2.1 && range < 4.9);
  expect(between.length).toBeGreaterThan(0);
  expect(between.length).toBeLessThanOrEqual(2);
});
