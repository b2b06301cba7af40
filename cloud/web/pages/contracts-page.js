/** @import { ContractSummaryView } from "../../views.ts" */
import { html } from "../html.js";
import { Told } from "../parts/told.js";
import { useLive } from "../parts/use-live.js";
import { clock, nameOf } from "../words.js";

/** The newest contracts. */
export function ContractsPage() {
  const { answer } = useLive("contracts?limit=200", { concerns: ({ type }) => type === "contract.status" });
  return html`<h2>Contracts</h2>
    <${Told}
      answer=${answer}
      show=${(/** @type {{ items: ContractSummaryView[] }} */ { items }) => html`<${ContractTable} items=${items} />`}
    />`;
}

/** @param {{ items: readonly ContractSummaryView[] }} props */
export function ContractTable({ items }) {
  if (items.length === 0) return html`<p>No contract was ever pushed.</p>`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Contract</th>
        <th scope="col">Task</th>
        <th scope="col">Device</th>
        <th scope="col">Status</th>
        <th scope="col">Made</th>
        <th scope="col">Ended</th>
      </tr>
    </thead>
    <tbody>
      ${items.map((item) => html`<${Row} key=${item.contractId} item=${item} />`)}
    </tbody>
  </table>`;
}

/** @param {{ item: ContractSummaryView }} props */
function Row({ item: { contractId, name, taskId, deviceId, status, reason, createdAt, endedAt } }) {
  return html`<tr>
    <th scope="row"><a href=${`#/contracts/${contractId}`}>${nameOf({ contractId, name })}</a></th>
    <td>${taskId}</td>
    <td><a href=${`#/devices/${encodeURIComponent(deviceId)}`}>${deviceId}</a></td>
    <td>${status}${reason ? ` (${reason})` : ""}</td>
    <td>${clock(createdAt)}</td>
    <td>${clock(endedAt)}</td>
  </tr>`;
}
