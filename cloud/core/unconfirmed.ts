import type { DeviceMode } from "./device-machine.ts";

/** What is known of a contract that was sent and not answered, and of its device. */
export interface UnconfirmedCase {
  /** The session that the contract names. */
  readonly contractSession: string;
  /** The session heard last; absent when the device was not heard since the cloud started. */
  readonly deviceSession: string | undefined;
  readonly mode: DeviceMode;
  /** Whether the journal is folded up to where it ended when the device's session was first heard. */
  readonly isCaughtUp: boolean;
  /** Number of the last event folded. */
  readonly foldedSeq: number;
  /** The `revoke` sent for it. */
  readonly revoke: "none" | "sent" | { readonly answeredAtSeq: number };
}

/** `expire`: the device never took it and never will. */
export type UnconfirmedDecision = "wait" | "revoke" | "expire";

/**
 * Decides a contract that is not in the device's journal (one that is, is accepted by the fold itself). In a later session
 * it expires once that session's journal is read; in its own session it is revoked first, and the answer waited for
 * (wire format, §3.4).
 */
export function decideUnconfirmed(unconfirmed: UnconfirmedCase): UnconfirmedDecision {
  const { contractSession, deviceSession, mode, isCaughtUp, foldedSeq, revoke } = unconfirmed;
  if (deviceSession === undefined || mode === "projected" || !isCaughtUp) return "wait";
  if (deviceSession !== contractSession) return "expire";
  if (revoke === "none") return "revoke";
  return revoke !== "sent" && foldedSeq >= revoke.answeredAtSeq ? "expire" : "wait";
}
