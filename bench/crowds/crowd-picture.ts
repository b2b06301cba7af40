import { placeOutline } from "#sim/world/space/shapes";
import { element, group, type Markup } from "#sim/report/markup";
import { outlineGrid } from "#sim/report/grid-outline";
import type { Point } from "#lib/geometry";
import type { Crowd, Ground } from "./crowd-world.ts";
import type { CrowdRun } from "./crowd-run.ts";

const PIXELS_PER_METRE = 32;
const MARGIN = 2;

/** A run seen from above: the way that was driven, and where everybody was when the robot came nearest to somebody. */
export function pictureOf({ terrain, profile }: Ground, crowd: Crowd, run: CrowdRun, title: string): string {
  const shown: Point[] = [
    [crowd.start.x, crowd.start.y],
    [crowd.goal.x, crowd.goal.y],
    ...run.track.map(({ x, y }): Point => [x, y]),
  ];
  const [left, right] = [Math.min(...shown.map(([x]) => x)) - MARGIN, Math.max(...shown.map(([x]) => x)) + MARGIN];
  const [low, high] = [Math.min(...shown.map(([, y]) => y)) - MARGIN, Math.max(...shown.map(([, y]) => y)) + MARGIN];
  const region = { x: left, y: low, width: right - left, height: high - low };
  const map = outlineGrid(terrain.grid, region, { blockAtLeast: 0.05, charactersAtMost: 150_000 });
  const toPage = `translate(0 ${region.height}) scale(1 -1) translate(${-left} ${-low})`;
  const walls = element("path", {
    d: map.walls,
    transform: `translate(${map.x} ${map.y}) scale(${map.block})`,
    fill: "#333",
    "fill-rule": "evenodd",
  });
  const [width, height] = [region.width * PIXELS_PER_METRE, region.height * PIXELS_PER_METRE];
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height: height + 24, viewBox: `0 -24 ${width} ${height + 24}` },
    element("rect", { x: 0, y: -24, width, height: height + 24, fill: "#fff" }),
    element("text", { x: 8, y: -7, "font-family": "sans-serif", "font-size": 13 }, title),
    group({ transform: `scale(${PIXELS_PER_METRE})` }, [
      group({ transform: toPage }, [walls, ...scene(crowd, run, profile.footprint)]),
    ]),
  ).markup;
}

function scene(crowd: Crowd, run: CrowdRun, footprint: Ground["profile"]["footprint"]): Markup[] {
  const { nearest, track, collisions } = run;
  const way = track.map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
  return [
    polygon(crowd.slow.polygon, { fill: "#fd0", "fill-opacity": 0.2 }),
    ...crowd.vehicles.map(({ path }) => line(path, "#c60")),
    ...crowd.people.flatMap((person) => ("path" in person ? [line(person.path, "#999")] : [])),
    element("polyline", { points: way, fill: "none", stroke: "#06c", "stroke-width": 0.06 }),
    circle(crowd.start.x, crowd.start.y, 0.12, "#06c"),
    circle(crowd.goal.x, crowd.goal.y, 0.2, "#0a0"),
    ...nearest.people.map(({ x, y, radius }) => circle(x, y, radius, "#a0a")),
    polygon(placeOutline(footprint, nearest.pose), { fill: "#06c", "fill-opacity": 0.4 }),
    ...collisions.map(({ pose }) => circle(pose.x, pose.y, 0.3, "#e00")),
  ];
}

function circle(cx: number, cy: number, r: number, fill: string): Markup {
  return element("circle", { cx, cy, r, fill, "fill-opacity": 0.7 });
}

function polygon(points: readonly Point[], style: Readonly<Record<string, string | number>>): Markup {
  return element("polygon", { points: listOf(points), ...style });
}

function line(points: readonly Point[], stroke: string): Markup {
  return element("polyline", {
    points: listOf(points),
    fill: "none",
    stroke,
    "stroke-width": 0.05,
    "stroke-dasharray": "0.2 0.15",
  });
}

function listOf(points: readonly Point[]): string {
  return points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
}
