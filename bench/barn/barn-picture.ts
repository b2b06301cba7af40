import type { Point } from "#lib/geometry";
import { placeOutline } from "#sim/world/space/shapes";
import { element, group, type Markup } from "#sim/report/markup";
import type { BarnRun } from "./barn-run.ts";
import { type BarnWorld, CYLINDER_RADIUS, GOAL, outlineOf, START, type Variant } from "./barn-world.ts";

const PIXELS_PER_METRE = 60;
const [LEFT, LOW, WIDTH, HEIGHT] = [-5, -0.3, 5.5, 13.8] as const;

/** A run seen from above: the way that was driven, coloured by speed, the robot each second, and what it meant to follow in the end. */
export function pictureOf(world: BarnWorld, variant: Variant, run: BarnRun): string {
  const [width, height] = [WIDTH * PIXELS_PER_METRE, HEIGHT * PIXELS_PER_METRE];
  const title = `${variant.name} world ${run.world} seed ${run.seed}: ${run.outcome}, ${run.seconds.toFixed(1)} s, score ${run.score.toFixed(3)}`;
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height: height + 24, viewBox: `0 -24 ${width} ${height + 24}` },
    element("rect", { x: 0, y: -24, width, height: height + 24, fill: "#fff" }),
    element("text", { x: 6, y: -8, "font-family": "sans-serif", "font-size": 10 }, title),
    group({ transform: `scale(${PIXELS_PER_METRE}) translate(0 ${HEIGHT}) scale(1 -1) translate(${-LEFT} ${-LOW})` }, [
      ...world.cylinders.map(([x, y]) => disc(x, y, CYLINDER_RADIUS, "#333")),
      disc(START.x, START.y, 0.08, "#06c"),
      disc(GOAL.x, GOAL.y, 0.12, "#0a0"),
      ...bodies(variant, run),
      polyline(
        run.track.map(({ x, y }): Point => [x, y]),
        "#06c",
      ),
      polyline(run.route, "#c60"),
    ]),
  ).markup;
}

function bodies(variant: Variant, { track }: BarnRun): Markup[] {
  const outline = outlineOf(variant);
  const shown = track.filter((_, at) => at % 5 === 0 || at === track.length - 1);
  return shown.map((pose, at) =>
    element("polygon", {
      points: listOf(placeOutline(outline, pose)),
      fill: "#06c",
      "fill-opacity": at === shown.length - 1 ? 0.5 : 0.08,
    }),
  );
}

function disc(cx: number, cy: number, r: number, fill: string): Markup {
  return element("circle", { cx: cx.toFixed(3), cy: cy.toFixed(3), r: r.toFixed(3), fill });
}

function polyline(points: readonly Point[], stroke: string): Markup {
  return element("polyline", { points: listOf(points), fill: "none", stroke, "stroke-width": "0.03" });
}

function listOf(points: readonly Point[]): string {
  return points.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(" ");
}
