import { assign, setup } from "xstate";

/** How the cloud knows a device (document 1): directly, by estimate, or just back with its actuals. */
export type DeviceMode = "live" | "projected" | "reconciled";

/** A place in a device's journal; numbers of different incarnations do not compare. */
export interface JournalMark {
  readonly incarnation: string;
  readonly seq: number;
}

/** What the cloud learns about a device. */
export type DeviceEvent =
  /** It said `online` in this session; `seq` is the end of its journal at that moment. */
  | ({ readonly type: "heard"; readonly session: string } & JournalMark)
  /** That session ended: the device said `offline`, or the broker published its will. */
  | { readonly type: "lost"; readonly session: string }
  /** A session that was taken for ended keeps saying `online`, and the one that took its place does not. */
  | { readonly type: "insisted"; readonly session: string }
  /** Nothing was heard for the time that the configuration gives. */
  | { readonly type: "silent" }
  /** Its journal is committed up to this number. */
  | ({ readonly type: "folded" } & JournalMark)
  /** The divergence report is durable (or there was nothing to report). */
  | { readonly type: "report-committed" };

/** What the machine remembers besides its mode. */
export interface DeviceMemory {
  /** The session heard last. */
  readonly session?: string;
  /** Where the journal ended when that session was first heard: the tail that a reconciliation waits for. */
  readonly target: JournalMark;
  readonly folded: JournalMark;
  /** Ended sessions, newest last; a session is drawn at each CONNECT, so none of them comes back. */
  readonly past: readonly string[];
  /** Those of them that another session has displaced, and nobody has ended: what displaced them may have come late. */
  readonly displaced: readonly string[];
}

const SESSIONS_REMEMBERED = 32;

/**
 * Live, Projected, Reconciled. A device that was never heard counts as projected. Whoever returns is `reconciled` until
 * its journal tail is folded and the report committed; a new session while live was an outage too, however short.
 */
export const deviceMachine = setup({
  types: {
    context: {} as DeviceMemory,
    events: {} as DeviceEvent,
    input: {} as { folded: JournalMark; session?: string | undefined },
  },
  guards: {
    isPast: ({ context, event }) => event.type === "heard" && context.past.includes(event.session),
    isReturn: ({ context, event }) => event.type === "heard" && !continues(context, event),
    isDisplaced: ({ context, event }) => event.type === "insisted" && context.displaced.includes(event.session),
    isCurrent: ({ context, event }) => event.type === "lost" && event.session === context.session,
    isCaughtUp: ({ context }) => isCaughtUp(context),
  },
  actions: {
    beginSession: assign(({ context, event }) => (event.type === "heard" ? withSession(context, event) : {})),
    endSession: assign(({ context, event }) =>
      event.type === "lost"
        ? { past: remember(context.past, event.session), displaced: without(context.displaced, event.session) }
        : {},
    ),
    recallSession: assign(({ context, event }) =>
      event.type === "insisted"
        ? { past: without(context.past, event.session), displaced: without(context.displaced, event.session) }
        : {},
    ),
    noteFold: assign(({ event }) =>
      event.type === "folded" ? { folded: { incarnation: event.incarnation, seq: event.seq } } : {},
    ),
  },
}).createMachine({
  id: "device",
  initial: "projected",
  context: ({ input }) => ({
    ...(input.session === undefined ? {} : { session: input.session }),
    target: input.folded,
    folded: input.folded,
    past: [],
    displaced: [],
  }),
  on: {
    insisted: { guard: "isDisplaced", actions: "recallSession" },
    folded: { actions: "noteFold" },
    heard: [{ guard: "isPast" }, { guard: "isReturn", target: ".reconciled", actions: "beginSession" }],
    lost: [{ guard: "isCurrent", target: ".projected", actions: "endSession" }, { actions: "endSession" }],
    silent: { target: ".projected" },
  },
  states: {
    live: {},
    projected: {
      on: {
        heard: [{ guard: "isPast" }, { target: "reconciled", actions: "beginSession" }],
        silent: {},
      },
    },
    reconciled: {
      on: { "report-committed": { guard: "isCaughtUp", target: "live" } },
    },
  },
});

/** Whether the journal is folded up to where it ended when the session began. */
export function isCaughtUp(memory: DeviceMemory): boolean {
  return memory.folded.incarnation === memory.target.incarnation && memory.folded.seq >= memory.target.seq;
}

type Heard = Extract<DeviceEvent, { type: "heard" }>;

/** The same session, in the journal incarnation that is known. */
function continues(memory: DeviceMemory, event: Heard): boolean {
  return event.session === memory.session && event.incarnation === memory.target.incarnation;
}

function withSession(memory: DeviceMemory, event: Heard): Partial<DeviceMemory> {
  const { session: before, past, displaced } = memory;
  const begun = { session: event.session, target: { incarnation: event.incarnation, seq: event.seq } };
  if (before === undefined || before === event.session) return begun;
  const isEnded = past.includes(before);
  return { ...begun, past: remember(past, before), displaced: isEnded ? displaced : remember(displaced, before) };
}

function without(sessions: readonly string[], session: string): readonly string[] {
  return sessions.filter((one) => one !== session);
}

function remember(past: readonly string[], session: string): readonly string[] {
  return past.includes(session) ? past : [...past, session].slice(-SESSIONS_REMEMBERED);
}
