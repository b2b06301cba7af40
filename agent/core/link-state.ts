import type { ErrorCode } from "#lib/errors";

/** What keeps the link down, or took it down: a word for programs, a sentence for people. */
export interface LinkTrouble {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** The link to the cloud as console, page and doctor show it. Moments count on the monotonic clock. */
export type LinkState =
  | {
      readonly kind: "online";
      readonly sinceMs: number;
      readonly session: string;
      /** Which broker, and how; undefined where the network does not say. */
      readonly route: string | undefined;
    }
  | { readonly kind: "connecting"; readonly attempt: number; readonly trouble: LinkTrouble | undefined }
  | {
      readonly kind: "offline";
      /** How many attempts were made since the program started. */
      readonly attempt: number;
      /** When the next one begins. */
      readonly nextAttemptMs: number;
      /** Undefined before the first attempt. */
      readonly trouble: LinkTrouble | undefined;
    }
  | { readonly kind: "stopped" };

/** One line for people: what the link does now and, where it is down, why and when it is tried again. */
export function describeLink(state: LinkState, nowMs: number): string {
  switch (state.kind) {
    case "online":
      return `online for ${seconds(nowMs - state.sinceMs)}${state.route === undefined ? "" : ` through ${state.route}`}`;
    case "connecting":
      return `connecting${state.trouble ? `; before: ${state.trouble.reason}` : ""}`;
    case "offline": {
      const next = `next attempt in ${seconds(Math.max(0, state.nextAttemptMs - nowMs))}`;
      return state.trouble ? `offline: ${state.trouble.reason}; ${next}` : `offline; ${next}`;
    }
    case "stopped":
      return "stopped";
  }
}

/** Troubles that waiting does not mend: somebody must do something, so they are journaled when they come up. */
const NEEDS_SOMEBODY: ReadonlySet<ErrorCode> = new Set([
  "config.invalid",
  "transport.refused",
  "transport.clock",
  "transport.untrusted",
  "transport.portal",
  "transport.taken_over",
]);

/** Whether people should be told of this trouble even while the link is down anyway. */
export function needsSomebody({ code }: LinkTrouble): boolean {
  return NEEDS_SOMEBODY.has(code);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
