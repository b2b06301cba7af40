import { describe, expect, it } from "vitest";
import { AgentError } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import type { Health } from "#drivers/driver";
import type { MotionReport } from "../control/control.ts";
import type { NewEvent } from "../core/ports.ts";
import { startDriverWatch, type DriverWatch } from "./driver-watch.ts";
import { TestRobot } from "./robot-fixture.ts";

/** A watch over a hand that comes and goes; the battery is always there. */
function bench({ isThere = true } = {}): {
  clock: VirtualClock;
  hand: { health: Health; opens: number; isThere: boolean };
  events: NewEvent[];
  watch: DriverWatch;
} {
  const clock = new VirtualClock();
  const drivers = new TestRobot(clock).drivers();
  const hand = { health: { state: "ok", errors: 0 } as Health, opens: 0, isThere };
  const load = {
    ...drivers.load!,
    open: () => {
      hand.opens++;
      return hand.isThere ? Promise.resolve() : Promise.reject(new AgentError("driver.down", "no such device"));
    },
    health: () => hand.health,
  };
  const events: NewEvent[] = [];
  const journal = {
    append: (written: readonly NewEvent[]) => {
      events.push(...written);
      return Promise.resolve([]);
    },
    fault: () => undefined,
  };
  const { log } = createMemoryLog();
  const motion: { report?: MotionReport } = {};
  const control = { report: () => motion.report };
  const watch = startDriverWatch({ clock, rng: createRng(1), log, drivers: { ...drivers, load }, control, journal });
  return { clock, hand, events, watch };
}

describe("the watch over the drivers", () => {
  it("opens each once when it is there", async () => {
    const { clock, hand, watch } = bench();
    await clock.advance(60_000);
    expect(hand.opens).toBe(1);
    expect(watch.states()).toEqual({ battery: "ok", load: "ok", scanner: "ok" });
  });

  it("opens a device that is not there yet again and again, until it is", async () => {
    const { clock, hand } = bench({ isThere: false });
    await clock.advance(60_000);
    const tries = hand.opens;
    expect(tries).toBeGreaterThan(3);
    hand.isThere = true;
    await clock.advance(60_000);
    expect(hand.opens).toBe(tries + 1);
  });

  it("journals a change of health once, with its reason", async () => {
    const { clock, hand, events } = bench();
    await clock.advance(5000);
    hand.health = { state: "down", reason: "unplugged", errors: 1 };
    await clock.advance(5000);
    hand.health = { state: "ok", errors: 1 };
    await clock.advance(5000);
    expect(events).toEqual([
      { type: "driver.changed", data: { driver: "load", state: "down", reason: "unplugged" } },
      { type: "driver.changed", data: { driver: "load", state: "ok" } },
    ]);
  });

  it("ends while a device is still missing", async () => {
    const { clock, hand, watch } = bench({ isThere: false });
    await clock.advance(30_000);
    await watch[Symbol.asyncDispose]();
    const { opens } = hand;
    await clock.advance(60_000);
    expect(hand.opens).toBe(opens);
  });
});
