import type { Point } from "#lib/geometry";
import type { DeviceRecord } from "../record.ts";
import { element, group, type Markup } from "./markup.ts";
import type { PageBlock } from "./side-lists.ts";
import { COLOUR, TYPE } from "./style.ts";
import { textAt } from "./text.ts";
import { type TimeScale, timeToPage } from "./time-scale.ts";
import { diamondPath } from "./track-layer.ts";
import { linePath, simplify, spaced } from "./track-geometry.ts";

const HEIGHT_PX = 56;
const DIAMOND_EVERY_PX = 22;
/** Half a percent moves a line by more than its width. */
const SPANS = [0.04, 0.1, 0.2, 0.4, 0.6, 1] as const;

/** State of charge: solid as measured, diamonds as projected. The axis shows only the range that was used. */
export function batteryChart(device: DeviceRecord, scale: TimeScale, y: number, colour: string): PageBlock {
  const shares = device.battery.flatMap(({ actual, projected }) =>
    projected === undefined ? [actual] : [actual, projected],
  );
  if (shares.length === 0) return { markup: group({}, []), height: 0 };
  const range = rangeOf(shares);
  const place = (t: number, share: number): Point => [
    timeToPage(scale, t),
    y + HEIGHT_PX * (1 - (share - range.from) / (range.to - range.from)),
  ];
  const actual = device.battery.map((sample) => place(sample.t, sample.actual));
  return {
    markup: group({}, [
      gridLines(range, scale, y),
      element("path", { d: linePath(simplify(actual, 0.3)), fill: "none", stroke: colour, "stroke-width": 1.6 }),
      group(
        { fill: COLOUR.paper, stroke: COLOUR.projected, "stroke-width": 1.2 },
        projectedPieces(device).map((piece) => projectedLine(piece.map(({ t, share }) => place(t, share)))),
      ),
    ]),
    height: HEIGHT_PX,
  };
}

interface ShareRange {
  readonly from: number;
  readonly to: number;
}

/** The narrowest of a few round ranges around the values, on round ends. */
function rangeOf(shares: readonly number[]): ShareRange {
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  for (const span of SPANS) {
    const step = span / 2;
    const from = Math.min(Math.floor(least / step + 1e-9) * step, 1 - span);
    if (most <= from + span + 1e-9) return { from, to: from + span };
  }
  return { from: 0, to: 1 };
}

function gridLines({ from, to }: ShareRange, scale: TimeScale, y: number): Markup {
  const levels = [to, (from + to) / 2, from];
  return group(
    {},
    levels.flatMap((share, at) => {
      const level = y + (HEIGHT_PX * at) / 2;
      return [
        element("path", { d: `M${scale.left} ${level}H${scale.right}`, stroke: COLOUR.hairline, "stroke-width": 1 }),
        textAt(scale.left - 8, level + 4, `${Math.round(share * 100)} %`, {
          size: TYPE.small,
          anchor: "end",
          fill: COLOUR.muted,
        }),
      ];
    }),
  );
}

function projectedLine(points: readonly Point[]): Markup {
  const diamonds = spaced(points, DIAMOND_EVERY_PX).map((at) => diamondPath(points[at]!));
  return group({}, [
    element("path", {
      d: linePath(simplify(points, 0.3)),
      fill: "none",
      "stroke-dasharray": "1.5 3",
      "stroke-width": 1.5,
    }),
    element("path", { d: diamonds.join("") }),
  ]);
}

/** Runs of neighbouring samples that have a projection. */
function projectedPieces(device: DeviceRecord): { t: number; share: number }[][] {
  const pieces: { t: number; share: number }[][] = [];
  let isOpen = false;
  for (const { t, projected } of device.battery) {
    if (projected !== undefined && !isOpen) pieces.push([]);
    if (projected !== undefined) pieces.at(-1)!.push({ t, share: projected });
    isOpen = projected !== undefined;
  }
  return pieces;
}
