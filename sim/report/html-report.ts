import { readFileSync } from "node:fs";
import type { ExpectationRecord, RunRecord } from "../record.ts";
import { mapLabels } from "./map-labels.ts";
import { doorLayer, landmarkLayer, mapLayer, unmappedLayer, zoneLayer } from "./map-layer.ts";
import { element, escapeText, group } from "./markup.ts";
import { numberMarks } from "./numbered-marks.ts";
import { packPage } from "./page-data.ts";
import { logBlock, robotCards } from "./page-lists.ts";
import { themed } from "./page-theme.ts";
import { patternDefinitions } from "./patterns.ts";
import { COLOUR } from "./style.ts";
import { clockText, lastingText } from "./time-scale.ts";
import { timeline, timelineScale } from "./timeline.ts";
import { chooseViewport, type Viewport } from "./viewport.ts";

/** A page may be so large, so that a CI run can keep it; what was recorded is thinned until it fits. */
export const PAGE_BYTES_MAX = 1_500_000;

const MAP = { place: { x: 0, y: 0, width: 1000 }, height: { least: 420, most: 900 } } as const;
const COURSE_WIDTH = 1400;
const MODULES = ["run", "costmap", "map-view", "panel", "player", "main"].map((name) => `${name}.js`);

/**
 * A run as one HTML page with a slider over its time: the map with tracks, scans, costs, routes and the cloud's belief, the
 * course of every robot, expectations and events, each with a link to its moment (`#t=<seconds>`). It needs no network and
 * nothing beside it. Equal records give equal text.
 */
export function renderPage(record: RunRecord): string {
  const view = chooseViewport(record, MAP.place, MAP.height);
  const still = stillMap(record, view);
  const course = courseOfRun(record);
  const around = page(record, { view, still, course, packed: "" });
  const axis = { ...timelineScale({ x: 0, width: COURSE_WIDTH }, record.duration), width: COURSE_WIDTH };
  const packed = packPage(record, view, axis, PAGE_BYTES_MAX - Buffer.byteLength(around));
  return page(record, { view, still, course, packed });
}

interface PageParts {
  readonly view: Viewport;
  readonly still: string;
  readonly course: string;
  readonly packed: string;
}

