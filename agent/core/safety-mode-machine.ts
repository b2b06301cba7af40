import { assign, setup } from "xstate";
import type { Fault } from "./faults.ts";
import type { SafetyMode } from "./situation.ts";

/** What was found when the robot was last looked at; an empty list is good news. */
export interface Observation {
  readonly type: "observed";
  readonly faults: readonly Fault[];
}

/** How long everything may take to be heard from after a start. */
const START_WITHIN_MS = 10_000;
/** Sensors skip a beat now and then, and the gate stops the robot meanwhile; longer than this is an outage. */
const DOUBT_MS = 600;
/** A robot that stopped moves again only after all has been well for this long. */
const RECOVER_MS = 1000;

/**
 * How far the robot may act, by the faults of its parts. `doubtful` still counts as the mode before it, `recovering` still
 * as stopped; see `modeOf`. All faults are judged anew after a restart, so nothing of this is stored.
 */
export const safetyModeMachine = setup({
  types: { context: {} as { faults: readonly Fault[]; before: "normal" | "limited" }, events: {} as Observation },
  actions: {
    note: assign({ faults: ({ event }) => event.faults }),
    remember: assign({ before: ({ context }) => (limits(context.faults) ? "limited" : "normal") }),
  },
  guards: {
    stopsNow: ({ event }) => event.faults.some((fault) => fault.effect === "stop-now"),
    stops: ({ event }) => event.faults.some((fault) => fault.effect === "stop"),
    limits: ({ event }) => limits(event.faults),
    stillLimits: ({ context }) => limits(context.faults),
  },
  delays: { startWithin: START_WITHIN_MS, doubt: DOUBT_MS, recover: RECOVER_MS },
}).createMachine({
  id: "safety-mode",
  initial: "starting",
  context: { faults: [], before: "normal" },
  states: {
    starting: {
      after: { startWithin: "stopped" },
      on: {
        observed: [
          { guard: "stopsNow", target: "stopped", actions: "note" },
          { guard: "stops", actions: "note" },
          { guard: "limits", target: "limited", actions: "note" },
          { target: "normal", actions: "note" },
        ],
      },
    },
    normal: {
      on: {
        observed: [
          { guard: "stopsNow", target: "stopped", actions: "note" },
          { guard: "stops", target: "doubtful", actions: ["remember", "note"] },
          { guard: "limits", target: "limited", actions: "note" },
          { actions: "note" },
        ],
      },
    },
    limited: {
      on: {
        observed: [
          { guard: "stopsNow", target: "stopped", actions: "note" },
          { guard: "stops", target: "doubtful", actions: ["remember", "note"] },
          { guard: "limits", actions: "note" },
          { target: "normal", actions: "note" },
        ],
      },
    },
    doubtful: {
      after: { doubt: "stopped" },
      on: {
        observed: [
          { guard: "stopsNow", target: "stopped", actions: "note" },
          { guard: "stops", actions: "note" },
          { guard: "limits", target: "limited", actions: "note" },
          { target: "normal", actions: "note" },
        ],
      },
    },
    stopped: {
      on: {
        observed: [
          { guard: "stopsNow", actions: "note" },
          { guard: "stops", actions: "note" },
          { target: "recovering", actions: "note" },
        ],
      },
    },
    recovering: {
      after: { recover: [{ guard: "stillLimits", target: "limited" }, { target: "normal" }] },
      on: {
        observed: [
          { guard: "stopsNow", target: "stopped", actions: "note" },
          { guard: "stops", target: "stopped", actions: "note" },
          { actions: "note" },
        ],
      },
    },
  },
});

/** The states of the machine. */
export type SafetyState = "starting" | "normal" | "limited" | "doubtful" | "stopped" | "recovering";

/** What a state of the machine means to those who want to move. */
export function modeOf(state: SafetyState, before: "normal" | "limited"): SafetyMode {
  switch (state) {
    case "doubtful":
      return before;
    case "recovering":
      return "stopped";
    case "starting":
    case "normal":
    case "limited":
    case "stopped":
      return state;
  }
}

/** The faults in words, the worst first; undefined when there are none. */
export function reasonOf(faults: readonly Fault[]): string | undefined {
  const worst = faults.toSorted((a, b) => RANK[b.effect] - RANK[a.effect]);
  return worst.length === 0 ? undefined : worst.map((fault) => fault.reason).join("; ");
}

const RANK: Readonly<Record<Fault["effect"], number>> = { limit: 0, stop: 1, "stop-now": 2 };

function limits(faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.effect === "limit");
}
