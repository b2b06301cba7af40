import type { DeviceRecord, RunRecord } from "../record.ts";
import { batteryChart } from "./battery-chart.ts";
import { gateBar } from "./gate-bar.ts";
import { element, group, type Markup, NOTHING } from "./markup.ts";
import type { NumberedMark } from "./numbered-marks.ts";
import { PATTERN } from "./patterns.ts";
import { pinRow } from "./pin-row.ts";
import type { PageBlock } from "./side-lists.ts";
import { stageChart } from "./stage-chart.ts";
import { COLOUR, deviceColour, LINE, TYPE } from "./style.ts";
import { fitText, textAt, textWidth } from "./text.ts";
import { clockText, timeScale, type TimeScale, timeToPage } from "./time-scale.ts";
import { type Span, spansOf } from "./track-geometry.ts";

/** Room for the names of the rows, left of the axis. */
const NAMES_PX = 118;
const BETWEEN_ROWS_PX = 10;
const BETWEEN_DEVICES_PX = 26;

/** One block a device above a common axis of simulated time. */
export function timeline(
  record: RunRecord,
  marks: readonly NumberedMark[],
  place: { readonly x: number; readonly y: number; readonly width: number },
): PageBlock {
  const scale = timelineScale(place, record.duration);
  let y = place.y;
  const blocks = record.devices.map((device, at) => {
    const own = marks.filter((mark) => mark.deviceAt === at);
    const block = deviceBlock(device, own, { x: place.x, y, scale, colour: deviceColour(at) });
    y += block.height + BETWEEN_DEVICES_PX;
    return block.markup;
  });
  if (record.devices.length > 0) y -= BETWEEN_DEVICES_PX - 10;
  return { markup: group({}, [...blocks, axis(scale, y)]), height: y + AXIS_PX - place.y };
}

/** Where moments stand on a timeline at a place. */
export function timelineScale(place: { readonly x: number; readonly width: number }, duration: number): TimeScale {
  return timeScale(place.x + NAMES_PX, place.x + place.width, duration);
}

interface RowPlace {
  readonly x: number;
  readonly y: number;
  readonly scale: TimeScale;
  readonly colour: string;
}

function deviceBlock(device: DeviceRecord, marks: readonly NumberedMark[], place: RowPlace): PageBlock {
  const { x, scale, colour } = place;
  const name = textAt(x, place.y + 13, fitText(device.id, NAMES_PX - 16, TYPE.body, "bold"), {
    size: TYPE.body,
    weight: "bold",
    fill: colour,
  });
  const pins = pinRow(marks, scale, place.y, colour);
  const top = place.y + Math.max(pins.height, LINE + 6);
  const rows = stackRows(
    top,
    [
      { name: "stages", draw: (y) => stageChart(device, scale, y, colour) },
      { name: "link", draw: (y) => linkBar(device, scale, y) },
      { name: "cloud sees it", draw: (y) => modeBar(device, scale, y, colour) },
      { name: "safety gate", draw: (y) => gateBar(device, scale, y) },
      { name: "battery", nameAt: "below", draw: (y) => batteryChart(device, scale, y + 6, colour) },
    ],
    x,
  );
  const bottom = top + rows.height;
  return {
    markup: group({}, [
      tickLines(scale, top, bottom),
      outageBands(device, scale, top, bottom),
      name,
      pins.markup,
      rows.markup,
    ]),
    height: bottom - place.y,
  };
}

interface Row {
  readonly name: string;
  readonly nameAt?: "below";
  readonly draw: (y: number) => PageBlock;
}

/** Draws rows below one another, the empty ones left out, each with its name at the left. */
function stackRows(top: number, rows: readonly Row[], x: number): PageBlock {
  let y = top;
  const drawn = rows.map((row) => {
    const block = row.draw(y);
    if (block.height === 0) return NOTHING;
    const baseline = y + LINE / 2 + 4;
    y += block.height + BETWEEN_ROWS_PX;
    return group({}, [textAt(x, baseline, row.name, { size: TYPE.small, fill: COLOUR.muted }), block.markup]);
  });
  return { markup: group({}, drawn), height: y - top };
}

