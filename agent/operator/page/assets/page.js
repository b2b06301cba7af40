/** The operator's screen: shows what the agent says, and tells it what is scanned, typed or pressed. It knows nothing by itself. */

const at = (id) => document.getElementById(id);
const NUMBER_KEYS = Array.from("123456789.0⌫");
const CODE_KEYS = Array.from("1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ-._⌫");
/** Two ends of line of one scan must not answer two questions. */
const ENTER_AGAIN_MS = 800;
/** The agent says something at least every 5 s. */
const SILENT_MS = 12_000;

let view;
let entry = "";
/** What the person wants besides answering: `type` shows the letters, `problem` the list, or a problem whose count is asked. */
let mode = "answer";
let isSending = false;
let enteredAt = 0;
let heardAt = 0;

const promptId = () => (view?.status.type === "prompt" ? view.status.promptId : undefined);

/** What was typed survives a reload, but not the next question. */
function keepEntry(next) {
  entry = next;
  sessionStorage.setItem("entry", JSON.stringify({ promptId: promptId(), entry }));
  render();
}

function recallEntry() {
  const kept = JSON.parse(sessionStorage.getItem("entry") ?? "{}");
  return kept.promptId === promptId() ? (kept.entry ?? "") : "";
}

async function tell(message) {
  if (isSending) return;
  isSending = true;
  enteredAt = performance.now();
  // What is typed from now on belongs to what comes next.
  const sent = entry;
  entry = "";
  render();
  try {
    const response = await fetch("/tell", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
    });
    const answered = await response.json();
    mode = "answer";
    at("message").textContent = answered.ok ? "" : answered.message;
  } catch {
    entry ||= sent;
    at("message").textContent = "The device does not answer. Try again in a moment.";
  } finally {
    isSending = false;
    keepEntry(entry);
  }
}

function submit() {
  const id = promptId();
  if (!id || isSending) return;
  if (mode.startsWith("count:")) {
    if (entry !== "") void tell({ type: "problem", promptId: id, code: mode.slice(6), quantity: Number(entry) || 0 });
  } else if (entry === "") {
    if (view.status.text.button && mode === "answer") void tell({ type: "done", promptId: id });
  } else if (view.status.text.entry === "number" && /^\d{1,7}(\.\d*)?$/.test(entry)) {
    void tell({ type: "quantity", promptId: id, value: Number(entry) });
  } else {
    void tell({ type: "code", promptId: id, text: entry });
  }
}

function press(key) {
  keepEntry(key === "⌫" ? entry.slice(0, -1) : entry + key);
}

/** Scanners that are keyboards type fast and end with Enter; nothing needs the focus for it. */
addEventListener("keydown", (event) => take(event), true);

function take(event) {
  const isCommand = event.ctrlKey || event.altKey || event.metaKey;
  const key = event.ctrlKey && event.key === "]" ? "\u001d" : isCommand ? "" : event.key;
  if (!promptId()) return;
  if (key === "Enter") takeEnter(event);
  else if (key === "Backspace" || isTyped(key)) {
    event.preventDefault();
    press(key === "Backspace" ? "⌫" : key);
  }
}

/** A space alone presses the button in focus; the separator of GS1 comes as Ctrl and ]. */
function isTyped(key) {
  return key.length === 1 && (key !== " " || entry !== "");
}

function takeEnter(event) {
  const isAgain = entry === "" && performance.now() - enteredAt < ENTER_AGAIN_MS;
  if (entry === "" && !isAgain && document.activeElement?.tagName === "BUTTON") return;
  event.preventDefault();
  if (!isAgain) submit();
}

function button(label, act, kind = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.className = kind;
  made.disabled = isSending;
  made.onclick = act;
  if (label === "⌫") made.setAttribute("aria-label", "Delete the last character");
  return made;
}

const change = (next) => () => {
  mode = next;
  keepEntry("");
};

function render() {
  if (!view) return;
  const { status, work, isOnline } = view;
  at("work").textContent = work ? `${work.title} · ${work.stage}/${work.stages}` : view.deviceId;
  at("link").textContent = isOnline ? "online" : "offline: kept here";
  const asked = status.problems?.find(({ code }) => `count:${code}` === mode);
  at("title").textContent = titleOf(status, asked);
  at("hint").textContent = hintOf(status, asked);
  at("actions").replaceChildren(...actionsOf(status, asked));
  at("tools").replaceChildren(...toolsOf(status));
  renderEntry(status, asked);
}

function renderEntry(status, asked) {
  const isPrompt = status.type === "prompt";
  at("subject").textContent = isPrompt && mode !== "problem" && !asked ? status.text.subject : "";
  if (status.message) at("message").textContent = status.message;
  at("entry").textContent = isPrompt ? entry.replaceAll("\u001d", "·") : "";
  const kind = isPrompt ? keyboardOf(status, asked) : "none";
  at("keys").dataset["entry"] = kind;
  const keys = kind === "number" ? NUMBER_KEYS : kind === "code" ? CODE_KEYS : [];
  at("keys").replaceChildren(...keys.map((key) => button(key, () => press(key))));
}

function titleOf(status, asked) {
  if (status.type === "idle") return "No work";
  if (status.type === "held") return "On hold";
  if (status.type === "busy") return status.text;
  return asked ? asked.asks : mode === "problem" ? "What is the problem?" : status.text.title;
}

function hintOf(status, asked) {
  if (status.type === "idle") return status.text;
  if (status.type === "held") return status.reasons.join(", ");
  return status.type === "prompt" && mode !== "problem" && !asked ? status.text.hint : "";
}

function keyboardOf({ text }, asked) {
  if (asked || (text.entry === "number" && mode === "answer")) return "number";
  return mode === "type" ? "code" : "none";
}

function actionsOf(status, asked) {
  if (status.type === "held") {
    return status.canResume ? [button("Go on", () => tell({ type: "resume" }), "main")] : [];
  }
  if (status.type !== "prompt") return [];
  const { text, problems } = status;
  if (mode === "problem") {
    return problems.map(({ code, label, asks }) =>
      button(label, asks ? change(`count:${code}`) : () => tell({ type: "problem", promptId: promptId(), code })),
    );
  }
  const hasEntry = entry !== "" || asked || mode === "type" || text.entry === "number";
  if (hasEntry) return [button("OK", submit, "main")];
  return [
    ...(text.button ? [button(text.button, submit, "main")] : []),
    ...(text.entry === "code" ? [button("Type it in", change("type"))] : []),
  ];
}

function toolsOf(status) {
  if (status.type !== "prompt") return status.type === "busy" ? [button("Pause", () => tell({ type: "pause" }))] : [];
  if (mode !== "answer") return [button("Back", change("answer"))];
  const back = () => tell({ type: "back", promptId: promptId() });
  return [
    ...(status.canGoBack ? [button("Back", back)] : []),
    button("Problem", change("problem")),
    button("Pause", () => tell({ type: "pause" })),
  ];
}

const events = new EventSource("/events");
events.onmessage = ({ data }) => {
  heardAt = performance.now();
  const before = promptId();
  const isFirst = view === undefined;
  view = JSON.parse(data);
  if (isFirst || before !== promptId()) {
    mode = "answer";
    at("message").textContent = "";
    entry = isFirst ? recallEntry() : "";
  }
  document.documentElement.dataset["state"] = view.status.type;
  render();
};
setInterval(() => {
  if (performance.now() - heardAt < SILENT_MS) return;
  at("message").textContent = "The device does not answer. Wait: nothing that you entered is lost.";
}, 2000);
