/** @import { Landmark, Zone } from "#contract/spatial" */
import { html } from "../html.js";

/** Below so many pixels a metre, names of landmarks would hide the map. */
const NAMED_FROM = 9;
const NAMED_AT_MOST = 60;

/** Hatches by kind, in pixels of the screen whatever the zoom. @param {{ scale: number }} props */
export function Hatches({ scale }) {
  const step = 8 * scale;
  return html`<defs>
    <pattern
      id="hatch-keepout"
      width=${step}
      height=${step}
      patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"
    >
      <line class="hatch-keepout" x1="0" y1="0" x2="0" y2=${step} stroke-width=${2 * scale} />
    </pattern>
    <pattern id="hatch-slow" width=${step} height=${step} patternUnits="userSpaceOnUse">
      <circle class="hatch-slow" cx=${step / 2} cy=${step / 2} r=${1.2 * scale} />
    </pattern>
  </defs>`;
}

/** @param {{ zones: readonly Zone[], scale: number }} props */
export function Zones({ zones, scale }) {
  return zones.map(({ id, kind, polygon, maxSpeed }) => {
    const points = polygon.map(([x, y]) => `${x},${-y}`).join(" ");
    const [x, y] = [Math.min(...polygon.map(([px]) => px)), Math.max(...polygon.map(([, py]) => py))];
    const speed = maxSpeed === undefined ? "" : ` ${maxSpeed} m/s`;
    return html`<g class=${`zone ${kind}`} key=${id}>
      <polygon points=${points} />
      <text x=${x + 3 * scale} y=${-y + 12 * scale} font-size=${10 * scale}>${id}: ${kind}${speed}</text>
    </g>`;
  });
}

/** @param {{ landmarks: readonly Landmark[], scale: number }} props */
export function Landmarks({ landmarks, scale }) {
  const hasNames = 1 / scale > NAMED_FROM && landmarks.length <= NAMED_AT_MOST;
  const arm = 4 * scale;
  return landmarks.map(({ id, pose: [x, y] }) => {
    return html`<g class="landmark" key=${id}>
      <path d=${`M ${x - arm} ${-y} h ${2 * arm} M ${x} ${-y - arm} v ${2 * arm}`} />
      ${hasNames && html`<text x=${x + 1.4 * arm} y=${-y + 2.4 * arm} font-size=${10 * scale}>${id}</text>`}
    </g>`;
  });
}

/** A way as an SVG path. @param {readonly (readonly [number, number])[]} places */
export function pathOf(places) {
  return places.map(([x, y], at) => `${at === 0 ? "M" : "L"} ${x} ${-y}`).join(" ");
}
