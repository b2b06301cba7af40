import { OCCUPIED } from "#contract/occupancy-grid";
import type { Zone } from "#contract/spatial";
import type { Point } from "#lib/geometry";
import type { RunRecord } from "../record.ts";
import { type Box, boundsOf, grown, holds, nearestIn } from "./box.ts";
import { type LabelRequest, type Placement, placeLabels } from "./label-placement.ts";
import { zoneMeaning } from "./map-layer.ts";
import { element, group, type Markup } from "./markup.ts";
import { type NumberedMark, PIN_PX, pin, pinWidth } from "./numbered-marks.ts";
import { COLOUR, deviceColour, TYPE } from "./style.ts";
import { textAt, textWidth } from "./text.ts";
import { projectionGaps, trackPointsOnPage } from "./track-layer.ts";
import { toPage, type Viewport } from "./viewport.ts";

/** Names and pins on the map, none over another, and how many found no room. */
export interface MapLabels {
  readonly markup: Markup;
  readonly leftOut: number;
}

/** Places everything that is written on the map. `taken` are boxes of the page that are in use already. */
export function mapLabels(
  record: RunRecord,
  marks: readonly NumberedMark[],
  view: Viewport,
  taken: readonly Box[],
): MapLabels {
  const labels = [
    ...marks.flatMap((mark) => pinLabel(mark, view)),
    ...landmarkLabels(record, view),
    ...zoneLabels(record, view),
    ...gapLabels(record, view),
    ...deviceLabels(record, view),
    ...unmappedLabels(record, view),
  ].filter((label) => holds(view.panel, label.anchor));
  const placements = placeLabels(labels, {
    canvas: grown(view.panel, -4),
    taken,
    avoid: [
      ...record.devices.flatMap((device) => trackPointsOnPage(device, view, 4)),
      ...landmarkPoints(record, view),
      ...wallPoints(record, view),
    ],
  });
  const placed = labels.flatMap((label, at) => {
    const placement = placements[at];
    return placement === undefined ? [] : [{ label, placement }];
  });
  return {
    markup: group({}, [
      group(
        { stroke: COLOUR.ink, "stroke-width": 0.8, fill: "none" },
        placed.map(({ placement }) => leaderLine(placement)),
      ),
      ...placed.map(({ label, placement }) => label.draw(placement.box)),
    ]),
    leftOut: labels.length - placed.length,
  };
}

interface MapLabel extends LabelRequest {
  readonly draw: (box: Box) => Markup;
}

/** More of them than this are told by the key alone. */
const UNMAPPED_LABELS_AT_MOST = 6;

function pinLabel(mark: NumberedMark, view: Viewport): MapLabel[] {
  if (mark.at === undefined) return [];
  return [
    {
      anchor: toPage(view, mark.at),
      width: pinWidth(mark.number),
      height: PIN_PX,
      clearance: 6,
      seat: "beside",
      draw: (box) => pin(mark, [box.x + box.width / 2, box.y + box.height / 2], deviceColour(mark.deviceAt)),
    },
  ];
}

function landmarkLabels(record: RunRecord, view: Viewport): MapLabel[] {
  return record.landmarks.map(({ id, pose }) =>
    wordLabel(id, toPage(view, [pose[0], pose[1]]), { clearance: 6, seat: "beside", fill: COLOUR.ink, weight: "bold" }),
  );
}

function zoneLabels(record: RunRecord, view: Viewport): MapLabel[] {
  return record.zones.flatMap((zone) => {
    const box = boundsOf(zone.polygon.map(([x, y]) => toPage(view, [x, y])));
    if (box === undefined) return [];
    const text = zoneText(zone);
    const anchor = zoneSeat(box, textWidth(text, TYPE.small), view.panel);
    return [wordLabel(text, anchor, { clearance: 0, seat: "centre", fill: zoneInk(zone.kind) })];
  });
}

function gapLabels(record: RunRecord, view: Viewport): MapLabel[] {
  return record.devices.flatMap((device) =>
    projectionGaps(device, view).map(({ believed, actual, metres }) => {
      const middle: Point = [(believed[0] + actual[0]) / 2, (believed[1] + actual[1]) / 2];
      const text = `${metres.toFixed(1)} m apart`;
      return wordLabel(text, middle, { clearance: 5, seat: "beside", fill: COLOUR.projected, weight: "bold" });
    }),
  );
}

function deviceLabels(record: RunRecord, view: Viewport): MapLabel[] {
  return record.devices.flatMap((device, at) => {
    const first = device.truth[0];
    if (first === undefined) return [];
    const anchor = toPage(view, [first.x, first.y]);
    return [
      wordLabel(`${device.id} starts`, anchor, {
        clearance: 10,
        seat: "beside",
        fill: deviceColour(at),
        weight: "bold",
      }),
    ];
  });
}

