import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";

/** Exit code after a bug; the supervisor starts the program again. */
export const EXIT_BUG = 70;
/** A supervisor grants 10 s or more between SIGTERM and SIGKILL; this leaves some of it. */
const DISPOSE_WITHIN_MS = 8000;

/** What ends a program: a signal, the end of the program that started it with a channel to itself, or a bug. */
export interface ProgramEnd {
  /** Resolves with the exit code: 0 when it was told to end, 70 after a bug. */
  readonly promise: Promise<number>;
  /** Ends the program because of a bug. */
  readonly fail: (thrown: unknown) => void;
  /** Stops listening. */
  readonly forget: () => void;
}

/** Listens for SIGTERM and SIGINT, for the end of its parent (Node's IPC channel, if there is one), and for what nobody caught. */
export function listenForEnd(log: Log): ProgramEnd {
  const { promise, resolve } = Promise.withResolvers<number>();
  const finish = (signal: string): void => {
    log.info({ signal }, "told to end");
    resolve(0);
  };
  const finishAlone = (): void => finish("disconnect");
  const fail = (thrown: unknown): void => {
    log.fatal({ err: thrown }, "ending after a failure");
    resolve(EXIT_BUG);
  };
  const signals = ["SIGTERM", "SIGINT"] as const;
  const bugs = ["uncaughtException", "unhandledRejection"] as const;
  for (const signal of signals) process.once(signal, finish);
  process.once("disconnect", finishAlone);
  for (const bug of bugs) process.on(bug, fail);
  const forget = (): void => {
    for (const signal of signals) process.off(signal, finish);
    process.off("disconnect", finishAlone);
    for (const bug of bugs) process.off(bug, fail);
  };
  return { promise, fail, forget };
}

/** Ends all parts in reverse order; one that hangs must not keep the supervisor from starting the program again. */
export async function disposeInTime(parts: AsyncDisposableStack, log: Log): Promise<void> {
  const timer = setTimeout(() => {
    log.error({ withinMs: DISPOSE_WITHIN_MS }, "parts did not end in time");
    process.exit(EXIT_BUG);
  }, DISPOSE_WITHIN_MS);
  try {
    await parts.disposeAsync();
  } catch (thrown) {
    log.error({ err: messageOf(thrown) }, "a part did not end well");
  } finally {
    clearTimeout(timer);
  }
}
