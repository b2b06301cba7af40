import { html } from "../html.js";
import { Told } from "../parts/told.js";
import { useLive } from "../parts/use-live.js";
import { clock } from "../words.js";

const EVERY_MS = 30_000;
const WIDTH = 700;
const HEIGHT = 90;
/** Figures of a snapshot that are drawn, and what they are called. */
const FIGURES = [
  ["idle_robots", "Idle robots"],
  ["active_robots", "Robots at work"],
  ["active_workers", "People at work"],
  ["offline_devices", "Devices out of reach"],
  ["conveyor_utilization", "Conveyor utilization"],
];

/** @typedef {{ id: number, executor_partner_id: string, record: Record<string, any> }} Snapshot */

/** Capacity as this fleet and partners tell it: for dashboards, never for inventory. */
export function CapacityPage() {
  const { answer } = useLive("feed?kind=capacity&limit=240", { everyMs: EVERY_MS });
  return html`<h2>Capacity</h2>
    <p class="facts">Snapshots of floor and fleet, for people to look at; no inventory is counted by them.</p>
    <${Told}
      answer=${answer}
      show=${(/** @type {{ items: Snapshot[] }} */ { items }) => html`<${Trends} items=${items} />`}
    />`;
}

/** @param {{ items: readonly Snapshot[] }} props newest first */
function Trends({ items }) {
  const partners = [...new Set(items.map((item) => item.executor_partner_id))];
  if (partners.length === 0) return html`<p>The first snapshot is made within 30 s.</p>`;
  return partners.map((partner) => {
    const records = items.filter((item) => item.executor_partner_id === partner).map(({ record }) => record);
    return html`<section key=${partner} aria-label=${`Capacity of ${partner}`}>
      <h3>${partner}</h3>
      ${FIGURES.map(([figure = "", words]) => html`<${Trend} key=${figure} words=${words} points=${pointsOf(records, figure)} />`)}
      <${Zones} newest=${records[0]?.["zone_wip"] ?? {}} />
    </section>`;
  });
}

/** @param {readonly Record<string, any>[]} records newest first @param {string} figure @returns {{ atMs: number, value: number }[]} */
function pointsOf(records, figure) {
  const told = records.filter((record) => typeof record[figure] === "number");
  return told.map((record) => ({ atMs: Date.parse(record["occurred_at"]), value: record[figure] })).reverse();
}

/** A line of steps, with its last value in words. @param {{ words: string, points: { atMs: number, value: number }[] }} props */
function Trend({ words, points }) {
  const last = points.at(-1);
  const first = points[0];
  if (!last || !first) return null;
  const most = Math.max(1, ...points.map(({ value }) => value));
  const x = (/** @type {number} */ ms) => ((ms - first.atMs) / Math.max(1, last.atMs - first.atMs)) * WIDTH;
  const y = (/** @type {number} */ value) => HEIGHT - 2 - (value / most) * (HEIGHT - 6);
  const line = points.map(({ atMs, value }, at) =>
    at === 0 ? `M ${x(atMs)} ${y(value)}` : `H ${x(atMs)} V ${y(value)}`,
  );
  return html`<figure class="trend">
    <figcaption>
      <b>${words}: ${last.value}</b>, at most ${most} since ${clock(new Date(first.atMs).toISOString())}
    </figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" preserveAspectRatio="none">
      <path d=${`${line.join(" ")} H ${WIDTH}`} />
    </svg>
  </figure>`;
}

/** @param {{ newest: Record<string, number> }} props */
function Zones({ newest }) {
  const zones = Object.entries(newest);
  if (zones.length === 0) return html`<p>No work is in progress in any zone.</p>`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Zone</th>
        <th scope="col">Work in progress</th>
      </tr>
    </thead>
    <tbody>
      ${zones.map(
        ([zone, count]) =>
          html`<tr key=${zone}>
            <th scope="row">${zone}</th>
            <td>${count}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
