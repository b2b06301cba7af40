import { compose, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { DeviceRecord, ProjectedPoint } from "../record.ts";
import { element, group, type Markup } from "./markup.ts";
import { COLOUR } from "./style.ts";
import {
  distinctRoutes,
  linePath,
  placeAt,
  projectedRuns,
  simplify,
  spaced,
  spansOf,
  trackBetween,
} from "./track-geometry.ts";
import { toPage, type Viewport } from "./viewport.ts";

/** Half the width of a line on the page: what simplifying may cost before it shows. */
const TOLERANCE_PX = 0.3;
const ROUTE_TOLERANCE: Metres = 0.4;
const CHEVRON_EVERY_PX = 90;
const DIAMOND_EVERY_PX = 13;
const CIRCLE_EVERY_PX = 52;
const CIRCLES_AT_MOST = 100;
const ROUTE_POINTS_AT_MOST = 100;

/** The routes that the device announced: thin dashes. */
export function plannedLayer(device: DeviceRecord, view: Viewport): Markup {
  return group(
    { fill: "none", stroke: COLOUR.planned, "stroke-width": 1, "stroke-dasharray": "5 4" },
    distinctRoutes(
      device.planned.map((plan) => plan.points),
      ROUTE_TOLERANCE,
    ).map((route) => line(onPage(route, view), ROUTE_POINTS_AT_MOST)),
  );
}

/** A wide pale band under the part of the track that was driven without a link. */
export function offlineBandLayer(device: DeviceRecord, duration: number, view: Viewport): Markup {
  const outages = spansOf(device.link, duration, (change) => change.isOnline).filter((span) => !span.value);
  return group(
    { fill: "none", stroke: COLOUR.offline, "stroke-width": 11, "stroke-opacity": 0.3, "stroke-linejoin": "round" },
    outages.map(({ from, to }) => line(positions(trackBetween(device.truth, from, to), view))),
  );
}

/** Where the device really was: a solid line with chevrons along the way. */
export function truthLayer(device: DeviceRecord, colour: string, view: Viewport): Markup {
  const points = positions(device.truth, view);
  return group({ fill: "none", stroke: colour, "stroke-width": 2, "stroke-linejoin": "round" }, [
    line(points),
    element("path", { d: chevrons(points), "stroke-width": 1.5 }),
  ]);
}

/** Where the cloud believed the device to be: diamonds on a dotted line, in circles of one standard deviation. */
export function projectedLayer(device: DeviceRecord, view: Viewport): Markup {
  return group(
    { stroke: COLOUR.projected, fill: "none", "stroke-width": 1 },
    projectedRuns(device).flatMap((run) => {
      const points = positions(run, view);
      return [
        ...spaced(points, CIRCLE_EVERY_PX, CIRCLES_AT_MOST).map((at) => uncertaintyCircle(points[at]!, run[at]!, view)),
        element("path", {
          d: linePath(simplify(points, TOLERANCE_PX)),
          "stroke-dasharray": "1.5 3",
          "stroke-width": 1.5,
        }),
        element("path", {
          d: spaced(points, DIAMOND_EVERY_PX)
            .map((at) => diamondPath(points[at]!))
            .join(""),
          fill: COLOUR.paper,
          "stroke-width": 1.2,
        }),
      ];
    }),
  );
}

/** The outline of the device at the start, at moments worth a mark, and (stronger) at the end. */
export function footprintLayer(device: DeviceRecord, colour: string, view: Viewport): Markup {
  const [first, last] = [device.truth[0], device.truth.at(-1)];
  if (first === undefined || last === undefined) return group({}, []);
  const placed = device.marks.filter((mark) => mark.at !== undefined);
  const between = placed.flatMap((mark) => placeAt(device.truth, mark.t) ?? []);
  const quiet = { "fill-opacity": 0.1, "stroke-opacity": 0.6 };
  return group({ fill: colour, stroke: colour, "stroke-width": 1.2, "stroke-linejoin": "round" }, [
    ...[first, ...between].map((pose) => footprint(device, pose, view, quiet)),
    footprint(device, last, view, { "fill-opacity": 0.35 }),
  ]);
}

/** A distance between belief and truth at the end of an outage, on the page. */
export interface ProjectionGap {
  readonly believed: Point;
  readonly actual: Point;
  readonly metres: Metres;
}

/** Gaps below this are within the width of the lines that would show them. */
const GAP_AT_LEAST: Metres = 0.3;

export function projectionGaps(device: DeviceRecord, view: Viewport): ProjectionGap[] {
  return projectedRuns(device).flatMap((run) => {
    const last = run.at(-1)!;
    const actual = placeAt(device.truth, last.t);
    if (actual === undefined) return [];
    const metres = Math.hypot(actual.x - last.x, actual.y - last.y);
    if (metres < GAP_AT_LEAST) return [];
    return [{ believed: toPage(view, [last.x, last.y]), actual: toPage(view, [actual.x, actual.y]), metres }];
  });
}

/** A dimension line, as on a drawing, between belief and truth. */
export function gapLayer(gaps: readonly ProjectionGap[]): Markup {
  return group(
    { stroke: COLOUR.projected, "stroke-width": 1.2, fill: COLOUR.projected },
    gaps.map(({ believed, actual }) =>
      group({}, [
        line([believed, actual]),
        element("circle", { cx: believed[0], cy: believed[1], r: 2.5 }),
        element("circle", { cx: actual[0], cy: actual[1], r: 2.5 }),
      ]),
    ),
  );
}

/** Path data of the diamond that marks a projected place. */
export function diamondPath([x, y]: Point): string {
  return `${linePath([
    [x, y - 3.5],
    [x + 3.5, y],
    [x, y + 3.5],
    [x - 3.5, y],
  ])}Z`;
}

/** Path data of a chevron that points along the direction (dx, dy), which has length one. */
export function chevronPath([x, y]: Point, dx: number, dy: number): string {
  const wing = (side: number): Point => [x - 4 * dx + side * 4 * dy, y - 4 * dy - side * 4 * dx];
  return linePath([wing(1), [x, y], wing(-1)]);
}

/** Places on the page, thinned to what the eye can tell apart; labels keep off them. */
export function trackPointsOnPage(device: DeviceRecord, view: Viewport, stepPx: number): Point[] {
  const lines = [positions(device.truth, view), ...projectedRuns(device).map((run) => positions(run, view))];
  return lines.flatMap((points) => spaced(points, stepPx).map((at) => points[at]!));
}

function chevrons(points: readonly Point[]): string {
  const seats = spaced(points, CHEVRON_EVERY_PX).slice(1, -1);
  return seats
    .map((at) => {
      const [[ax, ay], [bx, by]] = [points[Math.max(0, at - 2)]!, points[at]!];
      const length = Math.hypot(bx - ax, by - ay);
      return length === 0 ? "" : chevronPath([bx, by], (bx - ax) / length, (by - ay) / length);
    })
    .join("");
}

function uncertaintyCircle([cx, cy]: Point, { sigma }: ProjectedPoint, view: Viewport): Markup {
  return element("circle", {
    cx,
    cy,
    r: sigma * view.pixelsPerMetre,
    fill: COLOUR.projected,
    "fill-opacity": 0.05,
    "stroke-opacity": 0.5,
    "stroke-width": 0.8,
  });
}

function footprint(device: DeviceRecord, pose: Pose, view: Viewport, style: Readonly<Record<string, number>>): Markup {
  const corners = device.footprint.map(([x, y]): Point => {
    const corner = compose(pose, { x, y, yaw: 0 });
    return toPage(view, [corner.x, corner.y]);
  });
  return element("path", { d: corners.length === 0 ? "" : `${linePath(corners)}Z`, ...style });
}

function positions(track: readonly { readonly x: Metres; readonly y: Metres }[], view: Viewport): Point[] {
  return track.map(({ x, y }) => toPage(view, [x, y]));
}

function onPage(route: readonly Point[], view: Viewport): Point[] {
  return route.map((point) => toPage(view, point));
}

function line(points: readonly Point[], countAtMost?: number): Markup {
  return element("path", { d: linePath(simplify(points, TOLERANCE_PX, countAtMost)) });
}
