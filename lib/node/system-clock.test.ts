import { describe, expect, it } from "vitest";
import { createSystemClock, monotonicMs } from "./system-clock.ts";

describe("createSystemClock", () => {
  it("never runs backwards", () => {
    const clock = createSystemClock();
    let lastMs = clock.nowMs();
    for (let read = 0; read < 10_000; read++) {
      const nowMs = clock.nowMs();
      expect(nowMs).toBeGreaterThanOrEqual(lastMs);
      lastMs = nowMs;
    }
  });

  it("shows processes of one scale the same stretched time, from the origin on", () => {
    const scale = { factor: 10, originMs: monotonicMs() - 1000 };
    const [one, other] = [createSystemClock(scale), createSystemClock(scale)];
    const before = scale.originMs + (monotonicMs() - scale.originMs) * 10;
    const seen = [one.nowMs(), other.nowMs()];
    const after = scale.originMs + (monotonicMs() - scale.originMs) * 10;
    for (const nowMs of seen) {
      expect(nowMs).toBeGreaterThanOrEqual(before);
      expect(nowMs).toBeLessThanOrEqual(after);
    }
  });

  it("stays the same boot for every clock of this machine", () => {
    expect(createSystemClock().bootId).toBe(createSystemClock().bootId);
  });

  it("does not run what was cancelled", async () => {
    const clock = createSystemClock({ factor: 1000, originMs: monotonicMs() });
    const order: string[] = [];
    clock.after(1, () => order.push("cancelled"))();
    await new Promise<void>((resolve) => {
      clock.after(5, () => resolve());
    });
    expect(order).toEqual([]);
  });
});
