import type { RunRecord } from "../record.ts";
import type { Box } from "./box.ts";
import { coverageLayer } from "./coverage-layer.ts";
import { mapLabels } from "./map-labels.ts";
import { doorLayer, landmarkLayer, mapLayer, unmappedLayer, zoneLayer } from "./map-layer.ts";
import { element, group, type Markup, NOTHING } from "./markup.ts";
import type { NumberedMark } from "./numbered-marks.ts";
import { COLOUR, deviceColour, TYPE } from "./style.ts";
import { textAt } from "./text.ts";
import {
  footprintLayer,
  gapLayer,
  offlineBandLayer,
  plannedLayer,
  projectedLayer,
  projectionGaps,
  truthLayer,
} from "./track-layer.ts";
import type { Viewport } from "./viewport.ts";

const CLIP = "holdfast-map";

/** The map with everything that happened on it. */
export function mapPanel(record: RunRecord, marks: readonly NumberedMark[], view: Viewport): Markup {
  const { devices, duration } = record;
  const map = mapLayer(record, view);
  const hints = drawingHints(view);
  const labels = mapLabels(record, marks, view, [hints.box]);
  return group({}, [
    element("clipPath", { id: CLIP }, element("rect", { ...view.panel })),
    map.ground,
    group({ "clip-path": `url(#${CLIP})` }, [
      ...devices.map((device) => coverageLayer(device, view)),
      map.walls,
      zoneLayer(record.zones, view),
      ...devices.map((device) => offlineBandLayer(device, duration, view)),
      ...devices.map((device) => plannedLayer(device, view)),
      ...devices.map((device) => projectedLayer(device, view)),
      ...devices.map((device, at) => truthLayer(device, deviceColour(at), view)),
      unmappedLayer(record.unmapped, view),
      doorLayer(record.doors, view),
      landmarkLayer(record.landmarks, view),
      ...devices.map((device, at) => footprintLayer(device, deviceColour(at), view)),
      gapLayer(devices.flatMap((device) => projectionGaps(device, view))),
      hints.markup,
      labels.markup,
    ]),
    element("rect", { ...view.panel, fill: "none", stroke: COLOUR.faint, "stroke-width": 1 }),
    leftOutNote(labels.leftOut, view),
  ]);
}

const SCALE_WIDTH_PX = 150;
const SCALE_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

/** A plate in the lower left corner: the axes of the frame `map` and a scale bar. */
function drawingHints(view: Viewport): { readonly markup: Markup; readonly box: Box } {
  const metres = SCALE_STEPS.findLast((step) => step * view.pixelsPerMetre <= SCALE_WIDTH_PX) ?? SCALE_STEPS[0];
  const bar = metres * view.pixelsPerMetre;
  const box = { x: view.panel.x + 10, y: view.panel.y + view.panel.height - 56, width: 62 + bar + 14, height: 46 };
  const [x, y] = [box.x + 14, box.y + 36];
  const from = box.x + 62;
  const small = { size: TYPE.small, fill: COLOUR.ink } as const;
  const markup = group({}, [
    element("rect", { ...box, fill: COLOUR.paper, "fill-opacity": 0.9, stroke: COLOUR.hairline }),
    element("path", {
      d: `M${x} ${y}h22m-4 -3l4 3l-4 3M${x} ${y}v-22m-3 4l3 -4l3 4`,
      fill: "none",
      stroke: COLOUR.ink,
      "stroke-width": 1.2,
    }),
    textAt(x + 27, y + 3.5, "x", small),
    textAt(x + 7, y - 18, "y", small),
    element("path", {
      d: `M${from} ${y - 4}v8M${from} ${y}h${bar.toFixed(2)}m0 -4v8`,
      stroke: COLOUR.ink,
      "stroke-width": 1.2,
    }),
    textAt(from + bar / 2, y - 9, `${metres} m`, { ...small, anchor: "middle" }),
  ]);
  return { markup, box };
}

function leftOutNote(count: number, { panel }: Viewport): Markup {
  if (count === 0) return NOTHING;
  const text = count === 1 ? "1 label had no room" : `${count} labels had no room`;
  return textAt(panel.x, panel.y + panel.height + 14, text, { size: TYPE.small, fill: COLOUR.muted });
}
