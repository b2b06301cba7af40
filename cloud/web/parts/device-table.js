/** @import { Fleet, Shown } from "../fleet-state.js" */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { metres, MODES, nameOf, percent, seenAgo } from "../words.js";

/** Every device with what the map shows of it, in words. @param {{ fleet: Fleet, selected: string | undefined }} props */
export function DeviceTable({ fleet, selected }) {
  const [wanted, setWanted] = useState("");
  const [mode, setMode] = useState("");
  const all = [...fleet.devices.values()].sort((a, b) => (a.mark.id < b.mark.id ? -1 : 1));
  const shown = all.filter(({ mark }) => mark.id.includes(wanted) && (mode === "" || mark.mode === mode));
  return html`<div class="filters">
      <label
        >Find
        <input type="search" value=${wanted} onInput=${(/** @type {any} */ event) => setWanted(event.target.value)}
      /></label>
      <label
        >Mode
        <select value=${mode} onChange=${(/** @type {any} */ event) => setMode(event.target.value)}>
          <option value="">all (${all.length})</option>
          ${Object.entries(MODES).map(([id, { words }]) => html`<option key=${id} value=${id}>${words} (${countOf(all, id)})</option>`)}
        </select></label
      >
    </div>
    <div class="scroll" role="region" aria-label="Table of devices" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Mode</th>
            <th scope="col">Work</th>
            <th scope="col">Battery</th>
            <th scope="col">Seen</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map((device) => html`<${Row} key=${device.mark.id} shown=${device} atMs=${fleet.atMs} isSelected=${device.mark.id === selected} />`)}
        </tbody>
      </table>
      ${shown.length === 0 && html`<p>${all.length === 0 ? "No device was ever heard." : "No device is like that."}</p>`}
    </div>`;
}

/** @param {{ shown: Shown, atMs: number, isSelected: boolean }} props */
function Row({ shown, atMs, isSelected }) {
  const { mark } = shown;
  const { sign, words } = MODES[mark.mode];
  const doubt = mark.mode === "projected" && mark.sigma !== undefined ? ` ± ${metres(mark.sigma)}` : "";
  const path = encodeURIComponent(mark.id);
  return html`<tr aria-current=${isSelected ? "true" : undefined} data-row=${mark.id}>
    <th scope="row">
      <a href=${isSelected ? `#/devices/${path}` : `#/fleet/${path}`}>${mark.id}</a
      >${isSelected && html` <a href=${`#/devices/${path}`}>more</a>`}
    </th>
    <td class=${mark.mode}><span class="sign" aria-hidden="true">${sign}</span> ${words}${doubt}</td>
    <td>
      ${mark.contract ? html`<a href=${`#/contracts/${mark.contract.contractId}`}>${nameOf(mark.contract)}</a> ${mark.contract.status}${mark.contract.stageId ? `, ${mark.contract.stageId}` : ""}, ${percent(mark.contract.progress)}` : "none"}
    </td>
    <td>
      ${percent(mark.battery)}${mark.batterySigma === undefined || mark.mode !== "projected" ? "" : ` ± ${(mark.batterySigma * 100).toFixed(1)}`}
    </td>
    <td>${seenAgo(mark, atMs)}</td>
  </tr>`;
}

/** @param {readonly Shown[]} all @param {string} mode */
function countOf(all, mode) {
  return all.filter(({ mark }) => mark.mode === mode).length;
}
