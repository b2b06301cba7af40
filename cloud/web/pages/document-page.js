/** @import { DocumentView } from "../../documents.ts" */
import { html } from "../html.js";
import { Told } from "../parts/told.js";
import { useLive } from "../parts/use-live.js";
import { clock } from "../words.js";
import { ContractTable } from "./contracts-page.js";

const EVERY_MS = 5000;

/** The planner's documents that work was done for. */
export function DocumentsPage() {
  const { answer } = useLive("documents", { everyMs: EVERY_MS });
  return html`<h2>Documents</h2>
    <${Told}
      answer=${answer}
      show=${(/** @type {{ items: { type: string, id: string, lastAt: string }[] }} */ { items }) =>
        items.length === 0
          ? html`<p>No work names a document of the planner.</p>`
          : html`<ul>
              ${items.map(({ type, id, lastAt }) => html`<li key=${`${type} ${id}`}><a href=${`#/documents/${encodeURIComponent(type)}/${encodeURIComponent(id)}`}>${type} ${id}</a>, last ${clock(lastAt)}</li>`)}
            </ul>`}
    />`;
}

/** A document: the lifecycle of each of its tasks, and what was moved. @param {{ type: string, id: string }} props */
export function DocumentPage({ type, id }) {
  const { answer } = useLive(`documents/${encodeURIComponent(type)}/${encodeURIComponent(id)}`, { everyMs: EVERY_MS });
  return html`<h2>${type} ${id}</h2>
    <${Told} answer=${answer} show=${(/** @type {DocumentView} */ view) => html`<${Work} view=${view} />`} />`;
}

/** @param {{ view: DocumentView }} props */
function Work({ view: { tasks, movements } }) {
  return html`${tasks.map((task) => html`<section key=${task.taskId} aria-label=${`Task ${task.taskId}`}><${Task} task=${task} /></section>`)}
    <h3>Movements</h3>
    ${
      movements.length === 0
        ? html`<p>Nothing was moved.</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Kind</th>
                <th scope="col">What</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">By</th>
              </tr>
            </thead>
            <tbody>
              ${movements.map(
                (movement) =>
                  html`<tr key=${movement.correlation_id}>
                    <td>${clock(movement.occurred_at)}</td>
                    <td>${movement.kind}</td>
                    <td>${movement.qty} ${movement.uom} ${movement.sku}</td>
                    <td>${movement.from_location ?? "–"}</td>
                    <td>${movement.to_location ?? "–"}</td>
                    <td>${movement.actor.id}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;
}

/** @param {{ task: DocumentView["tasks"][number] }} props */
function Task({ task: { taskId, lifecycle, contracts } }) {
  const whole = lifecycle.filter(({ stage }) => stage === undefined).at(-1);
  return html`<h3>Task ${taskId}: ${whole?.status ?? "not begun"}</h3>
    <table class="lifecycle">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Status</th>
          <th scope="col">Stage</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        ${lifecycle.map(
          ({ at, status, stage, by, reason }, index) =>
            html`<tr key=${index}>
              <td>${clock(at)}</td>
              <td>${status}${reason ? `: ${reason}` : ""}</td>
              <td>${stage ?? "the whole task"}</td>
              <td>${by}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${contracts.length > 0 && html`<${ContractTable} items=${contracts} />`}`;
}
