import type { DeviceRecord } from "../record.ts";
import { decimal, element, group, NOTHING } from "./markup.ts";
import { PATTERN } from "./patterns.ts";
import type { PageBlock } from "./side-lists.ts";
import { COLOUR, LINE } from "./style.ts";
import { type TimeScale, timeToPage } from "./time-scale.ts";
import { type Span, spansOf } from "./track-geometry.ts";

/** Shorter moments are drawn this wide, so that a single stop is seen. */
const WIDTH_LEAST_PX = 1.5;

/** When the safety gate held the robot back: hatched where it slowed it, filled and full height where it stopped it. */
export function gateBar({ motion }: DeviceRecord, scale: TimeScale, y: number): PageBlock {
  if (!motion) return { markup: NOTHING, height: 0 };
  const spans = spansOf(motion.gate, scale.end, ({ action }) => action);
  const of = (action: string): string =>
    mergedOnPage(
      spans.filter(({ value }) => value === action),
      scale,
    )
      .map(([left, right]) => `M${decimal(left)} ${y + 1}H${decimal(right)}v${LINE - 2}H${decimal(left)}z`)
      .join("");
  const markup = group({}, [
    element("path", {
      d: `M${scale.left} ${y + LINE - 1}H${scale.right}`,
      stroke: COLOUR.faint,
      "stroke-width": 1,
    }),
    element("path", { d: of("clip"), fill: PATTERN.offline }),
    element("path", { d: of("stop"), fill: COLOUR.ink }),
  ]);
  return { markup, height: LINE };
}

/** Spans on the page, those that touch there made one. */
function mergedOnPage(spans: readonly Span<unknown>[], scale: TimeScale): [number, number][] {
  const merged: [number, number][] = [];
  for (const { from, to } of spans) {
    const left = timeToPage(scale, from);
    const right = Math.max(timeToPage(scale, to), left + WIDTH_LEAST_PX);
    const last = merged.at(-1);
    if (last && left <= last[1]) last[1] = right;
    else merged.push([left, right]);
  }
  return merged;
}
