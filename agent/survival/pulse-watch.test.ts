import { expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { VirtualClock } from "#lib/virtual-clock";
import { GIVE_UP_MS, LOOK_MS, SILENT_MS, watchPulses, type VitalPart } from "./pulse-watch.ts";

/** All parts tick until one is told to hang. */
function bench(): { clock: VirtualClock; hang: (part: VitalPart) => void; aliveMs: number[]; dead: string[] } {
  const clock = new VirtualClock();
  const hungMs: Partial<Record<VitalPart, number>> = {};
  const [aliveMs, dead]: [number[], string[]] = [[], []];
  watchPulses({
    clock,
    log: silentLog,
    store: {
      readReplies: () => (hungMs.store === undefined ? Promise.resolve([]) : new Promise(() => undefined)),
    },
    motionAtMs: () => hungMs.motion ?? clock.nowMs(),
    executorAtMs: () => hungMs.executor ?? clock.nowMs(),
    onAlive: () => aliveMs.push(clock.nowMs()),
    onDead: (error) => dead.push(error.message),
  });
  return { clock, aliveMs, dead, hang: (part) => (hungMs[part] = clock.nowMs()) };
}

test("is vouched for at each look while all parts go on", async () => {
  const { clock, aliveMs, dead } = bench();
  await clock.advance(60_000);
  expect(aliveMs).toHaveLength(60_000 / LOOK_MS);
  expect(dead).toEqual([]);
});

test.each(["motion", "executor", "store"] as const)(
  "nobody vouches any more for an agent whose %s hangs, and it ends by itself in the end",
  async (part) => {
    const { clock, hang, aliveMs, dead } = bench();
    await clock.advance(10_000);
    hang(part);
    const hungMs = clock.nowMs();
    await clock.advance(GIVE_UP_MS + 5 * LOOK_MS);
    expect(aliveMs.at(-1)).toBeLessThanOrEqual(hungMs + SILENT_MS[part] + LOOK_MS);
    expect(dead).toEqual([`the ${part} has been silent for 30 s`]);
  },
);
