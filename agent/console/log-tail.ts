/** The last lines of the log, for people. */
export interface LogTail {
  offer(line: string): void;
  last(count: number): readonly string[];
  /** Calls `listener` with each further line; returns what ends it. */
  onLine(listener: (line: string) => void): () => void;
}

const KEPT = 1000;
const CHARS_MAX = 2000;

/** Keeps the newest lines in memory; a long one is cut. */
export function createLogTail(): LogTail {
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  return {
    offer(line) {
      const kept = line.trimEnd().slice(0, CHARS_MAX);
      lines.push(kept);
      if (lines.length > KEPT) lines.shift();
      for (const listener of listeners) listener(kept);
    },
    last: (count) => (count === 0 ? [] : lines.slice(-count)),
    onLine(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
