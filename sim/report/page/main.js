/** @import { Layers } from "./map-view.js" */
import { MapView } from "./map-view.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { clockText, unpackRun } from "./run.js";

const ZOOM_MAX = 8;

/** @type {<Kind extends Element>(selector: string) => Kind} */
const one = (selector) => {
  const found = document.querySelector(selector);
  if (!found) throw new TypeError(`the page has no ${selector}`);
  return /** @type {any} */ (found);
};

const run = await unpackRun(one("#run-data").textContent ?? "");
const map = new MapView(run, one("#still-map"), one("#moving-map"));
const panel = new Panel(run);
const slider = /** @type {HTMLInputElement} */ (one("#time"));
const cursor = /** @type {SVGLineElement} */ (one("#cursor"));
const clock = one("#clock");
const play = one("#play");
const robots = /** @type {HTMLSelectElement | null} */ (document.querySelector("#focus"));
let zoom = 1;

const player = new Player(run.duration, (t) => {
  slider.value = String(t);
  slider.setAttribute("aria-valuetext", `${clockText(t)} of ${clockText(run.duration)}`);
  clock.textContent = `${clockText(t)} / ${clockText(run.duration)}`;
  const { left, right, end } = run.axis;
  const x = String(left + ((right - left) * t) / end);
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
  panel.show(t);
  drawMap();
});

function drawMap() {
  map.draw({ t: player.t, layers: layersOf(), focus: Number(robots?.value ?? 0), zoom });
}

/** A layer that nothing was recorded for has no box. @returns {Layers} */
function layersOf() {
  /** @param {string} name */
  const is = (name) =>
    /** @type {HTMLInputElement | null} */ (document.querySelector(`#layer-${name}`))?.checked ?? false;
  return { scan: is("scan"), costmap: is("costmap"), route: is("route"), cloud: is("cloud"), track: is("track") };
}

/** @param {number} factor */
function zoomBy(factor) {
  zoom = Math.min(ZOOM_MAX, Math.max(1, zoom * factor));
  one("#zoom-level").textContent = `${zoom} x`;
  drawMap();
}

/** Follows `#t=12.5`, which is how moments are linked, in this page and from others. */
function followLink() {
  const t = /^#t=([\d.]+)$/.exec(location.hash)?.[1];
  if (t === undefined) return;
  player.pause();
  player.seek(Number(t));
}

/** @param {number} direction */
function step(direction) {
  const moments = panel.times;
  const next = direction > 0 ? moments.find((t) => t > player.t + 0.05) : moments.findLast((t) => t < player.t - 0.05);
  player.seek(next ?? (direction > 0 ? run.duration : 0));
}

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const KEYS = {
  " ": () => player.toggle(),
  ArrowLeft: ({ shiftKey }) => player.seek(player.t - (shiftKey ? 10 : 1)),
  ArrowRight: ({ shiftKey }) => player.seek(player.t + (shiftKey ? 10 : 1)),
  Home: () => player.seek(0),
  End: () => player.seek(run.duration),
  n: () => step(1),
  p: () => step(-1),
  "+": () => zoomBy(2),
  "-": () => zoomBy(0.5),
};

document.addEventListener("keydown", (event) => {
  const { target, key, ctrlKey, altKey, metaKey } = event;
  if (ctrlKey || altKey || metaKey) return;
  // A focused control keeps the keys that are its own.
  const isControl =
    target instanceof HTMLElement && target.matches("button, a, select, summary, input[type=checkbox], [data-log]");
  if (isControl && !["n", "p", "+", "-"].includes(key)) return;
  const act = KEYS[key];
  if (!act) return;
  event.preventDefault();
  act(event);
});
slider.addEventListener("input", () => player.seek(Number(slider.value)));
play.addEventListener("click", () => player.toggle());
player.onState = (state) => (play.textContent = state === "playing" ? "Pause" : "Play");
one("#speed").addEventListener("change", (event) => {
  player.speed = Number(/** @type {HTMLSelectElement} */ (event.target).value);
});
one("#previous").addEventListener("click", () => step(-1));
one("#next").addEventListener("click", () => step(1));
one("#zoom-in").addEventListener("click", () => zoomBy(2));
one("#zoom-out").addEventListener("click", () => zoomBy(0.5));
robots?.addEventListener("change", drawMap);
for (const box of document.querySelectorAll("[id^=layer-]")) box.addEventListener("change", drawMap);
one("#course").addEventListener("pointerdown", (event) => {
  const { clientX, currentTarget } = /** @type {PointerEvent} */ (event);
  const box = /** @type {Element} */ (currentTarget).getBoundingClientRect();
  const { left, right, end, width } = run.axis;
  player.seek(((((clientX - box.left) / box.width) * width - left) / (right - left)) * end);
});
addEventListener("hashchange", followLink);
new ResizeObserver(drawMap).observe(one("#moving-map"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMap);

player.seek(0);
followLink();
document.documentElement.dataset["state"] = "ready";
