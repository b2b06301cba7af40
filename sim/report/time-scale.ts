/** Where a moment stands on the page, and the round moments to write beside it. */
export interface TimeScale {
  readonly left: number;
  readonly right: number;
  /** End of the axis, in seconds; it begins at 0. */
  readonly end: number;
  readonly ticks: readonly number[];
}

/** A time axis from 0 to `duration` seconds between two places of the page, ticks at least 70 px apart. */
export function timeScale(left: number, right: number, duration: number): TimeScale {
  const end = Math.max(duration, 1);
  const most = Math.floor((right - left) / TICK_ROOM_PX);
  const step = STEPS.find((seconds) => end / seconds <= most) ?? Math.ceil(end / most / DAY) * DAY;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, at) => at * step);
  return { left, right, end, ticks };
}

/** The place of a moment, clipped to the axis. */
export function timeToPage(scale: TimeScale, t: number): number {
  const share = Math.min(1, Math.max(0, t / scale.end));
  return scale.left + (scale.right - scale.left) * share;
}

/** `m:ss`, or `h:mm:ss` from an hour on; rounded to the second. */
export function clockText(t: number): string {
  const seconds = Math.round(t);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, "0")}:${tail}`;
}

/** A length of time in words: `48 s`, `4 min 12 s`, `2 h 5 min`. */
export function lastingText(t: number): string {
  const seconds = Math.round(t);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const TICK_ROOM_PX = 70;
const DAY = 86_400;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY] as const;
