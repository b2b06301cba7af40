/** @import { StageView } from "../../views.ts" */
import { html } from "../html.js";
import { clock, duration } from "../words.js";

const WIDTH = 1000;
const ROW = 26;
const NAMES = 190;

/** Signs by status, so that a row reads without colour. @type {Record<StageView["status"], string>} */
const SIGNS = { pending: "○", started: "◐", completed: "●", failed: "✗", skipped: "–" };

/**
 * The stages of a contract over time: hollow bars as planned, filled ones as they were, a whisker for when the stage under way or a
 * later one should end (95 %), and a line for now. The table below says the same in words.
 * @param {{ stages: readonly StageView[], atMs: number }} props
 */
export function Timeline({ stages, atMs }) {
  const span = spanOf(stages, atMs);
  const x = (/** @type {number} */ ms) =>
    NAMES + ((ms - span.fromMs) / (span.toMs - span.fromMs)) * (WIDTH - NAMES - 10);
  const height = stages.length * ROW + 8;
  return html`<div class="scroll timeline" role="region" aria-label="Timeline" tabindex="0">
      <svg viewBox=${`0 0 ${WIDTH} ${height}`} aria-hidden="true">
        ${stages.map((stage, at) => html`<${Bars} key=${stage.stageId} stage=${stage} y=${at * ROW + 4} x=${x} atMs=${atMs} />`)}
        <line class="now" x1=${x(atMs)} x2=${x(atMs)} y1="0" y2=${height} />
      </svg>
    </div>
    <table>
      <thead>
        <tr>
          <th scope="col">Stage</th>
          <th scope="col">Status</th>
          <th scope="col">Planned</th>
          <th scope="col">Actual</th>
          <th scope="col">Should end</th>
        </tr>
      </thead>
      <tbody>
        ${stages.map((stage) => html`<${Row} key=${stage.stageId} stage=${stage} />`)}
      </tbody>
    </table>`;
}

/** @typedef {(ms: number) => number} Scale */

/** @param {{ stage: StageView, y: number, x: Scale, atMs: number }} props */
function Bars({ stage, y, x, atMs }) {
  const { stageId, status, planned, actual, expected } = stage;
  const actualEnd = actual.endedAt ?? (status === "started" ? new Date(atMs).toISOString() : undefined);
  return html`<g data-stage=${stageId}>
    <text x="0" y=${y + 15} font-size="13">${SIGNS[status]} ${stageId}</text>
    <${Bar} kind="planned" from=${planned.startedAt} to=${planned.endedAt} y=${y + 1} height=${18} x=${x} />
    <${Bar} kind=${`actual ${status}`} from=${actual.startedAt} to=${actualEnd} y=${y + 5} height=${10} x=${x} />
    ${expected && html`<path class="whisker" d=${`M ${x(Date.parse(expected.earliest))} ${y + 10} H ${x(Date.parse(expected.latest))} M ${x(Date.parse(expected.endsAt))} ${y + 4} v 12`} />`}
  </g>`;
}

/** @param {{ kind: string, from: string | undefined, to: string | undefined, y: number, height: number, x: Scale }} props */
function Bar({ kind, from, to, y, height, x }) {
  if (from === undefined || to === undefined) return null;
  const left = x(Date.parse(from));
  return html`<rect
    class=${`bar ${kind}`}
    x=${left}
    y=${y}
    width=${Math.max(2, x(Date.parse(to)) - left)}
    height=${height}
  />`;
}

/** @param {{ stage: StageView }} props */
function Row({ stage: { stageId, goal, status, attempts, planned, actual, expected, failure } }) {
  return html`<tr>
    <th scope="row">${stageId}<br /><small>${goal}</small></th>
    <td>${SIGNS[status]} ${status}${attempts > 1 ? `, attempt ${attempts}` : ""}${failure ? `: ${failure}` : ""}</td>
    <td>${lasting(planned)}</td>
    <td>${lasting(actual)}</td>
    <td>${expected ? `${clock(expected.endsAt)} (${clock(expected.earliest)} to ${clock(expected.latest)})` : "–"}</td>
  </tr>`;
}

/** @param {{ startedAt?: string | undefined, endedAt?: string | undefined }} times */
function lasting({ startedAt, endedAt }) {
  if (startedAt === undefined) return "–";
  if (endedAt === undefined) return `since ${clock(startedAt)}`;
  return `${clock(startedAt)}, ${duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)}`;
}

/** @param {readonly StageView[]} stages @param {number} atMs */
function spanOf(stages, atMs) {
  const told = stages.flatMap(({ planned, actual, expected }) => [
    planned.startedAt,
    planned.endedAt,
    actual.startedAt,
    actual.endedAt,
    expected?.latest,
  ]);
  const times = [atMs, ...told.filter((at) => at !== undefined).map((at) => Date.parse(at))];
  const fromMs = Math.min(...times);
  return { fromMs, toMs: Math.max(...times, fromMs + 1000) };
}
