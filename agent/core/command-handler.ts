import type { Problem } from "#contract/event";
import type { Command } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import type { NewEvent } from "./ports.ts";

/** What obeying a command means for the journal, or the word that says why it is not obeyed. */
export type CommandDecision =
  | { readonly ok: true; readonly events: readonly NewEvent[] }
  | { readonly ok: false; readonly reason: string; readonly problems?: readonly Problem[] };

/**
 * Who carries out commands (the executor). The inbox has verified signature, device, session and counter before;
 * it handles `sync`, and `revoke` of a contract that never arrived, itself.
 */
export interface CommandHandler {
  /** At once, before anything is durable: stopping never waits for the journal. Must be harmless if `decide` then refuses. */
  anticipate(command: Pick<Command, "type" | "contractId">): void;
  /**
   * Pure and synchronous, called inside the journal's transaction with the state that it continues. The events commit
   * together with `command.obeyed`; the handler acts on them when `Journal.onAppended` shows them.
   */
  decide(command: Command, state: DeviceState): CommandDecision;
}
