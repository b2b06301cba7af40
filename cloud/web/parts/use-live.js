/**
 * @import { LogEntry } from "../../io/store-rows.ts"
 * @import { Answer } from "../server.js"
 */
import { useEffect, useState } from "preact/hooks";
import { get } from "../server.js";

/** What happens together is asked for once. */
const SETTLE_MS = 250;

/** @type {Set<(entry: LogEntry) => void>} */
const listeners = new Set();

/** Tells everybody on the page what the cloud's log says. @param {LogEntry} entry */
export function tellEntry(entry) {
  for (const listener of listeners) listener(entry);
}

/**
 * What the cloud answers at `path`, asked for anew when the log tells of something that concerns it, after `everyMs` if that is given,
 * and when `again` is called. Undefined until the first answer.
 * @template [Value=any]
 * @param {string | undefined} path nothing is asked without it
 * @param {{ concerns?: (entry: LogEntry) => boolean, everyMs?: number }} [options]
 * @returns {{ answer: Answer<Value> | undefined, again: () => void }}
 */
export function useLive(path, { concerns, everyMs } = {}) {
  const [answer, setAnswer] = useState(/** @type {{ path: string, is: Answer<Value> } | undefined} */ (undefined));
  const [count, setCount] = useState(0);
  const again = () => setCount((before) => before + 1);
  useEffect(() => {
    if (path === undefined) return undefined;
    let isLeft = false;
    void get(path).then((is) => isLeft || setAnswer({ path, is }));
    return () => void (isLeft = true);
  }, [path, count]);
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let settling;
    const listener = (/** @type {LogEntry} */ entry) => {
      if (!concerns?.(entry)) return;
      settling ??= setTimeout(() => {
        settling = undefined;
        again();
      }, SETTLE_MS);
    };
    listeners.add(listener);
    const timer = everyMs === undefined ? undefined : setInterval(again, everyMs);
    return () => {
      listeners.delete(listener);
      clearTimeout(settling);
      clearInterval(timer);
    };
  }, [path, everyMs]);
  return { answer: answer?.path === path ? answer?.is : undefined, again };
}
