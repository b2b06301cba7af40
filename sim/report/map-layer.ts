import type { Zone } from "#contract/spatial";
import type { Point } from "#lib/geometry";
import type { RunRecord, UnmappedObstacle } from "../record.ts";
import { nearestIn } from "./box.ts";
import { type GridOutline, outlineGrid } from "./grid-outline.ts";
import { type Attributes, element, group, type Markup, NOTHING } from "./markup.ts";
import { PATTERN } from "./patterns.ts";
import { COLOUR } from "./style.ts";
import { linePath } from "./track-geometry.ts";
import { toPage, type Viewport } from "./viewport.ts";

/** Smallest block of the map that is worth drawing, in pixels, and the room that its outlines may take. */
const BLOCK_PX = 1.5;
const OUTLINE_CHARACTERS_AT_MOST = 200_000;

/**
 * What the map shows: free space white, unknown space hatched in grey, walls dark. The ground keeps to the panel by itself,
 * so that it needs no clipping: resvg 2.6 ends the process on one clip inside another of much larger content.
 */
export function mapLayer({ map }: RunRecord, view: Viewport): { readonly ground: Markup; readonly walls: Markup } {
  const outline = outlineGrid(map, view.region, {
    blockAtLeast: BLOCK_PX / view.pixelsPerMetre,
    charactersAtMost: OUTLINE_CHARACTERS_AT_MOST,
  });
  const [left, bottom] = nearestIn(view.panel, toPage(view, [map.originX, map.originY]));
  const [right, top] = nearestIn(
    view.panel,
    toPage(view, [map.originX + map.width * map.resolution, map.originY + map.height * map.resolution]),
  );
  return {
    ground: group({}, [
      element("rect", { ...view.panel, fill: COLOUR.outside }),
      element("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: COLOUR.paper }),
      closedSpace(outline, view),
    ]),
    walls: outlinePath(outline, outline.walls, view, { fill: COLOUR.wall, "fill-rule": "evenodd" }),
  };
}

/** The zones that hold in the run, each kind with a line and a fill of its own. */
export function zoneLayer(zones: readonly Zone[], view: Viewport): Markup {
  return group(
    { "stroke-linejoin": "round" },
    zones.map((zone) => {
      const line = zone.polygon.map(([x, y]) => toPage(view, [x, y]));
      const area = element("path", { d: `${linePath(line)}Z`, ...zoneStyle(zone.kind) });
      return zone.kind === "one-way" ? group({}, [area, directionArrow(zone, line, view)]) : area;
    }),
  );
}

/** How a kind of zone is drawn, on the map and in the key. */
export function zoneStyle(kind: Zone["kind"]): Readonly<Record<string, string | number>> {
  switch (kind) {
    case "keepout":
      return { fill: PATTERN.keepout, stroke: COLOUR.keepout, "stroke-width": 1.5 };
    case "speed-limit":
      return { fill: COLOUR.slow, "fill-opacity": 0.14, stroke: COLOUR.slow, "stroke-width": 1 };
    case "slow-near-people":
      return {
        fill: COLOUR.slow,
        "fill-opacity": 0.07,
        stroke: COLOUR.slow,
        "stroke-width": 1,
        "stroke-dasharray": "2 3",
      };
    case "work":
      return { fill: "none", stroke: COLOUR.muted, "stroke-width": 1, "stroke-dasharray": "10 4" };
    case "no-stop":
      return {
        fill: COLOUR.muted,
        "fill-opacity": 0.08,
        stroke: COLOUR.muted,
        "stroke-width": 1,
        "stroke-dasharray": "6 3 1 3",
      };
    case "one-way":
      return { fill: COLOUR.muted, "fill-opacity": 0.08, stroke: COLOUR.muted, "stroke-width": 1 };
  }
}

/** What a kind of zone means, in the words of the key. */
export function zoneMeaning(kind: Zone["kind"]): string {
  switch (kind) {
    case "keepout":
      return "keep out";
    case "speed-limit":
      return "speed limit";
    case "slow-near-people":
      return "slow near people";
    case "work":
      return "work area";
    case "no-stop":
      return "no stopping";
    case "one-way":
      return "one way";
  }
}

/** Obstacles that the robot's map does not show. */
export function unmappedLayer(obstacles: readonly UnmappedObstacle[], view: Viewport): Markup {
  return group(
    { fill: PATTERN.unmapped, stroke: COLOUR.ink, "stroke-width": 2, "stroke-linejoin": "round" },
    obstacles.map((obstacle) => {
      if (obstacle.kind === "circle") {
        const [cx, cy] = toPage(view, [obstacle.x, obstacle.y]);
        return element("circle", { cx, cy, r: obstacle.radius * view.pixelsPerMetre });
      }
      const line = linePath(obstacle.points.map((point) => toPage(view, point)));
      return obstacle.kind === "wall" ? element("path", { d: line, fill: "none" }) : element("path", { d: `${line}Z` });
    }),
  );
}

/** Where doors are; whether they are open changes. */
export function doorLayer(doors: RunRecord["doors"], view: Viewport): Markup {
  return group(
    DOOR_STYLE,
    doors.map(({ line }) => element("path", { d: linePath(line.map((point) => toPage(view, point))) })),
  );
}

/** How a door is drawn, on the map and in the key. */
export const DOOR_STYLE = { fill: "none", stroke: COLOUR.ink, "stroke-width": 1.5, "stroke-dasharray": "3 3" };

/** A small diamond at each landmark, with a tick that tells which way the robot faces there. */
export function landmarkLayer(landmarks: RunRecord["landmarks"], view: Viewport): Markup {
  return group(
    { fill: COLOUR.paper, stroke: COLOUR.ink, "stroke-width": 1.2 },
    landmarks.map(({ pose: [x, y, yaw] }) => landmarkSymbol(toPage(view, [x, y]), yaw)),
  );
}

/** The symbol of a landmark on the page; the tick points along `yaw`. */
export function landmarkSymbol([x, y]: Point, yaw: number): Markup {
  const tip: Point = [x + 11 * Math.cos(yaw), y - 11 * Math.sin(yaw)];
  const square: Point[] = [
    [x - 4.5, y - 4.5],
    [x + 4.5, y - 4.5],
    [x + 4.5, y + 4.5],
    [x - 4.5, y + 4.5],
  ];
  return element("path", { d: `${linePath([[x, y], tip])}${linePath(square)}Z` });
}

const CLOSED_CLIP = "holdfast-closed";

/** Closed space clips a hatched panel instead of being hatched itself: a transformed path would scale the hatch too. */
function closedSpace(outline: GridOutline, view: Viewport): Markup {
  if (outline.closed === "") return NOTHING;
  return group({}, [
    element("clipPath", { id: CLOSED_CLIP }, outlinePath(outline, outline.closed, view, { "clip-rule": "evenodd" })),
    element("rect", { ...view.panel, fill: PATTERN.unknown, "clip-path": `url(#${CLOSED_CLIP})` }),
  ]);
}

function outlinePath(outline: GridOutline, path: string, view: Viewport, style: Attributes): Markup {
  if (path === "") return NOTHING;
  const scale = outline.block * view.pixelsPerMetre;
  const [x, y] = toPage(view, [outline.x, outline.y]);
  const numbers = [scale, 0, 0, -scale, x, y].map((value) => Number(value.toFixed(5)));
  return element("path", { d: path, transform: `matrix(${numbers.join(" ")})`, ...style });
}

function directionArrow(zone: Zone, outline: readonly Point[], view: Viewport): Markup {
  if (zone.direction === undefined) return NOTHING;
  const [sumX, sumY] = outline.reduce(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  const [x, y] = [sumX / outline.length, sumY / outline.length];
  const reach = Math.min(24, view.pixelsPerMetre);
  const at = (along: number, aside: number): Point => [
    x + along * Math.cos(zone.direction!) - aside * Math.sin(zone.direction!),
    y - along * Math.sin(zone.direction!) - aside * Math.cos(zone.direction!),
  ];
  const shaft = linePath([at(-reach, 0), at(reach, 0)]);
  const head = linePath([at(reach - 6, 5), at(reach, 0), at(reach - 6, -5)]);
  return element("path", { d: shaft + head, fill: "none", stroke: COLOUR.muted, "stroke-width": 1.5 });
}
