import type { Zone } from "#contract/spatial";
import type { Point } from "#lib/geometry";
import type { Mark, RunRecord } from "../record.ts";
import { PASS_COLOURS } from "./coverage-layer.ts";
import { DOOR_STYLE, landmarkSymbol, zoneMeaning, zoneStyle } from "./map-layer.ts";
import { element, group, type Markup } from "./markup.ts";
import { numberMarks, pin } from "./numbered-marks.ts";
import { PATTERN } from "./patterns.ts";
import type { PageBlock } from "./side-lists.ts";
import { COLOUR, deviceColour, LINE, TYPE } from "./style.ts";
import { fitText, textAt } from "./text.ts";
import { chevronPath, diamondPath } from "./track-layer.ts";

/** The key to the map: one entry for each kind of thing that the run has, in two columns. */
export function keyBlock(record: RunRecord, x: number, y: number, width: number): PageBlock {
  const entries = keyEntries(record);
  const rows = Math.ceil(entries.length / 2);
  const column = width / 2;
  const markup = group(
    {},
    entries.map((entry, at) => {
      const left = x + (at < rows ? 0 : column);
      const middle = y + LINE * ((at % rows) + 0.5);
      const label = fitText(entry.text, column - SWATCH_PX - 18, TYPE.small);
      return group({}, [
        entry.swatch([left, middle]),
        textAt(left + SWATCH_PX + 10, middle + 4, label, { size: TYPE.small, fill: COLOUR.ink }),
      ]);
    }),
  );
  return { markup, height: rows * LINE };
}

const SWATCH_PX = 28;

interface KeyEntry {
  readonly text: string;
  /** Draws the sample, `SWATCH_PX` wide, from the middle of its left edge. */
  readonly swatch: (at: Point) => Markup;
}

function keyEntries(record: RunRecord): KeyEntry[] {
  const { devices } = record;
  const isAny = (has: (device: RunRecord["devices"][number]) => boolean): boolean => devices.some(has);
  return [
    ...devices.flatMap((device, at) => (device.truth.length > 0 ? [trackEntry(device.id, at)] : [])),
    ...(isAny((device) => device.planned.length > 0) ? [PLANNED] : []),
    ...(isAny((device) => device.link.some((change) => !change.isOnline)) ? [WITHOUT_LINK] : []),
    ...(isAny((device) => device.projected.length > 0) ? PROJECTED : []),
    ...(isAny((device) => device.modes.some((change) => change.mode === "reconciled")) ? [RECONCILED] : []),
    ...(isAny((device) => device.coverage !== undefined) ? PASSES : []),
    ...markEntries(record),
    ...(record.landmarks.length > 0 ? [LANDMARK] : []),
    ...(record.unmapped.length > 0 ? [box("not on the robot's map", UNMAPPED_STYLE)] : []),
    ...(record.doors.length > 0 ? [DOOR] : []),
    ...zoneKinds(record).map((kind) => box(zoneMeaning(kind), zoneStyle(kind))),
    box("wall or fixture", { fill: COLOUR.wall }),
    box("unknown to the map", { fill: PATTERN.unknown }),
  ];
}

function trackEntry(id: string, at: number): KeyEntry {
  return {
    text: `${id}, actual track`,
    swatch: ([x, y]) =>
      group({ fill: "none", stroke: deviceColour(at), "stroke-width": 2 }, [
        element("path", { d: `M${x} ${y}h${SWATCH_PX}` }),
        element("path", { d: chevronPath([x + SWATCH_PX / 2 + 2, y], 1, 0), "stroke-width": 1.5 }),
      ]),
  };
}

const PLANNED: KeyEntry = {
  text: "planned route",
  swatch: ([x, y]) =>
    element("path", {
      d: `M${x} ${y}h${SWATCH_PX}`,
      stroke: COLOUR.planned,
      "stroke-width": 1,
      "stroke-dasharray": "5 4",
    }),
};

const WITHOUT_LINK: KeyEntry = {
  text: "driven without a link",
  swatch: ([x, y]) =>
    element("path", {
      d: `M${x} ${y}h${SWATCH_PX}`,
      stroke: COLOUR.offline,
      "stroke-width": 11,
      "stroke-opacity": 0.3,
    }),
};

const PROJECTED: readonly KeyEntry[] = [
  {
    text: "projected by the cloud",
    swatch: ([x, y]) =>
      group({ stroke: COLOUR.projected }, [
        element("path", { d: `M${x} ${y}h${SWATCH_PX}`, "stroke-dasharray": "1.5 3", "stroke-width": 1.5 }),
        element("path", {
          d: [4, 14, 24].map((along) => diamondPath([x + along, y])).join(""),
          fill: COLOUR.paper,
          "stroke-width": 1.2,
        }),
      ]),
  },
  {
    text: "its standard deviation",
    swatch: ([x, y]) =>
      element("circle", {
        cx: x + SWATCH_PX / 2,
        cy: y,
        r: 7,
        fill: COLOUR.projected,
        "fill-opacity": 0.06,
        stroke: COLOUR.projected,
        "stroke-opacity": 0.5,
      }),
  },
];

const PASSES: readonly KeyEntry[] = PASS_COLOURS.map((fill, at) => {
  const isLast = at === PASS_COLOURS.length - 1;
  const times = at === 0 ? "once" : `${at + 1} times${isLast ? " or more" : ""}`;
  return box(`cleaned ${times}`, { fill });
});

const RECONCILED: KeyEntry = box("seen as reconciled", {
  fill: deviceColour(0),
  "fill-opacity": 0.2,
  stroke: deviceColour(0),
});

const MARK_KINDS: readonly { readonly text: string; readonly kinds: readonly Mark["kind"][] }[] = [
  { text: "moment on the device", kinds: ["stage", "load"] },
  { text: "moment of link or cloud", kinds: ["link", "cloud"] },
  { text: "fault", kinds: ["fault"] },
  { text: "violation, missed expectation", kinds: ["violation"] },
];

/** The first mark of each shape stands for its kind. */
function markEntries(record: RunRecord): KeyEntry[] {
  const marks = numberMarks(record);
  return MARK_KINDS.flatMap(({ text, kinds }): KeyEntry[] => {
    const first = marks.find((mark) => kinds.includes(mark.kind));
    if (first === undefined) return [];
    return [{ text, swatch: ([x, y]) => pin(first, [x + SWATCH_PX / 2, y], deviceColour(first.deviceAt)) }];
  });
}

const LANDMARK: KeyEntry = {
  text: "landmark, facing",
  swatch: ([x, y]) =>
    group({ fill: COLOUR.paper, stroke: COLOUR.ink, "stroke-width": 1.2 }, [
      landmarkSymbol([x + SWATCH_PX / 2 - 3, y], 0),
    ]),
};

const DOOR: KeyEntry = {
  text: "door",
  swatch: ([x, y]) => element("path", { d: `M${x} ${y}h${SWATCH_PX}`, ...DOOR_STYLE }),
};

const UNMAPPED_STYLE = { fill: PATTERN.unmapped, stroke: COLOUR.ink, "stroke-width": 2 };

function box(text: string, style: Readonly<Record<string, string | number>>): KeyEntry {
  return {
    text,
    swatch: ([x, y]) => element("rect", { x: x + 2, y: y - 6, width: SWATCH_PX - 4, height: 12, ...style }),
  };
}

function zoneKinds(record: RunRecord): Zone["kind"][] {
  return [...new Set(record.zones.map((zone) => zone.kind))];
}