function linkBar(device: DeviceRecord, scale: TimeScale, y: number): PageBlock {
  return stateBar(
    spansOf(device.link, scale.end, (change) => change.isOnline),
    scale,
    y,
    (isOnline) =>
      isOnline
        ? { text: "online", style: { fill: COLOUR.paper, stroke: COLOUR.faint } }
        : { text: "offline", style: { fill: PATTERN.offline, stroke: COLOUR.muted } },
  );
}

function modeBar(device: DeviceRecord, scale: TimeScale, y: number, colour: string): PageBlock {
  return stateBar(
    spansOf(device.modes, scale.end, (change) => change.mode),
    scale,
    y,
    (mode) => {
      switch (mode) {
        case "live":
          return { text: mode, style: { fill: COLOUR.paper, stroke: COLOUR.faint } };
        case "projected":
          return { text: mode, style: { fill: PATTERN.projected, stroke: COLOUR.projected } };
        case "reconciled":
          return { text: mode, style: { fill: colour, "fill-opacity": 0.2, stroke: colour } };
      }
    },
  );
}

interface StateLook {
  readonly text: string;
  readonly style: Readonly<Record<string, string | number>>;
}

/** A bar of states, each with its word on a white plate when there is room for it. */
function stateBar<T>(spans: readonly Span<T>[], scale: TimeScale, y: number, look: (value: T) => StateLook): PageBlock {
  if (spans.length === 0) return { markup: NOTHING, height: 0 };
  const pieces = spans.map(({ from, to, value }) => {
    const { text, style } = look(value);
    const [left, right] = [timeToPage(scale, from), timeToPage(scale, to)];
    const width = textWidth(text, TYPE.small);
    const middle = (left + right) / 2;
    const hasRoom = width + 10 <= right - left;
    return group({}, [
      element("rect", {
        x: left,
        y: y + 1,
        width: Math.max(1.5, right - left),
        height: LINE - 2,
        "stroke-width": 1,
        ...style,
      }),
      ...(hasRoom
        ? [
            element("rect", {
              x: middle - width / 2 - 3,
              y: y + 2,
              width: width + 6,
              height: LINE - 4,
              fill: COLOUR.paper,
            }),
            textAt(middle, y + LINE / 2 + 4, text, { size: TYPE.small, anchor: "middle" }),
          ]
        : []),
    ]);
  });
  return { markup: group({}, pieces), height: LINE };
}

function outageBands(device: DeviceRecord, scale: TimeScale, top: number, bottom: number): Markup {
  const outages = spansOf(device.link, scale.end, (change) => change.isOnline).filter((span) => !span.value);
  return group(
    { fill: COLOUR.offline, "fill-opacity": 0.12 },
    outages.map(({ from, to }) => {
      const x = timeToPage(scale, from);
      return element("rect", { x, y: top, width: timeToPage(scale, to) - x, height: bottom - top });
    }),
  );
}

function tickLines(scale: TimeScale, top: number, bottom: number): Markup {
  const path = scale.ticks.map((t) => `M${timeToPage(scale, t).toFixed(2)} ${top.toFixed(2)}V${bottom.toFixed(2)}`);
  return element("path", { d: path.join(""), stroke: COLOUR.hairline, "stroke-width": 1 });
}

const AXIS_PX = 24;

function axis(scale: TimeScale, y: number): Markup {
  const lines = scale.ticks.map((t) => `M${timeToPage(scale, t).toFixed(2)} ${y.toFixed(2)}v5`);
  const last = scale.ticks.length - 1;
  return group({}, [
    element("path", {
      d: `M${scale.left} ${y.toFixed(2)}H${scale.right}${lines.join("")}`,
      stroke: COLOUR.ink,
      "stroke-width": 1,
    }),
    textAt(scale.left - NAMES_PX, y + 18, "simulated time", { size: TYPE.small, fill: COLOUR.muted }),
    ...scale.ticks.map((t, at) => {
      const isAtEnd = at === last && scale.right - timeToPage(scale, t) < 20;
      return textAt(timeToPage(scale, t), y + 18, clockText(t), {
        size: TYPE.small,
        anchor: isAtEnd ? "end" : "middle",
        fill: COLOUR.muted,
      });
    }),
  ]);
}
