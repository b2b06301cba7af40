import type { ServerResponse } from "node:http";
import { repeat, type Clock } from "#lib/clock";
import type { Execution } from "../execution.ts";
import type { LogEntry } from "./store-rows.ts";

const PAGE = 500;
const HEARTBEAT_MS = 15_000;
/** A reader that takes less than it is sent is cut off at this; it resumes behind the last event that it saw. */
const BUFFER_BYTES_MAX = 4_000_000;

/**
 * Writes the log as server-sent events until the reader leaves: first what came after `lastEventId`, then what happens,
 * each entry once and in order. Resolves when the connection has ended.
 */
export async function streamLog(
  execution: Pick<Execution, "logAfter" | "onLogged">,
  clock: Clock,
  response: ServerResponse,
  lastEventId: number | undefined,
): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.write("retry: 1000\n\n");
  let toldId = lastEventId ?? 0;
  // What is logged while older entries are still being read has to wait for them.
  let waiting: LogEntry[] | undefined = [];
  const tell = (entries: readonly LogEntry[]): void => {
    for (const entry of entries) {
      if (entry.id <= toldId) continue;
      toldId = entry.id;
      response.write(textOf(entry));
    }
    if (response.writableLength > BUFFER_BYTES_MAX) response.destroy();
  };
  const stop = execution.onLogged((entries) => {
    if (waiting) waiting.push(...entries);
    else tell(entries);
  });
  const stopHeartbeat = repeat(clock, HEARTBEAT_MS, () => response.write(": still here\n\n"));
  try {
    if (lastEventId !== undefined) await tellOlder(execution, lastEventId, tell, response);
    tell(waiting);
    waiting = undefined;
    await closed;
  } finally {
    stop();
    stopHeartbeat();
  }
}

async function tellOlder(
  execution: Pick<Execution, "logAfter" | "onLogged">,
  afterId: number,
  tell: (entries: readonly LogEntry[]) => void,
  response: ServerResponse,
): Promise<void> {
  let lastId = afterId;
  while (!response.destroyed) {
    const page = await execution.logAfter(lastId, PAGE);
    tell(page);
    if (page.length < PAGE) return;
    lastId = page.at(-1)!.id;
  }
}

function textOf(entry: LogEntry): string {
  return `id: ${entry.id}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`;
}
