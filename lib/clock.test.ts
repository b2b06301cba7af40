import { createActor, setup } from "xstate";
import { describe, expect, it } from "vitest";
import { asXStateClock, repeat, sleep, timestamp } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("repeat", () => {
  it("keeps to absolute deadlines, so it does not drift", async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    repeat(clock, 100, () => times.push(clock.nowMs()));
    await clock.advance(350);
    expect(times).toEqual([100, 200, 300]);
  });

  it("skips deadlines that were missed and says how late it is", () => {
    let nowMs = 0;
    let due: (() => void) | undefined;
    let dueMs = 0;
    const late: number[] = [];
    const slow = {
      bootId: "b",
      nowMs: () => nowMs,
      wallMs: () => nowMs,
      state: () => "synced" as const,
      after: (delayMs: number, run: () => void) => {
        due = run;
        dueMs = nowMs + delayMs;
        return () => undefined;
      },
    };
    repeat(slow, 100, (latenessMs) => late.push(latenessMs));
    nowMs = 350;
    due?.();
    expect(late).toEqual([250]);
    expect(dueMs).toBe(400);
  });

  it("ends when told, also from within", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const stop = repeat(clock, 10, () => {
      runs++;
      if (runs === 2) stop();
    });
    await clock.advance(100);
    expect(runs).toBe(2);
  });
});

describe("sleep", () => {
  it("resolves when the time has passed", async () => {
    const clock = new VirtualClock();
    let isAwake = false;
    void sleep(clock, 50).then(() => (isAwake = true));
    await clock.advance(49);
    expect(isAwake).toBe(false);
    await clock.advance(1);
    expect(isAwake).toBe(true);
  });

  it("rejects with the reason of its signal and leaves no timer behind", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 50, controller.signal);
    controller.abort(new RangeError("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    await expect(sleep(clock, 50, controller.signal)).rejects.toThrow("enough");
    expect(clock.nextDueMs()).toBeUndefined();
  });
});

describe("asXStateClock", () => {
  it("runs a machine's delays on the injected clock, all of them", async () => {
    const clock = new VirtualClock();
    const machine = setup({}).createMachine({
      initial: "off",
      states: { off: { after: { 100: "on" } }, on: { after: { 100: "off" } } },
    });
    const actor = createActor(machine, { clock: asXStateClock(clock) });
    let changes = -1;
    actor.subscribe(() => changes++);
    actor.start();
    await clock.advance(1000);
    expect(changes).toBe(10);
    actor.stop();
    expect(clock.nextDueMs()).toBeUndefined();
  });
});

describe("timestamp", () => {
  it("is RFC 3339 UTC with milliseconds", () => {
    expect(timestamp(Date.UTC(2026, 0, 31, 9, 30, 0, 5))).toBe("2026-01-31T09:30:00.005Z");
  });
});
