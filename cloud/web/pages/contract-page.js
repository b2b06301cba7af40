/** @import { ContractView } from "../../views.ts" */
import { html } from "../html.js";
import { Actions } from "../parts/actions.js";
import { Told } from "../parts/told.js";
import { Timeline } from "../parts/timeline.js";
import { useLive } from "../parts/use-live.js";
import { clock, nameOf, percent } from "../words.js";

const EVERY_MS = 5000;

/** A contract: its timeline, what may be done about it, and its reconciliations. @param {{ id: string, atMs: number }} props */
export function ContractPage({ id, atMs }) {
  const { answer } = useLive(`contracts/${encodeURIComponent(id)}`, {
    everyMs: EVERY_MS,
    concerns: ({ contractId }) => contractId === id,
  });
  return html`<${Told}
    answer=${answer}
    show=${(/** @type {ContractView} */ view) => html`<${Contract} view=${view} atMs=${atMs} />`}
  />`;
}

/** @param {{ view: ContractView, atMs: number }} props */
function Contract({ view, atMs }) {
  const { contract, deviceId, taskId, status, mode, progress, holds, leaseEndsAt, reason } = view;
  const document = contract.task.documentRef;
  return html`<h2>${contract.task.title}</h2>
    <p class="facts">
      ${nameOf(view)} · task ${taskId} ·
      <a href=${`#/devices/${encodeURIComponent(deviceId)}`}>${deviceId}</a> (${mode}) ·
      <b>${status}</b>${reason ? `: ${reason}` : ""}
      ${progress && html` · ${percent(progress.progress.value)} done${mode === "projected" ? ` ± ${percent(progress.progress.sigma)}, estimated` : ""}`}
      ${leaseEndsAt && html` · locked until ${clock(leaseEndsAt)} at least`}
      ${document && html` · <a href=${`#/documents/${encodeURIComponent(document.type)}/${encodeURIComponent(document.id)}`}>${document.type} ${document.id}</a>`}
    </p>
    <${Actions} contractId=${view.contractId} />
    ${
      holds.length > 0 &&
      html`<h3>Holds</h3>
        <ul>
          ${holds.map((hold) => html`<li key=${hold.holdId}>${hold.holdId} by ${hold.by} since ${clock(hold.at)}: ${hold.reason}</li>`)}
        </ul>`
    }
    <h3>Timeline</h3>
    <${Timeline} stages=${view.stages} atMs=${atMs} />
    <h3>Reconciliation</h3>
    <${Reconciliations} reports=${view.reconciliations} />
    ${
      view.recovery.length > 0 &&
      html`<h3>Recovery</h3>
        <ul>
          ${view.recovery.map((entry) => html`<li key=${entry.id}>${clock(entry.at)} ${entry.type}: ${JSON.stringify(entry.data)}</li>`)}
        </ul>`
    }`;
}

/** @param {{ reports: ContractView["reconciliations"] }} props */
function Reconciliations({ reports }) {
  if (reports.length === 0)
    return html`<p>Projection and fact were never compared: the link held, or is still gone.</p>`;
  return reports.map(
    ({ recordedAt, trigger, items }) =>
      html`<table key=${recordedAt} class="reconciliation">
        <caption>
          ${clock(recordedAt)}, after ${trigger === "return" ? "the return of the device" : "somebody asked"}
        </caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Projected</th>
            <th scope="col">Actual</th>
            <th scope="col">Off by</th>
            <th scope="col">Size</th>
          </tr>
        </thead>
        <tbody>
          ${items.map(
            (item) =>
              html`<tr key=${item.kind}>
                <th scope="row">${item.kind}</th>
                <td>${shown(item.projected)}</td>
                <td>${shown(item.actual)}</td>
                <td>${shown(item.delta)} ${item.unit === "1" ? "" : item.unit}</td>
                <td>${item.size === "material" ? "▲ material" : item.size}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
  );
}

/** @param {unknown} value @returns {string} */
function shown(value) {
  if (typeof value === "number") return String(Math.round(value * 100) / 100);
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
