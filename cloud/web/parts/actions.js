import { useState } from "preact/hooks";
import { html } from "../html.js";
import { post } from "../server.js";

/** What may be done about a contract; what can't be taken back asks once more. */
const ACTIONS = [
  { id: "hold", words: "Hold", isFinal: false },
  { id: "resume", words: "Resume", isFinal: false },
  { id: "reconcile", words: "Reconcile now", isFinal: false },
  { id: "cancel", words: "Cancel", isFinal: true },
];

/** Commands to the device of a contract. @param {{ contractId: string }} props */
export function Actions({ contractId }) {
  const [asked, setAsked] = useState("");
  const [told, setTold] = useState("");
  const act = async (/** @type {typeof ACTIONS[number]} */ { id, words, isFinal }) => {
    if (isFinal && asked !== id) {
      setAsked(id);
      return;
    }
    setAsked("");
    const answer = await post(`contracts/${contractId}/${id}`);
    setTold(
      answer.ok ? `${words}: done${answer.value.delivery === "kept" ? " when the device returns" : ""}` : answer.detail,
    );
  };
  return html`<div class="actions" role="group" aria-label="Contract">
    ${ACTIONS.map((action) => html`<button key=${action.id} type="button" onClick=${() => act(action)}>${asked === action.id ? `Really ${action.words.toLowerCase()}?` : action.words}</button>`)}
    <span role="status">${told}</span>
  </div>`;
}
