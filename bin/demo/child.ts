import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { AgentError } from "#lib/errors";
import { typescriptFlags } from "#lib/node/typescript-flags";

/** A line of a program's log, parsed. */
export type LogRecord = Readonly<Record<string, unknown>>;

export interface ChildOptions {
  readonly name: string;
  /** Arguments for Node: the program's file and its own. */
  readonly args: readonly string[];
  /** Called for every JSON line that the program logs. */
  readonly onLog: (record: LogRecord) => void;
  /** Called for every other line that it prints. */
  readonly onLine?: (line: string) => void;
  /** Called when it ends without having been asked to. */
  readonly onCrash: (reason: string) => void;
}

/** A program of ours in a process of its own. */
export interface Child extends AsyncDisposable {
  readonly pid: number | undefined;
  /** SIGKILL: it gets no chance to say or write anything more. Resolves when it is gone. */
  kill(): Promise<void>;
}

const ERROR_LINES_KEPT = 20;
const END_WITHIN_MS = 5000;

/**
 * Starts a program with this Node; its log is read line by line, its last errors are kept for the crash report. The channel
 * lets it notice when this process is gone, however that came, and end as well.
 */
export function startChild({ name, args, onLog, onLine, onCrash }: ChildOptions): Child {
  const child = spawn(process.execPath, [...typescriptFlags(), ...args], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const errors: string[] = [];
  let isEnding = false;
  const ended = Promise.withResolvers<void>();
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const record = parse(line);
    if (record) onLog(record);
    else onLine?.(line);
  });
  createInterface({ input: child.stderr! }).on("line", (line) => {
    errors.push(line);
    if (errors.length > ERROR_LINES_KEPT) errors.shift();
  });
  child.once("error", (cause) => onCrash(`${name} cannot be started: ${cause.message}`));
  child.once("close", (code, signal) => {
    ended.resolve();
    if (!isEnding)
      onCrash(`${name} ended by itself (${signal ?? `exit ${code}`}): ${errors.join("\n") || "no message"}`);
  });
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    isEnding = true;
    if (isGone(child)) return;
    child.kill(signal);
    await ended.promise;
  };
  return {
    pid: child.pid,
    kill: () => end("SIGKILL"),
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => child.kill("SIGKILL"), END_WITHIN_MS);
      await end("SIGTERM");
      clearTimeout(timer);
    },
  };
}

/** A value that something will bring; rejects `transport.unreachable`, saying `what`, when nothing has after `withinMs`. */
export function awaited<Value>(
  what: string,
  withinMs: number,
): {
  readonly bring: (value: Value) => void;
  readonly promise: Promise<Value>;
} {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const timer = setTimeout(() => {
    reject(new AgentError("transport.unreachable", `${what} (waited ${withinMs / 1000} s)`));
  }, withinMs);
  return {
    promise,
    bring(value) {
      clearTimeout(timer);
      resolve(value);
    },
  };
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

function parse(line: string): LogRecord | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    // Not a log line: programs may print for people as well.
    return undefined;
  }
}