function page(record: RunRecord, parts: PageParts): string {
  const title = escapeText(record.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>
${read("style.css")}</style>
<script type="importmap">
${importMap()}
</script>
</head>
<body>
<svg class="visually-hidden" width="0" height="0" aria-hidden="true">${themed(patternDefinitions().markup)}</svg>
<header>
<h1>${title}</h1>
<p class="facts"><span class="outcome ${record.outcome}">${record.outcome} after ${lastingText(record.duration)}</span>scenario ${escapeText(record.scenario)} · seed ${record.seed} · ${record.devices.length} ${record.devices.length === 1 ? "robot" : "robots"}</p>
${expectationList(record.expectations)}
</header>
<noscript><p>This page plays the run with JavaScript; without it, the map shows where things stand and the lists tell what happened.</p></noscript>
<main>
${controls(record)}
<div class="columns">
<div>
<div class="map" style="--aspect: ${(parts.view.panel.width / parts.view.panel.height).toFixed(3)}">${parts.still}<canvas id="moving-map" role="img" aria-label="The robots on the map at the time shown; the cards beside it say the same in words"></canvas></div>
${layerControls(record)}
</div>
<div>
<h2>Robots now</h2>
${robotCards(record)}
</div>
</div>
<h2>Course of the run</h2>
<div class="course" tabindex="0" role="region" aria-label="Course of the run">${parts.course}</div>
${logBlock(record)}
<h2>Keys</h2>
<p><kbd>Space</kbd> play or pause · <kbd>←</kbd> <kbd>→</kbd> one second, with <kbd>Shift</kbd> ten · <kbd>p</kbd> <kbd>n</kbd> previous and next event · <kbd>Home</kbd> <kbd>End</kbd> · <kbd>+</kbd> <kbd>−</kbd> zoom</p>
<p>On the map: dots are what the lidar hit; shading is the cost of driving, darkest where no way leads through; dashes are the route. A diamond in a circle is where the cloud believes a robot to be. A dashed outline has no link. A dashed ring is the safety gate slowing a robot down, a thick one stopping it.</p>
</main>
<script type="text/plain" id="run-data">${parts.packed}</script>
<script type="module">import "page/main.js";</script>
</body>
</html>
`;
}

/** Modules as data addresses: they import one another by name, so the page needs neither a server nor files beside it. */
function importMap(): string {
  const imports = Object.fromEntries(
    MODULES.map((name) => {
      const source = read(name).replaceAll(' from "./', ' from "page/');
      return [`page/${name}`, `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`];
    }),
  );
  return JSON.stringify({ imports });
}

function read(name: string): string {
  return readFileSync(new URL(`page/${name}`, import.meta.url), "utf8");
}

/** What does not move: map, zones, obstacles, landmarks, names and pins. */
function stillMap(record: RunRecord, view: Viewport): string {
  const marks = numberMarks(record);
  // Where the cloud was wrong at the end of an outage is said by what moves.
  const labelled = { ...record, devices: record.devices.map((device) => ({ ...device, projected: [] })) };
  const { width, height } = view.panel;
  const map = mapLayer(record, view);
  const svg = element(
    "svg",
    { id: "still-map", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    group({}, [
      map.ground,
      map.walls,
      zoneLayer(record.zones, view),
      unmappedLayer(record.unmapped, view),
      doorLayer(record.doors, view),
      landmarkLayer(record.landmarks, view),
      mapLabels(labelled, marks, view, []).markup,
    ]),
  );
  return themed(svg.markup);
}

function courseOfRun(record: RunRecord): string {
  const block = timeline(record, numberMarks(record), { x: 0, y: 4, width: COURSE_WIDTH });
  const height = Math.ceil(block.height + 8);
  const cursor = { id: "cursor", x1: 0, x2: 0, y1: 0, y2: height, stroke: COLOUR.ink, "stroke-width": 2 };
  const svg = element(
    "svg",
    {
      id: "course",
      viewBox: `0 0 ${COURSE_WIDTH} ${height}`,
      role: "img",
      "aria-label": "Stages, link, cloud, safety gate and battery of each robot over time",
    },
    block.markup,
    element("line", cursor),
  );
  return themed(svg.markup);
}

function expectationList(expectations: readonly ExpectationRecord[]): string {
  if (expectations.length === 0) return "";
  const items = expectations.map(({ name, detail, verdict }) => {
    const [words, found] = [escapeText(name), `<span class="detail">${escapeText(detail)}</span>`];
    if (verdict.is === "met") return `<li>✓ met: ${words} ${found}</li>`;
    const who = verdict.devices.length > 0 ? `, ${escapeText(verdict.devices.join(", "))}` : "";
    const when = verdict.how === "never-held" ? "never held; the end" : `lost at ${clockText(verdict.t)}`;
    return `<li class="missed">✗ <strong>missed</strong>: ${words} (<a href="#t=${verdict.t.toFixed(2)}">${when}${who}</a>) ${found}</li>`;
  });
  return `<h2>Expectations</h2>\n<ul class="expectations">\n${items.join("\n")}\n</ul>`;
}

function controls({ duration }: RunRecord): string {
  const speeds = [1, 2, 4, 10, 30].map(
    (speed) => `<option value="${speed}"${speed === 4 ? " selected" : ""}>${speed} x</option>`,
  );
  return `<div class="controls" role="group" aria-label="Time">
<button id="play" type="button">Play</button>
<button id="previous" type="button" aria-label="Previous event">◂</button>
<button id="next" type="button" aria-label="Next event">▸</button>
<input id="time" type="range" min="0" max="${duration}" step="any" value="0" aria-label="Time of the run">
<span id="clock">0:00.0</span>
<label>Speed <select id="speed">${speeds.join("")}</select></label>
<button id="zoom-out" type="button" aria-label="Zoom out">−</button>
<span id="zoom-level">1 x</span>
<button id="zoom-in" type="button" aria-label="Zoom in on the robot in focus">+</button>
</div>`;
}

interface Layer {
  readonly id: string;
  readonly words: string;
  readonly isRecorded: (record: RunRecord) => boolean;
}

const hasMotion = ({ devices }: RunRecord): boolean => devices.some(({ motion }) => motion !== undefined);
const LAYERS: readonly Layer[] = [
  { id: "track", words: "track", isRecorded: () => true },
  { id: "scan", words: "scan", isRecorded: hasMotion },
  { id: "route", words: "route", isRecorded: hasMotion },
  { id: "cloud", words: "cloud's belief", isRecorded: () => true },
  { id: "costmap", words: "costmap", isRecorded: hasMotion },
];

function layerControls(record: RunRecord): string {
  const { devices } = record;
  const boxes = LAYERS.filter(({ isRecorded }) => isRecorded(record)).map(
    ({ id, words }) => `<label><input type="checkbox" id="layer-${id}" checked> ${words}</label>`,
  );
  const options = devices.map(({ id }, at) => `<option value="${at}">${escapeText(id)}</option>`);
  const focus =
    devices.length > 1 ? `<label>Route, costs and zoom of <select id="focus">${options.join("")}</select></label>` : "";
  return `<fieldset class="layers"><legend>Show</legend>${boxes.join("")}${focus}</fieldset>`;
}
