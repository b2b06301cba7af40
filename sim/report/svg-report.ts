import type { RunRecord } from "../record.ts";
import { keyBlock } from "./key.ts";
import { mapPanel } from "./map-panel.ts";
import { element, group, type Markup } from "./markup.ts";
import { type NumberedMark, numberMarks } from "./numbered-marks.ts";
import { patternDefinitions } from "./patterns.ts";
import {
  divergenceRows,
  headingBlock,
  listBlock,
  type ListPlace,
  markRows,
  missedRows,
  type PageBlock,
} from "./side-lists.ts";
import { COLOUR, FONT, TYPE } from "./style.ts";
import { textAt, textWidth, wrapEvenly } from "./text.ts";
import { lastingText } from "./time-scale.ts";
import { timeline } from "./timeline.ts";
import { chooseViewport } from "./viewport.ts";

const PAGE_WIDTH = 1400;
const MARGIN = 40;
const MAP_WIDTH = 888;
const GUTTER = 32;
const SIDE_X = MARGIN + MAP_WIDTH + GUTTER;
const SIDE_WIDTH = PAGE_WIDTH - MARGIN - SIDE_X;
const CONTENT_WIDTH = PAGE_WIDTH - 2 * MARGIN;
/** Lists at the foot of the page: three columns as wide as the one beside the map. */
const FOOT = { x: MARGIN, columns: 3, pitch: (CONTENT_WIDTH - SIDE_WIDTH) / 2 } as const;
const MAP_HEIGHT = { least: 460, most: 900 } as const;
const BETWEEN = 26;

/**
 * A run as one SVG page: the map with what was planned, projected and driven, the moments and divergences in words, and
 * every device on an axis of simulated time. The text is a whole document with its own white ground, 1400 wide and as
 * high as the run needs. Equal records give equal text.
 */
export function renderReport(record: RunRecord): string {
  const marks = numberMarks(record);
  const head = headBlock(record);
  const top = MARGIN + head.height + BETWEEN;
  const key: Section = { heading: "Key", block: (place) => keyBlock(record, place.x, place.y, SIDE_WIDTH) };
  const lists = listSections(record, marks);
  const full = stack([key, ...lists], { x: SIDE_X, y: top, columns: 1, pitch: 0 }, SIDE_WIDTH);
  const isLong = full.height > MAP_HEIGHT.most;
  const side = isLong ? stack([key], { x: SIDE_X, y: top, columns: 1, pitch: 0 }, SIDE_WIDTH) : full;
  const least = Math.max(MAP_HEIGHT.least, side.height);
  const view = chooseViewport(record, { x: MARGIN, y: top, width: MAP_WIDTH }, { least, most: MAP_HEIGHT.most });
  const time = timeBlock(record, marks, top + view.panel.height + BETWEEN);
  const below = top + view.panel.height + BETWEEN + time.height;
  const foot = isLong ? stack(lists, { ...FOOT, y: below + BETWEEN }, CONTENT_WIDTH) : undefined;
  return page(record, below + (foot === undefined ? 0 : BETWEEN + foot.height) + MARGIN, [
    head.markup,
    mapPanel(record, marks, view),
    side.markup,
    time.markup,
    ...(foot === undefined ? [] : [foot.markup]),
  ]);
}

function page(record: RunRecord, height: number, content: readonly Markup[]): string {
  const root = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${PAGE_WIDTH} ${Math.ceil(height)}`,
      width: PAGE_WIDTH,
      height: Math.ceil(height),
      role: "img",
      "font-family": FONT,
    },
    element("title", {}, record.title),
    element("desc", {}, `${record.scenario}, seed ${record.seed}: ${outcomeText(record)}`),
    patternDefinitions(),
    element("rect", { width: PAGE_WIDTH, height: Math.ceil(height), fill: COLOUR.paper }),
    ...content,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.markup}\n`;
}

function headBlock(record: RunRecord): PageBlock {
  const lines = wrapEvenly(record.title, CONTENT_WIDTH, TYPE.title, "bold");
  const below = MARGIN + Math.max(1, lines.length) * 28;
  const badge = outcomeBadge(record, MARGIN, below + 8);
  const facts = [
    `scenario ${record.scenario}`,
    `seed ${record.seed}`,
    `${record.devices.length} ${record.devices.length === 1 ? "device" : "devices"}`,
  ];
  return {
    markup: group({}, [
      ...lines.map((line, at) => textAt(MARGIN, MARGIN + 20 + at * 28, line, { size: TYPE.title, weight: "bold" })),
      badge.markup,
      textAt(MARGIN + badge.width + 16, below + 22, facts.join(" · "), { size: TYPE.body, fill: COLOUR.muted }),
    ]),
    height: below + 28 - MARGIN,
  };
}

/** Filled when the run passed, framed in red when it failed; the words say it too. */
function outcomeBadge(record: RunRecord, x: number, y: number): { readonly markup: Markup; readonly width: number } {
  const text = outcomeText(record);
  const width = textWidth(text, TYPE.body, "bold") + 22;
  const hasPassed = record.outcome === "passed";
  const markup = group({}, [
    element("rect", {
      x,
      y: y - 1,
      width,
      height: 22,
      rx: 3,
      fill: hasPassed ? COLOUR.ink : COLOUR.paper,
      stroke: hasPassed ? COLOUR.ink : COLOUR.failed,
      "stroke-width": 1.5,
    }),
    textAt(x + width / 2, y + 14.5, text, {
      size: TYPE.body,
      anchor: "middle",
      weight: "bold",
      fill: hasPassed ? COLOUR.paper : COLOUR.failed,
    }),
  ]);
  return { markup, width };
}

function outcomeText(record: RunRecord): string {
  return `${record.outcome} after ${lastingText(record.duration)}`;
}

interface Section {
  readonly heading: string;
  readonly block: (place: ListPlace) => PageBlock;
}

/** What is told in words: beside the map, or at the foot of the page when there is too much of it. */
function listSections(record: RunRecord, marks: readonly NumberedMark[]): Section[] {
  const moments = markRows(marks, record, SIDE_WIDTH);
  const divergences = divergenceRows(record, SIDE_WIDTH);
  const missed = missedRows(record, SIDE_WIDTH);
  return [
    ...(missed.length === 0
      ? []
      : [{ heading: "Missed expectations", block: (place: ListPlace) => listBlock(missed, "", place) }]),
    { heading: "Moments", block: (place) => listBlock(moments, "Nothing was marked.", place) },
    { heading: "What the cloud had wrong", block: (place) => listBlock(divergences, "Nothing diverged.", place) },
  ];
}

function stack(sections: readonly Section[], place: ListPlace, width: number): PageBlock {
  let { y } = place;
  const drawn = sections.map((section, at) => {
    if (at > 0) y += 16;
    const heading = headingBlock(section.heading, place.x, y, width);
    const block = section.block({ ...place, y: y + heading.height });
    y += heading.height + block.height;
    return group({}, [heading.markup, block.markup]);
  });
  return { markup: group({}, drawn), height: y - place.y };
}

function timeBlock(record: RunRecord, marks: readonly NumberedMark[], top: number): PageBlock {
  const heading = headingBlock("Course of the run", MARGIN, top, CONTENT_WIDTH);
  const body = timeline(record, marks, { x: MARGIN, y: top + heading.height + 8, width: CONTENT_WIDTH });
  return { markup: group({}, [heading.markup, body.markup]), height: heading.height + 8 + body.height };
}
