import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Sha256, Verifier } from "#contract/crypto";
import { WIRE_VERSION, type Reply } from "#contract/messages";
import type { CommandHandler } from "../core/command-handler.ts";
import type { DeviceAbilities } from "../core/feasibility.ts";
import type { JournalPart } from "../journal/journal.ts";
import type { Intake } from "./intake.ts";
import type { Leases } from "./leases.ts";
import type { Store, StoredReply } from "../store.ts";

export interface InboxDeps {
  readonly journal: JournalPart;
  readonly leases: Leases;
  readonly store: Pick<Store, "readReplies">;
  readonly verifier: Verifier;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly log: Log;
  readonly deviceId: string;
  readonly abilities: () => DeviceAbilities;
  readonly handler: CommandHandler;
  readonly intake: Pick<Intake, "admitsRefusal">;
}

/** The connection that a document came through, as far as an answer needs it. */
export interface Conversation {
  readonly session: string;
  /** Publishes at once, ahead of any backlog. */
  reply(reply: Reply): void;
  /** Sends the journal up to its end now. */
  sync(): void;
}

/** The answer of this session to a document; what is undefined is left out. */
export function replyOf(
  session: string,
  inReplyTo: string,
  answer: { [Key in "result" | "reason" | "problems" | "seq"]?: Reply[Key] | undefined } & Pick<Reply, "result">,
): Reply {
  const { result, reason, problems, seq } = answer;
  return {
    v: WIRE_VERSION,
    session,
    inReplyTo,
    result,
    ...(reason === undefined ? {} : { reason }),
    ...(problems === undefined || problems.length === 0 ? {} : { problems }),
    ...(seq === undefined ? {} : { seq }),
  };
}

/** What the same document was answered, or, failing that, what `isAnswer` takes for an answer to it. */
export async function earlierReply(
  store: InboxDeps["store"],
  document: { readonly inReplyTo: string; readonly hash: string },
  isAnswer: (stored: StoredReply) => boolean,
): Promise<Reply | undefined> {
  const replies = await store.readReplies(document.inReplyTo);
  const same = replies.find((stored) => stored.documentHash === document.hash);
  return (same ?? replies.find(isAnswer))?.reply;
}
