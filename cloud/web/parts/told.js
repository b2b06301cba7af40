/** @import { Answer } from "../server.js" */
import { html } from "../html.js";

/** An answer by `show`, or why there is none. @param {{ answer: Answer<any> | undefined, show: (value: any) => any }} props */
export function Told({ answer, show }) {
  if (answer === undefined) return html`<p>Asking the cloud …</p>`;
  if (!answer.ok) return html`<p role="alert">The cloud refuses: ${answer.detail}</p>`;
  return show(answer.value);
}
