/** Data of a log line; errors go under `err`, identifiers under their own names. */
export type LogData = Readonly<Record<string, unknown>>;

/** Where the shell says what changed. Messages are constant and lower case; what varies is data. */
export interface Log {
  debug(data: LogData, message: string): void;
  info(data: LogData, message: string): void;
  warn(data: LogData, message: string): void;
  error(data: LogData, message: string): void;
  fatal(data: LogData, message: string): void;
  child(bindings: LogData): Log;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

/** One line as the memory log keeps it. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly data: LogData;
}

/** A log that keeps the last `keep` lines, for the simulator's failure reports and for tests. */
export function createMemoryLog(keep = 200): { log: Log; lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const make = (bindings: LogData): Log => {
    const write =
      (level: LogLevel) =>
      (data: LogData, message: string): void => {
        lines.push({ level, message, data: { ...bindings, ...data } });
        if (lines.length > keep) lines.shift();
      };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      fatal: write("fatal"),
      child: (more) => make({ ...bindings, ...more }),
    };
  };
  return { log: make({}), lines };
}

const drop = (): void => undefined;

/** Says nothing. */
export const silentLog: Log = {
  debug: drop,
  info: drop,
  warn: drop,
  error: drop,
  fatal: drop,
  child: () => silentLog,
};
