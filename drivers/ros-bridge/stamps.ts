/** Says when on our clock something happened that carries a time of ROS. */
export interface StampClock {
  /** `stampMs` is the time of ROS, undefined where none was given; never later than `arrivedMs`. */
  capturedMs(stampMs: number | undefined, arrivedMs: number): number;
}

/** The least delay is looked for in this time: long enough to see a message that was not held up, short enough to follow drift. */
const WINDOW_MS = 10_000;

/**
 * A clock of ROS need not show the time that ours does, so only differences count: of the last seconds, the message that came soonest
 * after its stamp is taken to have come at once, and every other to be as much older as it came later. Shared by all topics
 * of a bridge, so that a pose that took long to compute is as old as it is. After a step of the ROS clock samples look too
 * old, never too young, for at most the window.
 */
export function createStampClock(): StampClock {
  /** Least difference of arrival and stamp in this half of the window, and in the one before. */
  let [current, before] = [Infinity, Infinity];
  let halfStartMs = -Infinity;
  return {
    capturedMs(stampMs, arrivedMs) {
      if (stampMs === undefined || stampMs <= 0) return arrivedMs;
      if (arrivedMs - halfStartMs >= WINDOW_MS / 2) {
        before = arrivedMs - halfStartMs >= WINDOW_MS ? Infinity : current;
        [current, halfStartMs] = [Infinity, arrivedMs];
      }
      current = Math.min(current, arrivedMs - stampMs);
      return Math.min(arrivedMs, stampMs + Math.min(current, before));
    },
  };
}
