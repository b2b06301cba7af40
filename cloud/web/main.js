import { render } from "preact";
import { App } from "./app.js";
import { html } from "./html.js";

const place = document.querySelector("#app");
if (!place) throw new TypeError("the page has no #app");
render(html`<${App} />`, place);
