import { z } from "zod";
import type { Event } from "#contract/event";
import { Uuid7 } from "#contract/identifiers";
import { ANY_SESSION, Command, type Reply } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import type { CommandDecision } from "../core/command-handler.ts";
import type { Draft, DraftEvent } from "../core/draft.ts";
import { readRevoked, writeRevoked } from "../core/revoked.ts";
import { readUnverified } from "../core/unverified.ts";
import { earlierReply, replyOf, type Conversation, type InboxDeps } from "./conversation.ts";

type Refused = Extract<CommandDecision, { ok: false }>;

/** A command as it came in, or why it is none; `type` is believed only where `content` is a command. */
interface ReceivedCommand {
  readonly hash: string;
  readonly isVerified: boolean;
  readonly inReplyTo: string;
  readonly type: string;
  readonly content: Command | Refused;
}

/** The topic `command`: obeyed or refused, durably, then answered. Only a counter above the last obeyed one is obeyed. */
export class CommandInbox {
  readonly #deps: InboxDeps;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
  }

  /** Verifies; a command that will be obeyed is announced to the handler before anything is stored. */
  async read(jws: string, { session }: Conversation): Promise<ReceivedCommand> {
    const { verifier, sha256, handler, journal } = this.#deps;
    const hash = sha256(jws);
    const verified = await verifier.verify(jws, "hf-command+jws");
    const payload = verified.ok ? verified.payload : readUnverified(jws);
    const { commandId, type } = Identity.parse(payload);
    const received = { hash, isVerified: verified.ok, inReplyTo: commandId ?? `unreadable/${hash.slice(0, 16)}`, type };
    if (!verified.ok) return { ...received, content: refuse(verified.reason, verified.detail) };
    const parsed = Command.safeParse(payload);
    if (!parsed.success) return { ...received, content: refuse("invalid", z.prettifyError(parsed.error)) };
    const command = parsed.data;
    if (this.#whyNot(command, journal.state(), session) === undefined) handler.anticipate(command);
    return { ...received, content: command };
  }

  /** Decides, commits and answers. Rejects `store.failed`. */
  async settle(received: ReceivedCommand, conversation: Conversation): Promise<void> {
    const { store, journal, log } = this.#deps;
    const { inReplyTo, type } = received;
    const earlier = await earlierReply(store, received, ({ reply }) => reply.result === "done");
    if (earlier) {
      log.debug({ inReplyTo }, "command came again and is answered as before");
      return conversation.reply({ ...earlier, session: conversation.session });
    }
    const settled: { reply?: Reply } = {};
    await journal.decide((state) => {
      const decision = this.#decide(received.content, state, conversation.session);
      return this.#draft(received, decision, state, (written) => {
        settled.reply = answer(conversation.session, inReplyTo, decision, written);
        return settled.reply;
      });
    });
    const { reply } = settled;
    if (!reply) return;
    log.info({ inReplyTo, command: type, result: reply.result, reason: reply.reason }, "command settled");
    conversation.reply(reply);
    if (reply.result === "done" && type === "sync") conversation.sync();
  }

  #decide(content: ReceivedCommand["content"], state: DeviceState, session: string): CommandDecision {
    if (!isCommand(content)) return content;
    const reason = this.#whyNot(content, state, session);
    if (reason !== undefined) return { ok: false, reason };
    if (content.type === "sync") return { ok: true, events: [] };
    if (isForUnknown(content, state)) return revokeUnknown(content);
    return this.#deps.handler.decide(content, state);
  }

  /** What is against obeying, whatever the command is about. */
  #whyNot(command: Command, state: DeviceState, session: string): string | undefined {
    if (command.deviceId !== this.#deps.deviceId) return "wrong_device";
    if (command.session !== session && !ANY_SESSION.has(command.type)) return "stale_session";
    if (command.n <= state.lastCommand) return "stale_counter";
    const known = command.contractId === undefined ? undefined : state.contracts[command.contractId];
    return known && command.epoch !== undefined && command.epoch < known.epoch ? "stale_epoch" : undefined;
  }

  #draft(
    { hash, inReplyTo, type, content }: ReceivedCommand,
    decision: CommandDecision,
    state: DeviceState,
    replyFor: (written: readonly Event[]) => Reply,
  ): Draft {
    const isUnknown = decision.ok && isCommand(content) && isForUnknown(content, state);
    const revoked = readRevoked(this.#deps.journal.meta("revoked"));
    return {
      events: [outcome(content, inReplyTo, type, decision), ...(decision.ok ? decision.events : [])],
      ops: (written) => [
        { type: "put-reply", stored: { documentHash: hash, reply: replyFor(written) } },
        ...(isUnknown ? [writeRevoked(revoked, content.contractId!)] : []),
      ],
    };
  }
}

const Identity = z
  .object({
    commandId: Uuid7.optional().catch(undefined),
    type: z.string().max(40).catch("unknown"),
  })
  .catch({ type: "unknown" });

function isCommand(content: ReceivedCommand["content"]): content is Command {
  return !("ok" in content);
}

/** A contract that is revoked before it arrived must not be taken on when it does. */
function isForUnknown(command: Command, state: DeviceState): boolean {
  const { type, contractId } = command;
  return type === "revoke" && contractId !== undefined && state.contracts[contractId] === undefined;
}

function revokeUnknown({ contractId, epoch }: Command): CommandDecision {
  const event: DraftEvent = {
    type: "contract.revoked",
    ...(contractId === undefined ? {} : { contractId }),
    ...(epoch === undefined ? {} : { epoch }),
    data: { reason: "revoked", detail: "revoked before it arrived" },
  };
  return { ok: true, events: [event] };
}

function outcome(
  content: ReceivedCommand["content"],
  commandId: string,
  command: string,
  decision: CommandDecision,
): DraftEvent {
  const counter = isCommand(content) ? { n: content.n } : undefined;
  if (decision.ok && counter) return { type: "command.obeyed", data: { commandId, ...counter, command } };
  const reason = decision.ok ? "invalid" : decision.reason;
  return { type: "command.refused", data: { commandId, ...counter, command, reason } };
}

function answer(session: string, inReplyTo: string, decision: CommandDecision, written: readonly Event[]): Reply {
  const seq = written.at(-1)?.seq;
  if (decision.ok) return replyOf(session, inReplyTo, { result: "done", seq });
  const { reason, problems } = decision;
  return replyOf(session, inReplyTo, { result: "refused", reason, problems: problems && [...problems], seq });
}

function refuse(reason: string, message: string): Refused {
  return { ok: false, reason, problems: [{ path: "", message }] };
}
