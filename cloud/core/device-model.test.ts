import { initialTransition, transition } from "xstate";
import { describe, expect, it } from "vitest";
import { deviceMachine, type DeviceEvent, type DeviceMode, type JournalMark } from "./device-machine.ts";

/**
 * What the three modes mean, as history and without the machine: a return opens a session, the device is reconciled until its
 * tail is read and the report committed, and whoever is not in an open session is projected.
 */
interface Model {
  readonly open?: { readonly session: string; readonly tail: JournalMark; readonly isReported: boolean };
  readonly lastSession?: string;
  readonly ended: readonly string[];
  /** Of those that ended, the ones that ended only because another was heard. */
  readonly displaced: readonly string[];
  readonly read: JournalMark;
}

const NEVER_HEARD: Model = { ended: [], displaced: [], read: { incarnation: "one", seq: 0 } };

function modeOf({ open }: Model): DeviceMode {
  if (!open) return "projected";
  return open.isReported ? "live" : "reconciled";
}

function hasRead({ open, read }: Model): boolean {
  return open !== undefined && read.incarnation === open.tail.incarnation && read.seq >= open.tail.seq;
}

function after(model: Model, event: DeviceEvent): Model {
  const { open, ended, displaced, lastSession } = model;
  const others = displaced.filter((session) => !("session" in event) || session !== event.session);
  switch (event.type) {
    case "heard":
      return afterHeard(model, event);
    case "lost": {
      const { open: _closed, ...closed } = model;
      const over = [...new Set([...ended, event.session])];
      const known = { ended: over, displaced: others };
      return event.session === lastSession ? { ...closed, ...known } : { ...model, ...known };
    }
    case "insisted": {
      const isWrong = displaced.includes(event.session);
      return isWrong ? { ...model, displaced: others, ended: ended.filter((one) => one !== event.session) } : model;
    }
    case "silent": {
      const { open: _closed, ...closed } = model;
      return closed;
    }
    case "folded":
      return { ...model, read: { incarnation: event.incarnation, seq: event.seq } };
    case "report-committed":
      return open && hasRead(model) ? { ...model, open: { ...open, isReported: true } } : model;
  }
}

function afterHeard(model: Model, { session, incarnation, seq }: Extract<DeviceEvent, { type: "heard" }>): Model {
  const { open, ended, displaced, lastSession } = model;
  const goesOn = open?.session === session && open.tail.incarnation === incarnation;
  if (ended.includes(session) || goesOn) return model;
  const isOver = lastSession !== undefined && lastSession !== session;
  const over = isOver ? [...new Set([...ended, lastSession])] : ended;
  return {
    ...model,
    lastSession: session,
    ended: over,
    displaced: isOver && !ended.includes(lastSession) ? [...displaced, lastSession] : displaced,
    open: { session, tail: { incarnation, seq }, isReported: false },
  };
}

/** The cloud starts again: it knows what is committed, and the session that it heard last; nobody counts as heard. */
function restarted({ read, lastSession }: Model): Model {
  return { read, ended: [], displaced: [], ...(lastSession === undefined ? {} : { lastSession }) };
}

const EVENTS: readonly DeviceEvent[] = [
  ...["a", "b", "c"].map((session): DeviceEvent => ({ type: "heard", session, incarnation: "one", seq: 2 })),
  { type: "heard", session: "b", incarnation: "two", seq: 1 },
  { type: "heard", session: "a", incarnation: "one", seq: 0 },
  ...["a", "b", "c"].map((session): DeviceEvent => ({ type: "lost", session })),
  ...["a", "b", "c"].map((session): DeviceEvent => ({ type: "insisted", session })),
  { type: "silent" },
  { type: "folded", incarnation: "one", seq: 1 },
  { type: "folded", incarnation: "one", seq: 2 },
  { type: "folded", incarnation: "two", seq: 1 },
  { type: "report-committed" },
];

type Snapshot = ReturnType<typeof initialTransition<typeof deviceMachine>>[0];

interface Pair {
  readonly machine: Snapshot;
  readonly model: Model;
  readonly how: readonly string[];
}

function started(model: Model): Snapshot {
  return initialTransition(deviceMachine, { folded: model.read, session: model.lastSession })[0];
}

/** Every pair of machine and model that some history of these events and restarts leads to. */
function explore(visit: (from: Pair, what: string, to: Pair) => void): number {
  const first: Pair = { machine: started(NEVER_HEARD), model: NEVER_HEARD, how: [] };
  const seen = new Set<string>();
  const open = [first];
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const { machine, model, how } = pair;
    const key = JSON.stringify([
      machine.value,
      machine.context,
      model.open,
      model.lastSession,
      model.ended.toSorted(),
      model.displaced.toSorted(),
      model.read,
    ]);
    if (seen.has(key)) continue;
    seen.add(key);
    const reached = EVENTS.map((event) => ({
      what: JSON.stringify(event),
      machine: transition(deviceMachine, machine, event)[0],
      model: after(model, event),
    }));
    const anew = restarted(model);
    for (const { what, ...next } of [...reached, { what: "restart", machine: started(anew), model: anew }]) {
      const to = { ...next, how: [...how, what] };
      visit(pair, what, to);
      open.push(to);
    }
  }
  return seen.size;
}

describe("the device machine, in every history of three sessions, two incarnations and restarts of the cloud", () => {
  it("is in the mode that the history means, after every event in every mode", () => {
    const steps = new Set<string>();
    const wrong: unknown[] = [];
    const states = explore((from, what, to) => {
      steps.add(`${from.machine.value} ${typeOf(what)}`);
      if (to.machine.value !== modeOf(to.model)) wrong.push([to.machine.value, modeOf(to.model), to.how]);
    });
    expect(wrong.slice(0, 1)).toEqual([]);
    expect(states).toBeGreaterThan(500);
    const kinds = [...new Set(EVENTS.map(({ type }) => type)), "restart"];
    const modes: DeviceMode[] = ["live", "projected", "reconciled"];
    expect([...steps].toSorted()).toEqual(modes.flatMap((mode) => kinds.map((kind) => `${mode} ${kind}`)).toSorted());
  });

  it("never becomes live but by a report after the tail is read, nor leaves live but by loss, silence, return or restart", () => {
    const wrong: unknown[] = [];
    explore((from, what, to) => {
      const [before, now] = [from.machine.value, to.machine.value];
      const isReported = typeOf(what) === "report-committed" && hasRead(from.model);
      const isLoss = ["lost", "silent", "heard", "restart"].includes(typeOf(what));
      if ((before !== "live" && now === "live" && !isReported) || (before === "live" && now !== "live" && !isLoss))
        wrong.push(to.how);
    });
    expect(wrong.slice(0, 1)).toEqual([]);
  });
});

function typeOf(what: string): string {
  return what === "restart" ? what : (JSON.parse(what) as DeviceEvent).type;
}
