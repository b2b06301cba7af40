/**
 * @import { ContractSummaryView } from "../../views.ts"
 * @import { Fleet } from "../fleet-state.js"
 */
import { html } from "../html.js";
import { Told } from "../parts/told.js";
import { useLive } from "../parts/use-live.js";
import { clock, duration, MODES, percent, seenAgo } from "../words.js";
import { ContractTable } from "./contracts-page.js";

/** A device: how it is, what it was given, and when the cloud could hear it. @param {{ id: string, fleet: Fleet }} props */
export function DevicePage({ id, fleet }) {
  const path = `devices/${encodeURIComponent(id)}`;
  const isAbout = (/** @type {{ deviceId?: string }} */ { deviceId }) => deviceId === id;
  const connections = useLive(`${path}/connections`, { concerns: isAbout }).answer;
  const contracts = useLive(`contracts?limit=50&device=${encodeURIComponent(id)}`, { concerns: isAbout }).answer;
  const mark = fleet.devices.get(id)?.mark;
  return html`<h2>${id}</h2>
    ${
      mark
        ? html`<p class="facts">
            <span class="sign" aria-hidden="true">${MODES[mark.mode].sign}</span> <b>${MODES[mark.mode].words}</b>:
            ${MODES[mark.mode].meaning} · seen ${seenAgo(mark, fleet.atMs)} · battery ${percent(mark.battery)} ·
            <a href=${`#/fleet/${encodeURIComponent(id)}`}>on the map</a>
          </p>`
        : html`<p role="alert">This device was never heard.</p>`
    }
    <h3>Connection</h3>
    <${Told}
      answer=${connections}
      show=${(/** @type {{ items: Change[] }} */ { items }) => html`<${Connections} items=${items} atMs=${fleet.atMs} />`}
    />
    <h3>Contracts</h3>
    <${Told}
      answer=${contracts}
      show=${(/** @type {{ items: ContractSummaryView[] }} */ { items }) => html`<${ContractTable} items=${items} />`}
    />`;
}

/** @typedef {{ at: string, mode: keyof typeof MODES }} Change */

/** Newest first: each row lasts until the one above it. @param {{ items: readonly Change[], atMs: number }} props */
function Connections({ items, atMs }) {
  if (items.length === 0) return html`<p>It was never connected.</p>`;
  const untilMs = (/** @type {number} */ at) => (at === 0 ? atMs : Date.parse(items[at - 1]?.at ?? ""));
  return html`<div class="scroll short" role="region" aria-label="Connection history" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">Since</th>
          <th scope="col">Mode</th>
          <th scope="col">For</th>
        </tr>
      </thead>
      <tbody>
        ${items.map(
          ({ at, mode }, index) =>
            html`<tr key=${`${at} ${mode}`}>
              <td>${clock(at)}</td>
              <td><span class="sign" aria-hidden="true">${MODES[mode].sign}</span> ${MODES[mode].words}</td>
              <td>${duration((untilMs(index) - Date.parse(at)) / 1000)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
