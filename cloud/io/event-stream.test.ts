import { ServerResponse, IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import type { Execution } from "../execution.ts";
import { streamLog } from "./event-stream.ts";
import type { LogEntry } from "./store-rows.ts";

const entry = (id: number): LogEntry => ({ id, at: "2026-01-05T08:00:00.000Z", type: "exception", data: { id } });

/** A response that keeps what is written to it. */
function recorded(): { response: ServerResponse; ids: () => number[]; text: () => string } {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  let text = "";
  response.write = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  return { response, text: () => text, ids: () => [...text.matchAll(/id: (\d+)/g)].map(([, id]) => Number(id)) };
}

it("tells each entry once and in order when new ones come while older ones are read", async () => {
  const clock = new VirtualClock();
  const { response, ids, text } = recorded();
  let tell: (entries: readonly LogEntry[]) => void = () => undefined;
  let listeners = 0;
  const execution: Pick<Execution, "logAfter" | "onLogged"> = {
    logAfter: async (afterId) => {
      tell([entry(3), entry(4)]);
      return [entry(1), entry(2), entry(3)].filter(({ id }) => id > afterId);
    },
    onLogged: (listener) => {
      tell = listener;
      listeners += 1;
      return () => void (listeners -= 1);
    },
  };
  const ended = streamLog(execution, clock, response, 1);
  await clock.advance(10);
  tell([entry(4), entry(5)]);
  await clock.advance(15_000);
  expect(ids()).toEqual([2, 3, 4, 5]);
  expect(text()).toContain(": still here");
  response.emit("close");
  await ended;
  expect(listeners).toBe(0);
  expect(clock.nextDueMs()).toBeUndefined();
});
