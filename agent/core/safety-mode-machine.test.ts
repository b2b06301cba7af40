import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import { asXStateClock } from "#lib/clock";
import { VirtualClock } from "#lib/virtual-clock";
import type { Fault } from "./faults.ts";
import { modeOf, reasonOf, safetyModeMachine, type SafetyState } from "./safety-mode-machine.ts";

const effects = ["none", "limit", "stop", "stop-now"] as const;
type Seen = (typeof effects)[number];

/** State, what is observed, next state. */
const TABLE: readonly [SafetyState, Seen, SafetyState][] = [
  ["starting", "none", "normal"],
  ["starting", "limit", "limited"],
  ["starting", "stop", "starting"],
  ["starting", "stop-now", "stopped"],
  ["normal", "none", "normal"],
  ["normal", "limit", "limited"],
  ["normal", "stop", "doubtful"],
  ["normal", "stop-now", "stopped"],
  ["limited", "none", "normal"],
  ["limited", "limit", "limited"],
  ["limited", "stop", "doubtful"],
  ["limited", "stop-now", "stopped"],
  ["doubtful", "none", "normal"],
  ["doubtful", "limit", "limited"],
  ["doubtful", "stop", "doubtful"],
  ["doubtful", "stop-now", "stopped"],
  ["stopped", "none", "recovering"],
  ["stopped", "limit", "recovering"],
  ["stopped", "stop", "stopped"],
  ["stopped", "stop-now", "stopped"],
  ["recovering", "none", "recovering"],
  ["recovering", "limit", "recovering"],
  ["recovering", "stop", "stopped"],
  ["recovering", "stop-now", "stopped"],
];

/** Observations that lead to a state from the start. */
const WAY: Readonly<Record<SafetyState, readonly Seen[]>> = {
  starting: [],
  normal: ["none"],
  limited: ["limit"],
  doubtful: ["none", "stop"],
  stopped: ["stop-now"],
  recovering: ["stop-now", "none"],
};

function fault(seen: Seen): Fault[] {
  return seen === "none" ? [] : [{ part: "lidar", effect: seen, reason: seen }];
}

function startAt(state: SafetyState): { clock: VirtualClock; see: (seen: Seen) => void; state: () => SafetyState } {
  const clock = new VirtualClock();
  const actor = createActor(safetyModeMachine, { clock: asXStateClock(clock) });
  actor.start();
  const see = (seen: Seen): void => actor.send({ type: "observed", faults: fault(seen) });
  WAY[state].forEach(see);
  return { clock, see, state: () => actor.getSnapshot().value };
}

describe("the safety mode", () => {
  it("has a row for every state and observation", () => {
    expect(TABLE).toHaveLength(Object.keys(WAY).length * effects.length);
  });

  it.each(TABLE)("%s, seeing %s, is %s", (from, seen, to) => {
    const machine = startAt(from);
    expect(machine.state()).toBe(from);
    machine.see(seen);
    expect(machine.state()).toBe(to);
  });

  it.each([
    ["starting", 9999, "starting"],
    ["starting", 10_000, "stopped"],
    ["doubtful", 599, "doubtful"],
    ["doubtful", 600, "stopped"],
    ["recovering", 999, "recovering"],
    ["recovering", 1000, "normal"],
    ["normal", 60_000, "normal"],
    ["stopped", 60_000, "stopped"],
  ] as const)("%s is after %d ms without news %s", async (from, afterMs, to) => {
    const machine = startAt(from);
    await machine.clock.advance(afterMs);
    expect(machine.state()).toBe(to);
  });

  it("recovers into limited when something is still not well", async () => {
    const machine = startAt("stopped");
    machine.see("limit");
    await machine.clock.advance(1000);
    expect(machine.state()).toBe("limited");
  });

  it("lets nobody see its doubts: what it was before counts, and recovering is still stopped", () => {
    expect(modeOf("doubtful", "limited")).toBe("limited");
    expect(modeOf("doubtful", "normal")).toBe("normal");
    expect(modeOf("recovering", "normal")).toBe("stopped");
  });

  it("names the worst fault first", () => {
    const faults = [...fault("limit"), ...fault("stop-now"), ...fault("stop")];
    expect(reasonOf(faults)).toBe("stop-now; stop; limit");
    expect(reasonOf([])).toBeUndefined();
  });
});
