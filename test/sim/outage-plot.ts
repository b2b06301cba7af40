import { element, group, type Markup } from "#sim/report/markup";
import { COLOUR, deviceColour, FONT, TYPE } from "#sim/report/style";
import type { OutageResult } from "./outage-telemetry.ts";

const WIDTH = 960;
const [LEFT, TOP, PANEL, GAP] = [56, 64, 150, 56];
const INNER = WIDTH - LEFT - 16;
const HEIGHT = TOP + 2 * (PANEL + GAP);
const MINUTE_MS = 60_000;
const CLOSE_MS = 15 * MINUTE_MS;
const SPEED_MAX = 1.4;

interface Panel {
  readonly title: string;
  readonly top: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Speed over an outage: all of it, and a quarter of an hour of it, as it was and as the cloud got it. */
export function drawOutage(result: OutageResult): string {
  const first = result.truth[0]!.atMs;
  const last = result.truth.at(-1)!.atMs;
  const middle = first + (last - first) / 3;
  const whole: Panel = { title: "the whole time", top: TOP, fromMs: first, toMs: last };
  const close: Panel = { title: "15 minutes of it", top: TOP + PANEL + GAP, fromMs: middle, toMs: middle + CLOSE_MS };
  const bytes = Math.round(result.fillBefore.fill!.lanes[0]!.bytes / 1000);
  const heading = `Speed (m/s) over an outage of eight hours; all eight channels in ${bytes} kB`;
  const legend = "grey: as it was · band: minimum and maximum of the points that were kept · line: their mean";
  const drawing = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "font-family": FONT, role: "img" },
    element("title", {}, heading),
    element("rect", { width: WIDTH, height: HEIGHT, fill: COLOUR.paper }),
    text(LEFT, 24, heading, TYPE.body),
    text(LEFT, 42, legend, TYPE.small),
    ...[whole, close].map((panel) => drawPanel(panel, result)),
  );
  return `${drawing.markup}\n`;
}

function drawPanel(panel: Panel, { truth, archived }: OutageResult): Markup {
  const within = <Sample extends { readonly atMs: number }>(samples: readonly Sample[]): Sample[] =>
    samples.filter(({ atMs }) => atMs >= panel.fromMs && atMs <= panel.toMs);
  const kept = within(archived);
  const upper = kept.map(({ atMs, values }) => place(panel, atMs, values["linear.max"] ?? values["linear"]!));
  const lower = kept.map(({ atMs, values }) => place(panel, atMs, values["linear.min"] ?? values["linear"]!));
  const shown = panel.toMs - panel.fromMs > CLOSE_MS ? [] : within(truth);
  return group({}, [
    text(LEFT, panel.top - 6, panel.title, TYPE.small),
    ...[0, 0.5, 1].flatMap((speed) => ruler(panel, speed)),
    element("polygon", { points: [...upper, ...lower.toReversed()].join(" "), fill: deviceColour(0), opacity: 0.22 }),
    line(
      shown.map(({ atMs, value }) => place(panel, atMs, value)),
      COLOUR.faint,
      2.2,
    ),
    line(
      kept.map(({ atMs, values }) => place(panel, atMs, values["linear"]!)),
      deviceColour(0),
      0.9,
    ),
  ]);
}

function ruler(panel: Panel, speed: number): Markup[] {
  const y = yOf(panel, speed);
  return [
    element("line", { x1: LEFT, x2: LEFT + INNER, y1: y, y2: y, stroke: COLOUR.hairline }),
    text(LEFT - 34, y + 4, speed.toFixed(1), TYPE.small),
  ];
}

function line(points: readonly string[], stroke: string, width: number): Markup {
  return element("polyline", { points: points.join(" "), fill: "none", stroke, "stroke-width": width });
}

function text(x: number, y: number, words: string, size: number): Markup {
  return element("text", { x, y, "font-size": size, fill: COLOUR.ink }, words);
}

function place(panel: Panel, atMs: number, speed: number): string {
  const x = LEFT + ((atMs - panel.fromMs) / (panel.toMs - panel.fromMs)) * INNER;
  return `${x.toFixed(1)},${yOf(panel, speed).toFixed(1)}`;
}

function yOf({ top }: Panel, speed: number): number {
  return top + PANEL * (1 - speed / SPEED_MAX);
}
