/** @import { Fleet } from "./fleet-state.js" */
import { useEffect, useState } from "preact/hooks";
import { NO_FLEET, withNews } from "./fleet-state.js";
import { html } from "./html.js";
import { CapacityPage } from "./pages/capacity-page.js";
import { ContractPage } from "./pages/contract-page.js";
import { ContractsPage } from "./pages/contracts-page.js";
import { DevicePage } from "./pages/device-page.js";
import { DocumentPage, DocumentsPage } from "./pages/document-page.js";
import { FleetPage } from "./pages/fleet-page.js";
import { QueuePage } from "./pages/queue-page.js";
import { TokenForm } from "./parts/token-form.js";
import { tellEntry } from "./parts/use-live.js";
import { follow } from "./server.js";

/** @typedef {import("./server.js").StreamState} StreamState */

/** Where an address leads: `#/fleet/ID` and so on. @type {Record<string, (props: { fleet: Fleet, parts: string[] }) => any>} */
const PAGES = {
  fleet: ({ fleet, parts: [selected] }) => html`<${FleetPage} fleet=${fleet} selected=${selected} />`,
  devices: ({ fleet, parts: [id = ""] }) => html`<${DevicePage} id=${id} fleet=${fleet} />`,
  contracts: ({ fleet, parts: [id] }) =>
    id === undefined ? html`<${ContractsPage} />` : html`<${ContractPage} id=${id} atMs=${fleet.atMs} />`,
  documents: ({ parts: [type, id] }) =>
    type === undefined || id === undefined
      ? html`<${DocumentsPage} />`
      : html`<${DocumentPage} type=${type} id=${id} />`,
  queue: () => html`<${QueuePage} />`,
  capacity: () => html`<${CapacityPage} />`,
};
const HEADINGS = [
  ["fleet", "Fleet"],
  ["contracts", "Contracts"],
  ["documents", "Documents"],
  ["queue", "Supervisor queue"],
  ["capacity", "Capacity"],
];

/** The whole page. */
export function App() {
  const [page = "fleet", ...parts] = usePath();
  const [attempt, setAttempt] = useState(0);
  const { fleet, state } = useFleet(attempt);
  const show = PAGES[page] ?? PAGES["fleet"];
  if (state === "refused") return html`<${TokenForm} onToken=${() => setAttempt(attempt + 1)} />`;
  return html`<header>
      <h1>Holdfast fleet</h1>
      <nav aria-label="Pages">
        ${HEADINGS.map(([id, words]) => html`<a key=${id} href=${`#/${id}`} aria-current=${id === page ? "page" : undefined}>${words}</a>`)}
      </nav>
      <p role="status" class=${`stream ${state}`} data-stream=${state} data-at=${fleet.atMs}>${STATE_WORDS[state]}</p>
    </header>
    <main>${show?.({ fleet, parts })}</main>`;
}

/** @type {Record<StreamState, string>} */
const STATE_WORDS = {
  connecting: "connecting to the cloud …",
  open: "",
  lost: "✗ no connection to the cloud: what you see is old",
  refused: "a token is needed",
};

/** The path of the address behind `#/`. */
function usePath() {
  const [path, setPath] = useState(location.hash);
  useEffect(() => {
    const listener = () => setPath(location.hash);
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  return path.split("/").slice(1).map(decodeURIComponent);
}

/** The fleet as the cloud tells it, and how the connection is. @param {number} attempt another one begins anew */
function useFleet(attempt) {
  const [fleet, setFleet] = useState(NO_FLEET);
  const [state, setState] = useState(/** @type {StreamState} */ ("connecting"));
  useEffect(() => {
    const left = new AbortController();
    const { signal } = left;
    void follow("fleet/stream", {
      onEvent: (news) => setFleet((before) => withNews(before, news)),
      onState: setState,
      signal,
    });
    void follow("stream", { onEvent: tellEntry, onState: () => undefined, signal });
    return () => left.abort();
  }, [attempt]);
  return { fleet, state };
}
