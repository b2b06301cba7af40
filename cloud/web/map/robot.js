/**
 * @import { FleetMark } from "../../io/fleet-stream.ts"
 * @import { Shown } from "../fleet-state.js"
 */
import { missOf, placeOf } from "../fleet-state.js";
import { html } from "../html.js";
import { duration, metres } from "../words.js";

/** Half the length of a robot's sign, in pixels. */
const SIZE = 9;
/** An arrowhead that looks along x. */
const ARROW = "M 1 0 L -0.8 0.75 L -0.4 0 L -0.8 -0.75 Z";

/**
 * A robot on the map. Modes differ by shape, not by colour alone: live is filled; a ghost is hollow and dashed in a dashed circle of
 * one standard deviation, with a question mark; a device that reconciles is hollow in a solid ring.
 * @param {{ shown: Shown, scale: number, atMs: number, hasName: boolean, isSelected: boolean, onSelect: (id: string) => void }} props
 *   `scale`: metres a pixel
 */
export function Robot({ shown, scale, atMs, hasName, isSelected, onSelect }) {
  const { mark, snap } = shown;
  const place = placeOf(mark);
  if (!place) return null;
  const [x, y] = place;
  const size = SIZE * scale;
  const turn = (-(mark.yaw ?? 0) * 180) / Math.PI;
  return html`<g
    class=${`robot ${mark.mode}`}
    data-device=${mark.id}
    data-mode=${mark.mode}
    data-x=${x}
    data-y=${y}
    onClick=${() => onSelect(mark.id)}
  >
    ${snap && html`<${SnapLine} snap=${snap} scale=${scale} />`}
    <${Halo} mark=${mark} size=${size} />
    ${isSelected && html`<circle class="selection" cx=${x} cy=${-y} r=${1.9 * size} />`}
    <path class="body" d=${ARROW} transform=${`translate(${x} ${-y}) rotate(${turn}) scale(${size})`} />
    ${(hasName || isSelected || mark.mode === "projected") && html`<text x=${x + 1.3 * size} y=${-y - 0.9 * size} font-size=${12 * scale}>${labelOf(mark, atMs)}</text>`}
  </g>`;
}

/** What is around a robot that is not live. @param {{ mark: FleetMark, size: number }} props */
function Halo({ mark: { mode, x = 0, y = 0, sigma = 0 }, size }) {
  if (mode === "live") return null;
  if (mode === "reconciled") return html`<circle class="ring" cx=${x} cy=${-y} r=${1.5 * size} />`;
  return html`<circle class="sigma" cx=${x} cy=${-y} r=${Math.max(sigma, 1.3 * size)} data-sigma=${sigma} />`;
}

/** @param {FleetMark} mark @param {number} atMs */
function labelOf({ id, mode, seenAt }, atMs) {
  if (mode !== "projected") return id;
  return `${id} ? ${seenAt === undefined ? "" : duration((atMs - Date.parse(seenAt)) / 1000)}`;
}

/** From where the ghost was to where its device turned out to be. @param {{ snap: NonNullable<Shown["snap"]>, scale: number }} props */
function SnapLine({ snap, scale }) {
  const { from, to } = snap;
  if (!to) return null;
  const size = SIZE * scale;
  const [fx, fy] = [from[0], -from[1]];
  return html`<g class="snap" data-miss=${missOf(snap)}>
    <line x1=${fx} y1=${fy} x2=${to[0]} y2=${-to[1]} />
    <path d=${`M ${fx - size} ${fy} L ${fx} ${fy - size} L ${fx + size} ${fy} L ${fx} ${fy + size} Z`} />
    <text x=${fx + 1.3 * size} y=${fy + 1.6 * size} font-size=${11 * scale}
      >believed here, ${metres(missOf(snap))} off</text
    >
  </g>`;
}
