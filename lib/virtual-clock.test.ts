import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  it("fires timers by due time, then in the order of their making, whatever that was", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
        const clock = new VirtualClock();
        const fired: [dueMs: number, index: number][] = [];
        delays.forEach((delay, index) => clock.after(delay, () => fired.push([clock.nowMs(), index])));
        await clock.advance(20);
        const expected = delays.map((delay, index) => [delay, index] as const).toSorted((a, b) => a[0] - b[0]);
        expect(fired).toEqual(expected);
      }),
    );
  });

  it("stands still unless it is moved, and moves to the end of the interval", async () => {
    const clock = new VirtualClock({ nowMs: 500 });
    expect(clock.nowMs()).toBe(500);
    await clock.advance(250);
    expect(clock.nowMs()).toBe(750);
  });

  it("does not fire what was cancelled, nor what is due later", async () => {
    const clock = new VirtualClock();
    let fired = 0;
    clock.after(10, () => fired++)();
    clock.after(31, () => fired++);
    await clock.advance(30);
    expect(fired).toBe(0);
  });

  it("fires timers that timers make, also those of no delay, but never synchronously", async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.after(5, () => {
      clock.after(0, () => order.push("inner"));
      order.push("outer");
    });
    await clock.advance(5);
    expect(order).toEqual(["outer", "inner"]);
  });

  it("lets promises run on between timers", async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.after(1, () => void Promise.resolve().then(() => order.push("promise")));
    clock.after(1, () => order.push("timer"));
    await clock.advance(1);
    expect(order).toEqual(["promise", "timer"]);
  });

  it("steps the wall clock without touching monotonic time or timers", async () => {
    const clock = new VirtualClock();
    const wallMs = clock.wallMs();
    let firedAtMs = -1;
    clock.after(100, () => {
      firedAtMs = clock.nowMs();
    });
    clock.stepWall(-3_600_000, "unsynced");
    expect(clock.wallMs()).toBe(wallMs - 3_600_000);
    expect(clock.state()).toBe("unsynced");
    await clock.advance(100);
    expect(firedAtMs).toBe(100);
  });
});
