import type { Point } from "#lib/geometry";
import type { Mark, RunRecord } from "../record.ts";
import { element, group, type Markup } from "./markup.ts";
import { COLOUR, TYPE } from "./style.ts";
import { textAt, textWidth } from "./text.ts";

/** A mark with its number, which is the same on the map, on the time axis and in the list. */
export interface NumberedMark extends Mark {
  readonly number: number;
  readonly deviceAt: number;
}

/** All marks of the run in the order of time, numbered from 1 across devices. */
export function numberMarks(record: RunRecord): NumberedMark[] {
  return record.devices
    .flatMap((device, deviceAt) => device.marks.map((mark) => ({ ...mark, deviceAt })))
    .toSorted((a, b) => a.t - b.t)
    .map((mark, at) => ({ ...mark, number: at + 1 }));
}

export const PIN_PX = 17;

/** Width of a pin, in pixels: as high as wide, until the number has three digits. */
export function pinWidth(number: number): number {
  return Math.max(PIN_PX, textWidth(String(number), TYPE.small, "bold") + 4);
}

/**
 * The pin of a mark. Its shape tells who it is about: a filled disc the device, an open disc link and cloud, a red
 * square a fault, an open red square something that the robot did wrong.
 */
export function pin(mark: Pick<NumberedMark, "kind" | "number">, [x, y]: Point, colour: string): Markup {
  const { text, ...style } = pinStyle(mark.kind, colour);
  const [width, inset] = [pinWidth(mark.number), style.stroke === undefined ? 0 : 0.75];
  return group({}, [
    element("rect", {
      x: x - width / 2 + inset,
      y: y - PIN_PX / 2 + inset,
      width: width - 2 * inset,
      height: PIN_PX - 2 * inset,
      "stroke-width": style.stroke === undefined ? undefined : 2 * inset,
      ...style,
    }),
    textAt(x, y + 0.36 * TYPE.small, String(mark.number), {
      size: TYPE.small,
      anchor: "middle",
      weight: "bold",
      fill: text,
    }),
  ]);
}

interface PinStyle {
  readonly rx: number;
  readonly fill: string;
  readonly stroke?: string;
  readonly text: string;
}

function pinStyle(kind: Mark["kind"], colour: string): PinStyle {
  switch (kind) {
    case "fault":
      return { rx: 2, fill: COLOUR.failed, text: COLOUR.paper };
    case "violation":
      return { rx: 2, fill: COLOUR.paper, stroke: COLOUR.failed, text: COLOUR.failed };
    case "link":
    case "cloud":
      return { rx: PIN_PX / 2, fill: COLOUR.paper, stroke: colour, text: colour };
    case "stage":
    case "load":
      return { rx: PIN_PX / 2, fill: colour, text: COLOUR.paper };
  }
}
