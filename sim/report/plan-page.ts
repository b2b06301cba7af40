import type { RunRecord } from "../record.ts";
import { keyBlock } from "./key.ts";
import { mapPanel } from "./map-panel.ts";
import { element } from "./markup.ts";
import { numberMarks } from "./numbered-marks.ts";
import { patternDefinitions } from "./patterns.ts";
import { headingBlock, listBlock, markRows } from "./side-lists.ts";
import { COLOUR, FONT, TYPE } from "./style.ts";
import { textAt, wrapEvenly } from "./text.ts";
import { chooseViewport } from "./viewport.ts";

const PAGE_WIDTH = 1400;
const MARGIN = 40;
const MAP_WIDTH = 888;
const SIDE_X = MARGIN + MAP_WIDTH + 32;
const SIDE_WIDTH = PAGE_WIDTH - MARGIN - SIDE_X;
const MAP_HEIGHT = { least: 460, most: 900 };
const TOP = 110;

/**
 * A contract before it is carried out, as one SVG page: map, zones and planned route with a pin where each stage takes place, and
 * the stages with their expected times beside it. `facts` is the line under the title.
 */
export function renderPlan(record: RunRecord, facts: string): string {
  const marks = numberMarks(record);
  const rows = markRows(marks, record, SIDE_WIDTH);
  const stages = headingBlock("Stages", SIDE_X, TOP, SIDE_WIDTH);
  const list = listBlock(rows, "No stages.", { x: SIDE_X, y: TOP + stages.height, columns: 1, pitch: 0 });
  const keyTop = TOP + stages.height + list.height + 16;
  const keyHeading = headingBlock("Key", SIDE_X, keyTop, SIDE_WIDTH);
  const key = keyBlock(record, SIDE_X, keyTop + keyHeading.height, SIDE_WIDTH);
  const sideHeight = keyTop + keyHeading.height + key.height - TOP;
  const least = Math.max(MAP_HEIGHT.least, sideHeight);
  const view = chooseViewport(record, { x: MARGIN, y: TOP, width: MAP_WIDTH }, { ...MAP_HEIGHT, least });
  const height = Math.ceil(TOP + Math.max(view.panel.height, sideHeight) + MARGIN);
  const [title = ""] = wrapEvenly(record.title, PAGE_WIDTH - 2 * MARGIN, TYPE.title, "bold");
  const size = { viewBox: `0 0 ${PAGE_WIDTH} ${height}`, width: PAGE_WIDTH, height };
  const root = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", ...size, role: "img", "font-family": FONT },
    element("title", {}, record.title),
    element("desc", {}, facts),
    patternDefinitions(),
    element("rect", { width: PAGE_WIDTH, height, fill: COLOUR.paper }),
    textAt(MARGIN, MARGIN + 20, title, { size: TYPE.title, weight: "bold" }),
    textAt(MARGIN, MARGIN + 46, facts, { size: TYPE.body, fill: COLOUR.muted }),
    mapPanel(record, marks, view),
    stages.markup,
    list.markup,
    keyHeading.markup,
    key.markup,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.markup}\n`;
}
