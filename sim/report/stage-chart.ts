import type { DeviceRecord, StageRecord } from "../record.ts";
import { element, group, type Markup } from "./markup.ts";
import type { PageBlock } from "./side-lists.ts";
import { COLOUR, LINE, TYPE } from "./style.ts";
import { fitText, textAt, textWidth } from "./text.ts";
import { lastingText, type TimeScale, timeToPage } from "./time-scale.ts";

const BAR_PX = 10;
const GAP_PX = 7;

/** One row a stage: its bar, and beside it what it was for and how it went. Contracts are named when there are several. */
export function stageChart(device: DeviceRecord, scale: TimeScale, y: number, colour: string): PageBlock {
  const contracts = new Set(device.stages.map((stage) => stage.contract));
  const rows = device.stages.map((stage, at) => {
    const prefix = contracts.size > 1 ? `${stage.contract} · ` : "";
    return stageRow(stage, prefix + stageText(stage), scale, y + at * LINE, colour);
  });
  return { markup: group({}, rows), height: device.stages.length * LINE };
}

function stageRow(stage: StageRecord, text: string, scale: TimeScale, y: number, colour: string): Markup {
  const baseline = y + LINE / 2 + 4;
  const room = scale.right - scale.left;
  if (stage.startT === undefined) {
    const shown = fitText(text, room, TYPE.small);
    return textAt(scale.left, baseline, shown, { size: TYPE.small, fill: COLOUR.muted });
  }
  const [from, to] = [timeToPage(scale, stage.startT), timeToPage(scale, stage.endT ?? scale.end)];
  const bar = { x: from, y: y + (LINE - BAR_PX) / 2, width: Math.max(2, to - from), height: BAR_PX };
  const width = textWidth(text, TYPE.small);
  const right = scale.right - (bar.x + bar.width + GAP_PX);
  const left = bar.x - GAP_PX - scale.left;
  const isRight = width <= right || right >= left;
  const shown = fitText(text, isRight ? right : left, TYPE.small);
  const isInside = shown !== text && bar.width > Math.max(right, left);
  return group({}, [
    element("rect", { ...bar, ...barStyle(stage, colour) }),
    isInside
      ? textAt(bar.x + GAP_PX, baseline, fitText(text, bar.width - 2 * GAP_PX, TYPE.small), {
          size: TYPE.small,
          rimPx: 3,
        })
      : textAt(isRight ? bar.x + bar.width + GAP_PX : bar.x - GAP_PX, baseline, shown, {
          size: TYPE.small,
          anchor: isRight ? "start" : "end",
        }),
  ]);
}

function stageText(stage: StageRecord): string {
  const { startT, endT, attempts, status, goal } = stage;
  const parts = [goal];
  if (startT !== undefined && endT !== undefined) parts.push(lastingText(endT - startT));
  if (attempts > 1) parts.push(`${attempts} attempts`);
  if (status !== "completed") parts.push(STATUS_WORDS[status]);
  return parts.join(" · ");
}

const STATUS_WORDS = {
  pending: "not started",
  started: "not finished",
  failed: "failed",
  skipped: "skipped",
} as const satisfies Record<Exclude<StageRecord["status"], "completed">, string>;

function barStyle({ status }: StageRecord, colour: string): Readonly<Record<string, string | number>> {
  switch (status) {
    case "completed":
      return { fill: colour };
    case "started":
    case "pending":
      return { fill: colour, "fill-opacity": 0.2, stroke: colour, "stroke-width": 1, "stroke-dasharray": "4 2" };
    case "failed":
      return { fill: COLOUR.paper, stroke: COLOUR.failed, "stroke-width": 1.5 };
    case "skipped":
      return { fill: COLOUR.paper, stroke: COLOUR.faint, "stroke-width": 1 };
  }
}
