import { useState } from "preact/hooks";
import { html } from "../html.js";
import { Actions } from "../parts/actions.js";
import { valueOf } from "../parts/form.js";
import { Told } from "../parts/told.js";
import { useLive } from "../parts/use-live.js";
import { post } from "../server.js";
import { clock } from "../words.js";

/**
 * @typedef {{ id: number, at: string, code: string, severity: string, detail: string, deviceId?: string, contractId?: string,
 *   resolvedAt?: string, resolvedBy?: string, note?: string }} Exception
 */

/** Severities with a sign that needs no colour. @type {Record<string, string>} */
const SIGNS = { LOW: "·", MEDIUM: "!", HIGH: "!!", URGENT: "!!!" };

/** The supervisor's queue: what waits for a person, and what was done about it. */
export function QueuePage() {
  const [status, setStatus] = useState("open");
  const { answer, again } = useLive(`exceptions?limit=200&status=${status}`, {
    concerns: ({ type }) => type === "exception" || type === "exception.resolved",
  });
  return html`<h2>Supervisor queue</h2>
    <p>
      <label
        >Show
        <select value=${status} onChange=${(/** @type {any} */ event) => setStatus(event.target.value)}>
          <option value="open">open</option>
          <option value="resolved">resolved</option>
        </select></label
      >
    </p>
    <${Told}
      answer=${answer}
      show=${(/** @type {{ items: Exception[] }} */ { items }) => html`<${Entries} items=${items} onDone=${again} />`}
    />`;
}

/** @param {{ items: readonly Exception[], onDone: () => void }} props */
function Entries({ items, onDone }) {
  if (items.length === 0) return html`<p>Nothing waits for anybody.</p>`;
  return html`<ul class="cards">
    ${items.map((entry) => html`<li key=${entry.id} data-exception=${entry.id}><${Entry} entry=${entry} onDone=${onDone} /></li>`)}
  </ul>`;
}

/** @param {{ entry: Exception, onDone: () => void }} props */
function Entry({ entry, onDone }) {
  const { id, at, code, severity, detail, deviceId, contractId, resolvedAt, resolvedBy, note } = entry;
  return html`<h3><span class=${`severity ${severity}`}>${SIGNS[severity]} ${severity}</span> ${code}</h3>
    <p>${detail}</p>
    <p class="facts">
      ${clock(at)} ${deviceId && html` · <a href=${`#/devices/${encodeURIComponent(deviceId)}`}>${deviceId}</a>`}
      ${contractId && html` · <a href=${`#/contracts/${contractId}`}>contract</a>`}
    </p>
    ${resolvedAt ? html`<p>Resolved ${clock(resolvedAt)} by ${resolvedBy}${note ? `: ${note}` : ""}</p>` : html`<${Resolve} id=${id} onDone=${onDone} />`}
    ${!resolvedAt && contractId && html`<${Actions} contractId=${contractId} />`}`;
}

/** @param {{ id: number, onDone: () => void }} props */
function Resolve({ id, onDone }) {
  const [refusal, setRefusal] = useState("");
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const [by, note] = [valueOf(event, "by"), valueOf(event, "note")];
    const answer = await post(`exceptions/${id}/resolve`, note === "" ? { by } : { by, note });
    if (answer.ok) onDone();
    else setRefusal(answer.detail);
  };
  return html`<form class="actions" onSubmit=${submit} aria-label=${`Resolve exception ${id}`}>
    <label>Your name <input name="by" required maxlength="200" autocomplete="name" /></label>
    <label>What was done <input name="note" maxlength="2000" /></label>
    <button>Resolve</button>
    <span role="alert">${refusal}</span>
  </form>`;
}
