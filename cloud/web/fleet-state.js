/** @import { FleetMark, FleetNews } from "../io/fleet-stream.ts" */

/**
 * @typedef {readonly [x: number, y: number]} Place metres on the map
 * @typedef {{ from: Place, sigma: number, to?: Place, sinceMs: number }} Snap where a ghost was when its device was heard again, and
 *   where the device turned out to be
 * @typedef {{
 *   mark: FleetMark,
 *   trail: readonly Place[],
 *   ghostTrail: readonly Place[],
 *   snap?: Snap | undefined,
 * }} Shown a device with the places that it was seen at, those that it was projected at since it was lost, and its last snap
 * @typedef {{ atMs: number, devices: ReadonlyMap<string, Shown> }} Fleet `atMs` is the cloud's clock
 */

/** @type {Fleet} */
export const NO_FLEET = { atMs: 0, devices: new Map() };

const TRAIL_MAX = 400;
/** A snap stays to be seen for so long, in the cloud's time. */
const SNAP_MS = 90_000;
/** A step that is no more than the noise of a robot that stands, in metres. */
const STEP_MIN = 0.05;

/** The fleet after news of the stream; what has not changed is the same object. @param {Fleet} fleet @param {FleetNews} news @returns {Fleet} */
export function withNews(fleet, { at, whole, devices, gone }) {
  const atMs = Date.parse(at);
  const next = new Map(fleet.devices);
  if (whole) {
    const named = new Set(devices.map(({ id }) => id));
    for (const id of next.keys()) if (!named.has(id)) next.delete(id);
  }
  for (const id of gone) next.delete(id);
  for (const mark of devices) next.set(mark.id, shownAs(next.get(mark.id), mark, atMs));
  for (const [id, shown] of next) {
    if (shown.snap && atMs - shown.snap.sinceMs > SNAP_MS) next.set(id, { ...shown, snap: undefined });
  }
  return { atMs, devices: next };
}

/** @param {Shown | undefined} before @param {FleetMark} mark @param {number} atMs @returns {Shown} */
function shownAs(before, mark, atMs) {
  const here = placeOf(mark);
  const isGhost = mark.mode === "projected";
  const wasGhost = before?.mark.mode === "projected";
  const trail = isGhost || !here ? (before?.trail ?? []) : withPlace(before?.trail ?? [], here);
  const ghostBefore = wasGhost ? before.ghostTrail : [];
  const ghostTrail = isGhost && here ? withPlace(ghostBefore, here) : [];
  return { mark, trail, ghostTrail, snap: isGhost ? undefined : snapOf(before, mark, atMs) };
}

/** @param {Shown | undefined} before @param {FleetMark} mark @param {number} atMs @returns {Snap | undefined} */
function snapOf(before, mark, atMs) {
  const from = before && placeOf(before.mark);
  if (before?.mark.mode === "projected" && from) {
    return ended({ from, sigma: before.mark.sigma ?? 0, sinceMs: atMs }, mark);
  }
  return before?.snap && ended(before.snap, mark);
}

/** A snap ends at the first place that was seen after the return. @param {Snap} snap @param {FleetMark} mark @returns {Snap} */
function ended(snap, mark) {
  const to = placeOf(mark);
  const isSeenSince = mark.mode === "live" && Date.parse(mark.seenAt ?? "") >= snap.sinceMs - 1000;
  return snap.to || !to || !isSeenSince ? snap : { ...snap, to };
}

/** @param {readonly Place[]} trail @param {Place} place */
function withPlace(trail, place) {
  const last = trail.at(-1);
  if (last && Math.hypot(place[0] - last[0], place[1] - last[1]) < STEP_MIN) return trail;
  return [...trail.slice(-TRAIL_MAX + 1), place];
}

/** @param {FleetMark} mark @returns {Place | undefined} */
export function placeOf({ x, y }) {
  return x === undefined || y === undefined ? undefined : [x, y];
}

/** How far a ghost was off, in metres; undefined until its device was seen again. @param {Snap} snap */
export function missOf({ from, to }) {
  return to && Math.hypot(to[0] - from[0], to[1] - from[1]);
}
