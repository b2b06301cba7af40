import { describe, expect, test } from "vitest";
import { createRng } from "#lib/rng";
import { Outbox } from "./outbox.ts";

const outbox = (ackedSeq = 0): Outbox => new Outbox(ackedSeq, 0, createRng(1));

/** Sends batches of ten events until the outbox wants to wait; the numbers that the batches began with. */
function sendAll(box: Outbox, lastSeq: number, nowMs: number, bytes = 1000): number[] {
  const sent: number[] = [];
  for (let step = box.next(lastSeq, nowMs); step.kind === "send"; step = box.next(lastSeq, nowMs)) {
    sent.push(step.fromSeq);
    box.sent(Math.min(lastSeq, step.fromSeq + 9), bytes, nowMs);
  }
  return sent;
}

describe("an outbox", () => {
  test("has nothing to do when everything is acknowledged", () => {
    expect(outbox(7).next(7, 0)).toEqual({ kind: "done" });
  });

  test("sends from the first unacknowledged event, four batches at a time", () => {
    const box = outbox(3);
    expect(sendAll(box, 100, 0)).toEqual([4, 14, 24, 34]);
    expect(box.next(100, 100)).toEqual({ kind: "wait", untilMs: 5000 });
    box.acked(23, 200);
    expect(sendAll(box, 100, 200)).toEqual([44, 54]);
  });

  test("goes back to the last ack after 5 s without progress, then ever more patiently", () => {
    const box = outbox();
    sendAll(box, 100, 0);
    box.acked(10, 1000);
    expect(box.next(40, 5999).kind).toBe("wait");
    expect(sendAll(box, 40, 6000)).toEqual([11, 21, 31]);
    const waits: number[] = [];
    let nowMs = 6000;
    for (let round = 0; round < 6; round++) {
      const step = box.next(40, nowMs);
      const untilMs = step.kind === "wait" ? step.untilMs : NaN;
      waits.push(untilMs - nowMs);
      nowMs = untilMs;
      expect(sendAll(box, 40, nowMs)).toEqual([11, 21, 31]);
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(5000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(65_000);
    expect(Math.max(...waits.slice(3))).toBeGreaterThan(10_000);
    box.acked(40, nowMs);
    expect(box.next(40, nowMs)).toEqual({ kind: "done" });
    sendAll(box, 50, nowMs);
    expect(box.next(50, nowMs)).toEqual({ kind: "wait", untilMs: nowMs + 5000 });
  });

  test("counts 5 s from the sending, not from an ack of long ago", () => {
    const box = outbox();
    expect(sendAll(box, 5, 60_000)).toEqual([1]);
    expect(box.next(5, 60_000)).toEqual({ kind: "wait", untilMs: 65_000 });
  });

  test("skips what an ack overtook, and is not moved by an older one", () => {
    const box = outbox();
    expect(sendAll(box, 10, 0)).toEqual([1]);
    box.acked(30, 10);
    box.acked(20, 20);
    expect(sendAll(box, 40, 30)).toEqual([31]);
  });

  test("keeps to the granted rate, and to a trickle when nothing is granted", () => {
    const box = outbox();
    box.grant(1000);
    expect(sendAll(box, 100, 0, 2000)).toEqual([1]);
    expect(box.next(100, 0)).toEqual({ kind: "wait", untilMs: 2000 });
    expect(sendAll(box, 100, 2000, 2000)).toEqual([11]);
    box.acked(20, 4000);
    box.grant(0);
    expect(sendAll(box, 100, 4000, 512)).toEqual([21]);
    expect(sendAll(box, 100, 5999, 512)).toEqual([]);
    expect(sendAll(box, 100, 6000, 512)).toEqual([31]);
    box.grant(undefined);
    box.acked(40, 8000);
    expect(sendAll(box, 100, 8000, 512)).toHaveLength(4);
  });
});
