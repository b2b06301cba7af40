import { group, element, type Markup } from "./markup.ts";
import { type NumberedMark, PIN_PX, pin, pinWidth } from "./numbered-marks.ts";
import type { PageBlock } from "./side-lists.ts";
import { COLOUR } from "./style.ts";
import { type TimeScale, timeToPage } from "./time-scale.ts";

const GAP_PX = 3;
const ROW_PX = PIN_PX + 4;
/** From the lowest pins down to the rows that they point at. */
const DROP_PX = 9;

/** The pins of one device above its rows, each as near to its moment as its neighbours allow, with a line to it. */
export function pinRow(marks: readonly NumberedMark[], scale: TimeScale, y: number, colour: string): PageBlock {
  if (marks.length === 0) return { markup: group({}, []), height: 0 };
  const room = scale.right - scale.left;
  const widest = Math.max(...marks.map((mark) => pinWidth(mark.number))) + GAP_PX;
  const rows = Math.ceil((marks.length * widest) / room);
  const foot = y + rows * ROW_PX + DROP_PX;
  const drawn = Array.from({ length: rows }, (_, row) => {
    const inRow = marks.filter((_mark, at) => at % rows === row);
    const middles = spread(
      inRow.map((mark) => timeToPage(scale, mark.t)),
      widest,
      { from: scale.left, to: scale.right },
    );
    const middle = y + row * ROW_PX + PIN_PX / 2;
    return {
      pins: inRow.map((mark, at) => pin(mark, [middles[at]!, middle], colour)),
      lines: inRow.map((mark, at) => pinLine(timeToPage(scale, mark.t), middles[at]!, middle, foot)),
    };
  });
  return {
    markup: group({}, [...drawn.flatMap((row) => row.lines), ...drawn.flatMap((row) => row.pins)]),
    height: foot - y,
  };
}

/**
 * Moves places apart to at least `pitch`, in their order and inside the limits, each as little as possible in the sense
 * of least squares (places that push each other form a block around their common mean: isotonic regression).
 */
export function spread(
  places: readonly number[],
  pitch: number,
  limits: { readonly from: number; readonly to: number },
): number[] {
  const blocks: { sum: number; count: number }[] = [];
  places.forEach((place, at) => {
    let block = { sum: place - at * pitch, count: 1 };
    for (let last = blocks.at(-1); last !== undefined && meanOf(last) > meanOf(block); last = blocks.at(-1)) {
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  const highest = limits.to - (places.length - 1) * pitch;
  const offsets = blocks.flatMap((block) => Array.from({ length: block.count }, () => meanOf(block)));
  return offsets.map((offset, at) => Math.max(limits.from, Math.min(highest, offset)) + at * pitch);
}

function meanOf(block: { readonly sum: number; readonly count: number }): number {
  return block.sum / block.count;
}

function pinLine(moment: number, middle: number, y: number, foot: number): Markup {
  const knee = foot - DROP_PX / 2;
  return element("path", {
    d: `M${middle.toFixed(2)} ${y.toFixed(2)}L${middle.toFixed(2)} ${(knee - 3).toFixed(2)}L${moment.toFixed(2)} ${knee.toFixed(2)}V${foot.toFixed(2)}`,
    fill: "none",
    stroke: COLOUR.faint,
    "stroke-width": 1,
  });
}