function unmappedLabels(record: RunRecord, view: Viewport): MapLabel[] {
  if (record.unmapped.length > UNMAPPED_LABELS_AT_MOST) return [];
  return record.unmapped.flatMap((obstacle) => {
    const places: readonly Point[] = obstacle.kind === "circle" ? [[obstacle.x, obstacle.y]] : obstacle.points;
    const box = boundsOf(places.map((place) => toPage(view, place)));
    if (box === undefined) return [];
    const radius =
      obstacle.kind === "circle" ? obstacle.radius * view.pixelsPerMetre : Math.max(box.width, box.height) / 2;
    const anchor: Point = [box.x + box.width / 2, box.y + box.height / 2];
    return [wordLabel("not on the map", anchor, { clearance: radius + 1, seat: "beside", fill: COLOUR.ink })];
  });
}

interface WordStyle {
  readonly clearance: number;
  readonly seat: LabelRequest["seat"];
  readonly fill: string;
  readonly weight?: "bold";
}

function wordLabel(text: string, anchor: Point, { clearance, seat, fill, weight }: WordStyle): MapLabel {
  const style = { size: TYPE.small, fill, ...(weight === undefined ? {} : { weight }) };
  // Names of areas stand on what fills the area; a narrow rim would let its hatch come too near to the letters.
  const rimPx = seat === "centre" ? 6 : 3;
  return {
    anchor,
    clearance,
    seat,
    width: textWidth(text, TYPE.small, weight),
    height: TYPE.small * 1.25,
    draw: (box) =>
      textAt(box.x + box.width / 2, box.y + TYPE.small * 0.98, text, { ...style, anchor: "middle", rimPx }),
  };
}

/** In the upper left corner of what shows of a zone, or in the middle of one that is hardly wider than its name. */
function zoneSeat(zone: Box, width: number, panel: Box): Point {
  const [left, top] = nearestIn(panel, [zone.x, zone.y]);
  const [right, bottom] = nearestIn(panel, [zone.x + zone.width, zone.y + zone.height]);
  if (right - left < width * 1.4) return [(left + right) / 2, (top + bottom) / 2];
  return [left + width / 2 + 8, Math.min((top + bottom) / 2, top + 14)];
}

function zoneText(zone: Zone): string {
  const limit = zone.maxSpeed === undefined ? "" : ` ${zone.maxSpeed} m/s`;
  return `${zone.id} · ${zoneMeaning(zone.kind)}${limit}`;
}

function zoneInk(kind: Zone["kind"]): string {
  if (kind === "keepout") return COLOUR.keepout;
  return kind === "speed-limit" || kind === "slow-near-people" ? COLOUR.slowText : COLOUR.muted;
}

function leaderLine({ leader }: Placement): Markup {
  if (leader === undefined) return group({}, []);
  const [[x1, y1], [x2, y2]] = leader;
  return element("line", { x1, y1, x2, y2 });
}

/** The four edges of each landmark's symbol. */
function landmarkPoints(record: RunRecord, view: Viewport): Point[] {
  return record.landmarks.flatMap(({ pose }) => {
    const [x, y] = toPage(view, [pose[0], pose[1]]);
    return [
      [x - 5, y],
      [x + 5, y],
      [x, y - 5],
      [x, y + 5],
    ] as Point[];
  });
}

/** Pitch at which walls are looked up for labels, in pixels. */
const WALL_PITCH_PX = 7;

function wallPoints({ map }: RunRecord, view: Viewport): Point[] {
  const reach = WALL_PITCH_PX / view.pixelsPerMetre / map.resolution;
  const points: Point[] = [];
  const [fromColumn, fromRow] = [
    (view.region.x - map.originX) / map.resolution,
    (view.region.y - map.originY) / map.resolution,
  ];
  const [columns, rows] = [view.region.width / map.resolution, view.region.height / map.resolution];
  for (let row = 0; row < rows; row += reach) {
    for (let column = 0; column < columns; column += reach) {
      if (!hasWall(map, fromColumn + column, fromRow + row, reach)) continue;
      points.push(
        toPage(view, [
          map.originX + (fromColumn + column + reach / 2) * map.resolution,
          map.originY + (fromRow + row + reach / 2) * map.resolution,
        ]),
      );
    }
  }
  return points;
}

function hasWall(map: RunRecord["map"], column: number, row: number, reach: number): boolean {
  const [left, bottom] = [Math.max(0, Math.floor(column)), Math.max(0, Math.floor(row))];
  const [right, top] = [Math.min(map.width, column + reach), Math.min(map.height, row + reach)];
  for (let y = bottom; y < top; y++) {
    for (let x = left; x < right; x++) if (map.cells[y * map.width + x] === OCCUPIED) return true;
  }
  return false;
}
