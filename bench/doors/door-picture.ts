import type { Point } from "#lib/geometry";
import { placeOutline } from "#sim/world/space/shapes";
import { element, group, type Markup } from "#sim/report/markup";
import type { DriveRecord } from "../single-drive.ts";
import type { Door } from "./door-world.ts";

const PIXELS_PER_METRE = 50;
const HALF = 6.5;

/** A run seen from above: the wall, the way that was driven with the robot each second, and what it meant to follow in the end. */
export function pictureOf(door: Door, run: DriveRecord, outline: readonly Point[]): string {
  const edge = 2 * HALF * PIXELS_PER_METRE;
  const title = `door ${door.seed}: ${run.outcome}, ${run.seconds.toFixed(1)} s, least room ${run.minClearance.toFixed(3)} m`;
  const shown = run.track.filter((_, at) => at % 5 === 0 || at === run.track.length - 1);
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: edge, height: edge + 24, viewBox: `0 -24 ${edge} ${edge + 24}` },
    element("rect", { x: 0, y: -24, width: edge, height: edge + 24, fill: "#fff" }),
    element("text", { x: 6, y: -8, "font-family": "sans-serif", "font-size": 12 }, title),
    group({ transform: `scale(${PIXELS_PER_METRE}) translate(${HALF} ${HALF}) scale(1 -1)` }, [
      ...door.walls.map((wall) => element("polygon", { points: listOf(wall), fill: "#333" })),
      disc(door.start, "#06c"),
      disc(door.goal, "#0a0"),
      ...shown.map((pose) =>
        element("polygon", { points: listOf(placeOutline(outline, pose)), fill: "#06c", "fill-opacity": 0.12 }),
      ),
      line(
        run.track.map(({ x, y }): Point => [x, y]),
        "#06c",
      ),
      line(run.route, "#c60"),
    ]),
  ).markup;
}

function disc({ x, y }: { readonly x: number; readonly y: number }, fill: string): Markup {
  return element("circle", { cx: x.toFixed(3), cy: y.toFixed(3), r: "0.1", fill });
}

function line(points: readonly Point[], stroke: string): Markup {
  return element("polyline", { points: listOf(points), fill: "none", stroke, "stroke-width": "0.03" });
}

function listOf(points: readonly Point[]): string {
  return points.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(" ");
}
