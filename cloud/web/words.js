/** @import { FleetMark } from "../io/fleet-stream.ts" */

/** What each mode means, with the sign that stands for it where there is no room for words. */
export const MODES = {
  live: { sign: "▲", words: "live", meaning: "heard now; it stands where it was seen" },
  projected: { sign: "△?", words: "projected", meaning: "out of reach; it stands where it should be by its contract" },
  reconciled: { sign: "◬", words: "reconciling", meaning: "back; what it did is compared with what was believed" },
};

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d`;
}

/** @param {number | undefined} share */
export function percent(share) {
  return share === undefined ? "unknown" : `${Math.round(share * 100)} %`;
}

/** @param {number | undefined} metres */
export function metres(metres) {
  return metres === undefined ? "unknown" : `${metres.toFixed(metres < 10 ? 1 : 0)} m`;
}

/** The time of day of a moment in the reader's time zone, with the date if it is another day. @param {string | undefined} at */
export function clock(at) {
  if (at === undefined) return "–";
  const moment = new Date(at);
  const time = moment.toLocaleTimeString([], { hour12: false });
  return moment.toDateString() === new Date().toDateString() ? time : `${moment.toLocaleDateString()} ${time}`;
}

/** What a contract is called: its name, or the head of its id. @param {{ name?: string | undefined, contractId: string }} contract */
export function nameOf({ name, contractId }) {
  return name ?? `${contractId.slice(0, 8)}…${contractId.slice(-4)}`;
}

/** How long ago a device was seen, by the cloud's clock. @param {FleetMark} mark @param {number} atMs */
export function seenAgo({ seenAt }, atMs) {
  return seenAt === undefined ? "never" : `${duration((atMs - Date.parse(seenAt)) / 1000)} ago`;
}
