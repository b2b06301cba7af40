import type { RunRecord } from "../record.ts";
import { element, group, type Markup } from "./markup.ts";
import { type NumberedMark, pin } from "./numbered-marks.ts";
import { COLOUR, deviceColour, LINE, TYPE } from "./style.ts";
import { fitText, textAt, textWidth, wrapText } from "./text.ts";
import { clockText } from "./time-scale.ts";

/** Part of the page that tells how high it became. */
export interface PageBlock {
  readonly markup: Markup;
  readonly height: number;
}

/** A heading with a thin line under it. */
export function headingBlock(text: string, x: number, y: number, width: number): PageBlock {
  const markup = group({}, [
    textAt(x, y + 12, text, { size: TYPE.body, weight: "bold" }),
    element("path", { d: `M${x} ${y + 20}h${width}`, stroke: COLOUR.hairline, "stroke-width": 1 }),
  ]);
  return { markup, height: 28 };
}

/** One entry of a list, ready to be put somewhere. */
export interface ListRow {
  readonly height: number;
  readonly draw: (x: number, y: number) => Markup;
}

/** Where a list stands: its entries run down the first column, then down the next. */
export interface ListPlace {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  /** From the left edge of a column to that of the next. */
  readonly pitch: number;
}

/** Entries below one another, in columns of about the same height; the sentence when there are none. */
export function listBlock(rows: readonly ListRow[], whenEmpty: string, place: ListPlace): PageBlock {
  if (rows.length === 0) {
    const sentence = textAt(place.x, place.y + BASELINE, whenEmpty, { size: TYPE.body, fill: COLOUR.muted });
    return { markup: sentence, height: LINE + 3 };
  }
  const share = rows.reduce((sum, row) => sum + row.height, 0) / place.columns;
  let [before, column, columnTop, tallest] = [0, 0, 0, 0];
  const drawn = rows.map((row) => {
    const wanted = Math.min(place.columns - 1, Math.floor(before / share));
    if (wanted > column) [column, columnTop] = [wanted, before];
    const y = before - columnTop;
    before += row.height;
    tallest = Math.max(tallest, y + row.height);
    return row.draw(place.x + column * place.pitch, place.y + y);
  });
  return { markup: group({}, drawn), height: tallest };
}

/** The numbered marks in words. */
export function markRows(marks: readonly NumberedMark[], record: RunRecord, width: number): ListRow[] {
  return marks.map((mark) => {
    const device = record.devices.length > 1 ? `${record.devices[mark.deviceAt]!.id}: ` : "";
    const lines = wrapText(device + mark.text, width - TEXT_X, TYPE.body);
    return {
      height: Math.max(1, lines.length) * LINE + 3,
      draw: (x, y) =>
        group({}, [
          pin(mark, [x + 9, y + 9.5], deviceColour(mark.deviceAt)),
          timeCell(mark.t, x, y),
          ...lines.map((line, at) => textAt(x + TEXT_X, y + BASELINE + at * LINE, line, { size: TYPE.body })),
        ]),
    };
  });
}

/** Expectations that were missed, in words: since when, which, and what was found instead. */
export function missedRows({ expectations }: RunRecord, width: number): ListRow[] {
  return expectations.flatMap(({ name, detail, verdict }): ListRow[] => {
    if (verdict.is === "met") return [];
    const head = wrapText(
      verdict.how === "never-held" ? `${name}: never held` : name,
      width - TEXT_X,
      TYPE.body,
      "bold",
    );
    const lines = wrapText(detail, width - TEXT_X, TYPE.body);
    return [
      {
        height: (head.length + lines.length) * LINE + 6,
        draw: (x, y) =>
          group({}, [
            timeCell(verdict.t, x, y),
            ...head.map((line, at) =>
              textAt(x + TEXT_X, y + BASELINE + at * LINE, line, {
                size: TYPE.body,
                weight: "bold",
                fill: COLOUR.failed,
              }),
            ),
            ...lines.map((line, at) =>
              textAt(x + TEXT_X, y + BASELINE + (at + head.length) * LINE, line, { size: TYPE.body }),
            ),
          ]),
      },
    ];
  });
}

/** What each reconciliation found, in words, with the size of each finding. */
export function divergenceRows(record: RunRecord, width: number): ListRow[] {
  return record.devices
    .flatMap((device) => device.divergences.map((item) => ({ ...item, id: device.id })))
    .toSorted((a, b) => a.t - b.t)
    .map((item) => {
      const head = record.devices.length > 1 ? `${item.id}: ${item.kind}` : item.kind;
      const shown = fitText(head, width - TEXT_X - textWidth(item.size, TYPE.small) - 24, TYPE.body, "bold");
      const lines = wrapText(item.text, width - TEXT_X, TYPE.body);
      return {
        height: (lines.length + 1) * LINE + 6,
        draw: (x, y) =>
          group({}, [
            timeCell(item.t, x, y),
            textAt(x + TEXT_X, y + BASELINE, shown, { size: TYPE.body, weight: "bold" }),
            sizeBadge(item.size, x + width, y),
            ...lines.map((line, at) => textAt(x + TEXT_X, y + BASELINE + (at + 1) * LINE, line, { size: TYPE.body })),
          ]),
      };
    });
}

const TIME_X = 28;
const TEXT_X = 82;
/** From the top of a line to its baseline. */
const BASELINE = 14;

function timeCell(t: number, x: number, y: number): Markup {
  return textAt(x + TIME_X, y + BASELINE, clockText(t), { size: TYPE.body, fill: COLOUR.muted });
}

/** Findings that call for a new plan are filled, the others only framed. */
function sizeBadge(size: string, right: number, y: number): Markup {
  const width = textWidth(size, TYPE.small) + 12;
  const fill = size === "critical" ? COLOUR.failed : size === "material" ? COLOUR.ink : undefined;
  return group({}, [
    element("rect", {
      x: right - width,
      y: y + 2,
      width,
      height: 16,
      rx: 3,
      fill: fill ?? COLOUR.paper,
      stroke: fill ?? COLOUR.faint,
    }),
    textAt(right - width / 2, y + 14, size, {
      size: TYPE.small,
      anchor: "middle",
      fill: fill === undefined ? COLOUR.muted : COLOUR.paper,
    }),
  ]);
}
