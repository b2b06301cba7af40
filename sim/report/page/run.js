/** @import { Columns, PageData, PageDevice, PageSpan } from "../page-data.ts" */

/**
 * @typedef {Record<string, Float64Array>} Course columns of equal length, `t` among them, ascending
 * @typedef {Omit<PageDevice, "truth" | "projected" | "battery" | "scans" | "routes" | "costmaps"> & {
 *   truth: Course, projected: Course, battery: Course,
 *   scans: Omit<PageDevice["scans"], "course"> & { course: Course },
 *   routes: { t: number, way: Course }[],
 *   costmaps: { t: number, grid: number, observed: { t: number, appeared: number[], gone: number[] }[] }[],
 * }} Device
 * @typedef {Omit<PageData, "devices" | "movers"> & {
 *   devices: Device[], movers: (Omit<PageData["movers"][number], "course"> & { course: Course })[],
 * }} Run
 */

const SCALES = { t: 100, x: 100, y: 100, sigma: 100, yaw: 1000, actual: 10_000 };

/**
 * The run from what the page carries: base64 of deflated JSON.
 * @param {string} packed
 * @returns {Promise<Run>}
 */
export async function unpackRun(packed) {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return readRun(await new Response(stream).json());
}

/**
 * @param {PageData} data
 * @returns {Run}
 */
function readRun(data) {
  return {
    ...data,
    movers: data.movers.map((mover) => ({ ...mover, course: course(mover.course) })),
    devices: data.devices.map((device) => ({
      ...device,
      truth: course(device.truth),
      projected: course(device.projected),
      battery: course(device.battery),
      scans: { ...device.scans, course: course(device.scans.course), ranges: sums(device.scans.ranges) },
      routes: device.routes.map(({ t, way }) => ({ t, way: course(way) })),
      costmaps: device.costmaps.map((costmap) => ({
        ...costmap,
        observed: costmap.observed.map(({ t, appeared, gone }) => ({ t, appeared: sums(appeared), gone: sums(gone) })),
      })),
    })),
  };
}

/**
 * @param {Columns} columns
 * @returns {Course}
 */
function course(columns) {
  return Object.fromEntries(
    Object.entries(columns).map(([name, deltas]) => {
      const scale = SCALES[/** @type {keyof typeof SCALES} */ (name)];
      return [name, Float64Array.from(sums(deltas), (value) => value / scale)];
    }),
  );
}

/** @param {readonly number[]} deltas */
function sums(deltas) {
  let sum = 0;
  return deltas.map((delta) => (sum += delta));
}

/**
 * Position of the last entry at or before a time, -1 before the first.
 * @param {ArrayLike<number>} times ascending
 * @param {number} t
 */
export function lastAt(times, t) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (times[middle]) <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The last of some entries with a time of their own, or undefined before the first.
 * @template {{ t: number }} Entry
 * @param {readonly Entry[]} entries
 * @param {number} t
 */
export function entryAt(entries, t) {
  return entries.findLast((entry) => entry.t <= t);
}

/**
 * Values of a course at a time, between two samples in proportion; angles the short way round. Undefined outside of it.
 * @param {Course} columns
 * @param {number} t
 * @returns {Record<string, number> | undefined}
 */
export function placeAt(columns, t) {
  const times = columns["t"] ?? new Float64Array();
  const last = times.length - 1;
  if (last < 0 || t < /** @type {number} */ (times[0]) - 1) return undefined;
  const at = Math.max(0, lastAt(times, t));
  const next = Math.min(at + 1, last);
  const [from, to] = [times[at] ?? 0, times[next] ?? 0];
  const share = to > from ? Math.min(1, Math.max(0, (t - from) / (to - from))) : 0;
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => {
      const [a, b] = [values[at] ?? 0, values[next] ?? 0];
      const way = name === "yaw" ? Math.atan2(Math.sin(b - a), Math.cos(b - a)) : b - a;
      return [name, a + way * share];
    }),
  );
}

/**
 * What held at a time, in words, its end included, because the end of a run is a moment too; the later one where two meet.
 * @param {readonly PageSpan[]} spans
 * @param {number} t
 */
export function textAt(spans, t) {
  return spans.findLast(({ from, to }) => from <= t && t <= to)?.text;
}

/**
 * `m:ss.t`, or `h:mm:ss` from an hour on.
 * @param {number} t seconds
 */
export function clockText(t) {
  const tenths = Math.round(t * 10);
  const [hours, minutes, seconds] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  if (hours > 0) return `${hours}:${String(minutes).padStart(2, "0")}:${String(Math.floor(seconds)).padStart(2, "0")}`;
  return `${minutes}:${seconds.toFixed(1).padStart(4, "0")}`;
}
