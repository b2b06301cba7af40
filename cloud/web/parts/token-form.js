import { html } from "../html.js";
import { valueOf } from "./form.js";
import { token } from "../server.js";

/** Asks for what the cloud wants to see of those who call from elsewhere. @param {{ onToken: () => void }} props */
export function TokenForm({ onToken }) {
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    token.set(valueOf(event, "token"));
    onToken();
  };
  return html`<main class="door">
    <h1>Holdfast fleet</h1>
    <p>
      The cloud wants a token with the scope <code>reader</code>, or <code>operator</code> for those who decide;
      <code>holdfast keys token</code> makes one. It is kept until this tab is closed.
    </p>
    <form onSubmit=${submit}>
      <label>Token <input name="token" type="password" required autocomplete="off" /></label>
      <button>Show the fleet</button>
    </form>
  </main>`;
}
