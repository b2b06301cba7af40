import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import { deviceMachine, type DeviceEvent, type DeviceMode } from "./device-machine.ts";

const heard = (session: string, seq = 0, incarnation = "inc-1"): DeviceEvent => ({
  type: "heard",
  session,
  incarnation,
  seq,
});
const folded = (seq: number, incarnation = "inc-1"): DeviceEvent => ({ type: "folded", incarnation, seq });
const lost = (session: string): DeviceEvent => ({ type: "lost", session });
const silent: DeviceEvent = { type: "silent" };
const committed: DeviceEvent = { type: "report-committed" };

/** Events that lead from a device never heard to each mode: session `b` came after `a`, the journal ends at 7. */
const WAYS: Record<DeviceMode, DeviceEvent[]> = {
  projected: [heard("a"), committed, heard("b", 7), lost("b")],
  reconciled: [heard("a"), committed, heard("b", 7)],
  live: [heard("a"), committed, heard("b", 7), folded(7), committed],
};

function modeAfter(...events: DeviceEvent[]): DeviceMode {
  const actor = createActor(deviceMachine, { input: { folded: { incarnation: "inc-1", seq: 0 } } }).start();
  for (const event of events) actor.send(event);
  return actor.getSnapshot().value;
}

describe("the device machine", () => {
  it("takes a device that was never heard for projected", () => {
    expect(modeAfter()).toBe("projected");
    expect(modeAfter(silent, folded(3), committed, lost("x"))).toBe("projected");
  });

  const TABLE: { mode: DeviceMode; event: string; events: DeviceEvent[]; next: DeviceMode }[] = [
    { mode: "live", event: "the same session goes on", events: [heard("b", 9)], next: "live" },
    { mode: "live", event: "a new session (the will was missed)", events: [heard("c", 9)], next: "reconciled" },
    { mode: "live", event: "an older session, late", events: [heard("a", 9)], next: "live" },
    {
      mode: "live",
      event: "another incarnation in this session",
      events: [heard("b", 2, "inc-2")],
      next: "reconciled",
    },
    { mode: "live", event: "its will", events: [lost("b")], next: "projected" },
    { mode: "live", event: "the will of an older session", events: [lost("a")], next: "live" },
    { mode: "live", event: "the will of a session never heard", events: [lost("x")], next: "live" },
    { mode: "live", event: "silence", events: [silent], next: "projected" },
    { mode: "live", event: "more journal", events: [folded(9)], next: "live" },
    { mode: "live", event: "a report", events: [committed], next: "live" },

    { mode: "projected", event: "a new session", events: [heard("c", 7)], next: "reconciled" },
    { mode: "projected", event: "the session that its will ended", events: [heard("b", 7)], next: "projected" },
    { mode: "projected", event: "an older session, late", events: [heard("a", 7)], next: "projected" },
    { mode: "projected", event: "its will again", events: [lost("b")], next: "projected" },
    { mode: "projected", event: "silence", events: [silent], next: "projected" },
    { mode: "projected", event: "late journal", events: [folded(7)], next: "projected" },
    { mode: "projected", event: "a report", events: [folded(7), committed], next: "projected" },

    { mode: "reconciled", event: "the same session goes on", events: [heard("b", 12)], next: "reconciled" },
    { mode: "reconciled", event: "the report before the tail", events: [folded(6), committed], next: "reconciled" },
    { mode: "reconciled", event: "the tail without the report", events: [folded(7)], next: "reconciled" },
    { mode: "reconciled", event: "tail and report", events: [folded(7), committed], next: "live" },
    {
      mode: "reconciled",
      event: "tail and report, the journal grew since",
      events: [heard("b", 12), folded(7), committed],
      next: "live",
    },
    {
      mode: "reconciled",
      event: "the tail of another incarnation",
      events: [folded(9, "inc-0"), committed],
      next: "reconciled",
    },
    {
      mode: "reconciled",
      event: "a new session with a longer journal",
      events: [heard("c", 9), folded(7), committed],
      next: "reconciled",
    },
    { mode: "reconciled", event: "loss while reconciling", events: [lost("b")], next: "projected" },
    { mode: "reconciled", event: "the will of an older session", events: [lost("a")], next: "reconciled" },
    { mode: "reconciled", event: "silence", events: [silent], next: "projected" },
  ];
  it.each(TABLE)("$mode + $event -> $next", ({ mode, events, next }) => {
    expect(modeAfter(...WAYS[mode])).toBe(mode);
    expect(modeAfter(...WAYS[mode], ...events)).toBe(next);
  });

  it("hears a silent device again in the session that it had", () => {
    expect(modeAfter(...WAYS.live, silent, heard("b", 7))).toBe("reconciled");
  });

  it("waits for the renumbered journal when the incarnation changes while reconciling", () => {
    const renumbered = [...WAYS.reconciled, heard("b", 3, "inc-2")];
    expect(modeAfter(...renumbered, folded(7), committed)).toBe("reconciled");
    expect(modeAfter(...renumbered, folded(3, "inc-2"), committed)).toBe("live");
  });
});
