import { assign, setup } from "xstate";

/** What the shell tells the machine. Results name the attempt that they belong to; those of earlier attempts change nothing. */
export type LinkEvent =
  | { readonly type: "opened"; readonly attempt: number }
  | { readonly type: "lost"; readonly attempt: number; readonly retryInMs: number; readonly reason: string }
  | { readonly type: "retry" }
  | { readonly type: "stop" };

export interface LinkContext {
  /** Number of the connection attempt under way or last made; counts from 1. */
  readonly attempt: number;
  /** How long to stay offline before the next attempt. */
  readonly retryInMs: number;
  /** Why the last attempt or connection ended. */
  readonly reason: string;
}

/**
 * The link to the cloud: `offline` until it is time to try, `connecting`, `online`; `stopped` for good. The shell
 * connects when it sees a new attempt, and draws the back-off delay before it sends `lost`; `retry` cuts the delay short.
 */
export const linkMachine = setup({
  types: { context: {} as LinkContext, events: {} as LinkEvent },
  guards: {
    isCurrent: ({ context, event }) => "attempt" in event && event.attempt === context.attempt,
  },
  delays: { retry: ({ context }) => context.retryInMs },
  actions: {
    remember: assign(({ event }) =>
      event.type === "lost" ? { retryInMs: event.retryInMs, reason: event.reason } : {},
    ),
  },
}).createMachine({
  id: "link",
  initial: "offline",
  context: { attempt: 0, retryInMs: 0, reason: "" },
  on: { stop: { target: ".stopped" } },
  states: {
    offline: { after: { retry: { target: "connecting" } }, on: { retry: { target: "connecting" } } },
    connecting: {
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      on: {
        opened: { guard: "isCurrent", target: "online" },
        lost: { guard: "isCurrent", target: "offline", actions: "remember" },
      },
    },
    online: {
      on: { lost: { guard: "isCurrent", target: "offline", actions: "remember" } },
    },
    stopped: { type: "final" },
  },
});
