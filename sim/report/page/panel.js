/** @import { Device, Run } from "./run.js" */
import { lastAt, placeAt, textAt } from "./run.js";

/** What is told in words of the time that is shown: a card a robot, and the log. */
export class Panel {
  /** @param {Run} run */
  constructor(run) {
    this.run = run;
    this.cards = Array.from(document.querySelectorAll("[data-robot]"));
    this.log = /** @type {HTMLElement | null} */ (document.querySelector("[data-log]"));
    this.entries = Array.from(document.querySelectorAll("[data-log] [data-t]"));
    this.times = this.entries.map((entry) => Number(entry.getAttribute("data-t")));
    this.current = -1;
  }

  /** @param {number} t */
  show(t) {
    this.cards.forEach((card, at) => {
      const device = this.run.devices[at];
      if (device) fill(card, factsOf(device, t));
    });
    this.markCurrent(lastAt(this.times, t + 1e-6));
  }

  /** @param {number} at */
  markCurrent(at) {
    if (at === this.current || !this.log) return;
    this.entries[this.current]?.removeAttribute("aria-current");
    this.entries[at]?.setAttribute("aria-current", "true");
    this.current = at;
    const entry = /** @type {HTMLElement | undefined} */ (this.entries[at]);
    // Not scrollIntoView, which would scroll the page as well.
    this.log.scrollTop = entry ? entry.offsetTop - this.log.clientHeight / 2 : 0;
  }
}

/** @param {Element} card @param {Record<string, string>} facts */
function fill(card, facts) {
  for (const [name, words] of Object.entries(facts)) {
    const field = card.querySelector(`[data-fact="${name}"]`);
    if (field && field.textContent !== words) field.textContent = words;
  }
}

/** @param {Device} device @param {number} t @returns {Record<string, string>} */
function factsOf({ truth, battery, stages, link, modes, gate }, t) {
  const place = placeAt(truth, t);
  const charge = placeAt(battery, t)?.["actual"];
  return {
    stage: textAt(stages, t) ?? "none",
    link: textAt(link, t) ?? "not yet",
    cloud: textAt(modes, t) ?? "not yet seen",
    gate: textAt(gate, t) ?? "not recorded",
    place: place ? `${(place["x"] ?? 0).toFixed(2)}, ${(place["y"] ?? 0).toFixed(2)} m` : "unknown",
    speed: place ? `${speedAt(truth, t).toFixed(2)} m/s` : "unknown",
    battery: charge === undefined ? "unknown" : `${(charge * 100).toFixed(1)} %`,
  };
}

/** Seconds over which a speed is taken; two samples of the course. */
const SPEED_OVER = 0.4;

/** @param {Device["truth"]} truth @param {number} t */
function speedAt(truth, t) {
  const { x: x1 = 0, y: y1 = 0 } = placeAt(truth, t) ?? {};
  const { x: x0 = x1, y: y0 = y1 } = placeAt(truth, t - SPEED_OVER) ?? {};
  return Math.hypot(x1 - x0, y1 - y0) / SPEED_OVER;
}
