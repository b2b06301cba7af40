/**
 * @typedef {{ head?: string[], rows: string[][] }} Table
 * @typedef {{ title: string, lines: string[], table?: Table }} Section
 */

const EVERY_MS = 1000;
/** The map and the events are lines that mean something only at their full width. */
const WIDE = new Set(["Surroundings", "Last events"]);

const main = element("sections");
const fresh = element("fresh");
let seenAt = "";

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new TypeError(`the page has no ${id}`);
  return found;
}

/**
 * @param {string} name
 * @param {{ text?: string, children?: Node[], attributes?: Record<string, string> }} [what]
 */
function make(name, { text, children = [], attributes = {} } = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** @param {Table} table */
function tableOf({ head, rows }) {
  const body = rows.map(([first = "", ...others]) =>
    make("tr", {
      children: [
        head ? make("td", { text: first }) : make("th", { attributes: { scope: "row" }, text: first }),
        ...others.map((text) => make("td", { text })),
      ],
    }),
  );
  const heading =
    head && make("tr", { children: head.map((text) => make("th", { attributes: { scope: "col" }, text })) });
  return make("table", {
    children: [...(heading ? [make("thead", { children: [heading] })] : []), make("tbody", { children: body })],
  });
}

/** @param {Section} section */
function sectionOf({ title, lines, table }) {
  const wide = WIDE.has(title);
  const preformatted = make("pre", { text: lines.join("\n") });
  const shown = table ? tableOf(table) : wide ? preformatted : make("p", { text: lines.join(" ") });
  const scrolled = make("div", { attributes: { class: "scroll" }, children: [shown] });
  if (wide) {
    scrolled.tabIndex = 0;
    scrolled.setAttribute("role", "region");
    scrolled.setAttribute("aria-label", title);
  }
  return make("section", {
    attributes: { class: wide ? "wide" : "" },
    children: [make("h2", { text: title }), scrolled],
  });
}

/** @param {Section[]} sections */
function show(sections) {
  const robot = new Map(sections[0]?.table?.rows.map(([name = "", value = "?"]) => [name, value]));
  const name = robot.get("robot") ?? "?";
  const state = robot.get("state") ?? "?";
  document.title = `${state} ${name}`;
  element("name").textContent = name;
  const word = element("state");
  word.textContent = state;
  word.classList.toggle("bad", ["STOP", "ESTOP", "FAULT", "HOLD"].includes(state));
  const scrolled = [...main.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
  main.replaceChildren(...sections.map(sectionOf));
  main.querySelectorAll(".scroll").forEach((box, at) => (box.scrollLeft = scrolled[at] ?? 0));
}

async function look() {
  // Nothing is redrawn under a finger, a focus or a selection.
  const isInUse = main.contains(document.activeElement) || String(getSelection()) !== "";
  try {
    const answer = await fetch("facts", { cache: "no-store", signal: AbortSignal.timeout(5 * EVERY_MS) });
    const { sections } = await answer.json();
    if (!isInUse) show(sections);
    seenAt = new Date().toLocaleTimeString();
    fresh.textContent = isInUse ? `paused while you read, ${seenAt}` : `as of ${seenAt}`;
    fresh.classList.remove("bad");
  } catch {
    fresh.textContent = seenAt === "" ? "The agent does not answer." : `The agent does not answer since ${seenAt}.`;
    fresh.classList.add("bad");
  }
}

for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}

export {};
