import { z } from "zod";
import { checkContract } from "#contract/check";
import type { Contract } from "#contract/contract";
import type { Event, Problem, RejectReason } from "#contract/event";
import { Name, Uuid7 } from "#contract/identifiers";
import { admit, type Admission, type Refusal } from "../core/admission.ts";
import type { Draft, DraftEvent } from "../core/draft.ts";
import type { Moment } from "../core/lease.ts";
import type { NewEvent } from "../core/ports.ts";
import { readRevoked } from "../core/revoked.ts";
import { readUnverified } from "../core/unverified.ts";
import { earlierReply, replyOf, type Conversation, type InboxDeps } from "./conversation.ts";
import { momentOf } from "./leases.ts";

/** A contract as it came in: verified and checked, or why it is neither. */
interface ReceivedContract {
  readonly jws: string;
  readonly hash: string;
  readonly isVerified: boolean;
  readonly receivedAt: Moment;
  readonly inReplyTo: string;
  /** What the document says it is; believed only where its signature verified. */
  readonly identity: Identity;
  readonly content:
    | { readonly ok: true; readonly contract: Contract }
    | { readonly ok: false; readonly refusal: Refusal };
}

/** The topic `contract`: accepts or refuses, durably, with the reason in journal and answer. */
export class ContractInbox {
  readonly #deps: InboxDeps;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
  }

  /** What can be said of the document alone. */
  async read(jws: string): Promise<ReceivedContract> {
    const { verifier, sha256, clock } = this.#deps;
    const receivedAt = momentOf(clock);
    const hash = sha256(jws);
    const verified = await verifier.verify(jws, "hf-contract+jws");
    const payload = verified.ok ? verified.payload : readUnverified(jws);
    const identity = Identity.parse(payload);
    const { contractId, revision } = identity;
    const isNamed = contractId !== undefined && revision !== undefined;
    const inReplyTo = isNamed ? `${contractId}/${revision}` : `unreadable/${hash.slice(0, 16)}`;
    const received = { jws, hash, isVerified: verified.ok, receivedAt, inReplyTo, identity };
    if (!verified.ok) {
      const problems = [{ path: "", message: verified.detail }];
      const refusal = { reason: verified.reason, problems };
      return { ...received, content: { ok: false, refusal } };
    }
    const checked = checkContract(payload);
    if (checked.ok) return { ...received, content: checked };
    const refusal = { reason: checked.reason, problems: checked.problems };
    return { ...received, content: { ok: false, refusal } };
  }

  /** Decides, commits and answers. Rejects `store.failed`. */
  async settle(received: ReceivedContract, conversation: Conversation): Promise<void> {
    const { store, log } = this.#deps;
    const { inReplyTo } = received;
    const earlier = await earlierReply(store, received, ({ reply }) => reply.result === "stored");
    if (earlier) {
      log.debug({ inReplyTo }, "contract came again and is answered as before");
      return conversation.reply({ ...earlier, session: conversation.session });
    }
    if (!received.content.ok) {
      return this.#refuse(received, received.content.refusal, conversation);
    }
    return this.#decide(received, received.content.contract, conversation);
  }

  async #decide(received: ReceivedContract, contract: Contract, conversation: Conversation): Promise<void> {
    const { journal, deviceId, abilities, log } = this.#deps;
    const { contractId } = contract;
    const stagesBefore = journal.state().contracts[contractId]?.stages;
    const hadMovedOn = await this.#hasMovedOn(contract);
    const revoked = readRevoked(journal.meta("revoked"));
    const decided: { admission?: Admission } = {};
    const written = await journal.decide((state) => {
      const hasMovedOn = hadMovedOn || state.contracts[contractId]?.stages !== stagesBefore;
      const admission = admit(contract, state, {
        deviceId,
        session: conversation.session,
        receivedAt: received.receivedAt,
        abilities: abilities(),
        revoked,
        hasMovedOn,
      });
      decided.admission = admission;
      if (admission.kind === "accept") return this.#acceptance(received, contract, conversation);
      if (admission.kind === "known") return { events: [] };
      return this.#rejection(received, admission.refusal, conversation);
    });
    const { admission } = decided;
    if (admission?.kind === "refuse") return this.#answerRefusal(received, admission.refusal, conversation, written);
    // An answer that is no longer kept says the same again.
    const seq = written[0]?.seq ?? journal.state().contracts[contractId]?.firstSeq;
    if (written.length > 0) log.info({ contractId, revision: contract.revision, seq }, "contract accepted");
    conversation.reply(replyOf(conversation.session, received.inReplyTo, { result: "stored", seq }));
  }

  #acceptance(
    { jws, hash, receivedAt, inReplyTo }: ReceivedContract,
    contract: Contract,
    { session }: Conversation,
  ): Draft {
    const { contractId, revision, epoch, taskId, name, lease, failurePolicy } = contract;
    const stages = contract.stages.map(({ stageId, action, optional }) => ({
      stageId,
      action,
      ...(optional === undefined ? {} : { optional }),
    }));
    const { documentRef } = contract.task;
    const named = { ...(name === undefined ? {} : { name }), ...(documentRef && { documentRef }) };
    const { offline } = failurePolicy;
    const data = { taskId, ...named, stages, lease, session: contract.session, hash, offline };
    return {
      events: [{ type: "contract.accepted", contractId, revision, epoch, data }],
      ops: (written) => [
        { type: "put-contract", jws, contract },
        this.#deps.leases.grant(contract, receivedAt),
        {
          type: "put-reply",
          stored: {
            documentHash: hash,
            reply: replyOf(session, inReplyTo, { result: "stored", seq: written[0]?.seq }),
          },
        },
      ],
    };
  }

  async #refuse(received: ReceivedContract, refusal: Refusal, conversation: Conversation): Promise<void> {
    const written = await this.#deps.journal.decide(() => this.#rejection(received, refusal, conversation));
    this.#answerRefusal(received, refusal, conversation, written);
  }

  #rejection(received: ReceivedContract, refusal: Refusal, { session }: Conversation): Draft {
    const { inReplyTo, hash, isVerified } = received;
    return {
      events: rejectionEvents(received, refusal, isVerified ? this.#deps.deviceId : undefined),
      ops: (written) => [
        {
          type: "put-reply",
          stored: { documentHash: hash, reply: refusalReply(session, inReplyTo, refusal, written) },
        },
      ],
    };
  }

  #answerRefusal(
    { inReplyTo }: ReceivedContract,
    refusal: Refusal,
    conversation: Conversation,
    written: readonly Event[],
  ): void {
    this.#deps.log.info({ inReplyTo, reason: refusal.reason }, "contract refused");
    conversation.reply(refusalReply(conversation.session, inReplyTo, refusal, written));
  }

  /** Whether a stage began or ended after the event that the plan was made for; what is pruned can't be told and counts as a yes. */
  async #hasMovedOn({ contractId, replaces }: Contract): Promise<boolean> {
    if (!replaces) return false;
    const { journal } = this.#deps;
    const { lastSeq } = journal.range();
    for (let seq = replaces.journalSeq + 1; seq <= lastSeq;) {
      const slice = await journal.read(seq, READ_EVENTS, READ_BYTES);
      if (!slice) return true;
      if (slice.events.some((event) => event.contractId === contractId && MOVES.has(event.type))) return true;
      seq += slice.events.length;
    }
    return replaces.journalSeq > lastSeq;
  }
}

const READ_EVENTS = 200;
const READ_BYTES = 256_000;
const MOVES: ReadonlySet<string> = new Set(["stage.started", "stage.completed", "stage.failed", "stage.skipped"]);

/** The parts of a document that name it; each is dropped by itself where it does not fit. */
const Identity = z
  .object({
    contractId: Uuid7.optional().catch(undefined),
    revision: z.number().int().min(1).optional().catch(undefined),
    epoch: z.number().int().min(1).optional().catch(undefined),
    taskId: Name.optional().catch(undefined),
    deviceId: Name.optional().catch(undefined),
  })
  .catch({});
type Identity = z.infer<typeof Identity>;

/** A document that is forged, or meant for another device, is noted but not under the name of the contract that it claims to be. */
function rejectionEvents(received: ReceivedContract, refusal: Refusal, deviceId: string | undefined): DraftEvent[] {
  const { identity, inReplyTo } = received;
  const isOurs = deviceId !== undefined && identity.deviceId === deviceId;
  const { contractId, revision, epoch, taskId } = isOurs ? identity : {};
  const data: { reason: RejectReason; problems: Problem[]; inReplyTo: string } = {
    reason: refusal.reason,
    problems: [...refusal.problems],
    inReplyTo,
  };
  const rejected: DraftEvent = {
    type: "contract.rejected",
    ...(contractId === undefined ? {} : { contractId }),
    ...(revision === undefined ? {} : { revision }),
    ...(epoch === undefined ? {} : { epoch }),
    data: { ...data, ...(taskId === undefined ? {} : { taskId }) },
  };
  if (!refusal.isStalePlan || contractId === undefined) return [rejected];
  const stale: NewEvent = { type: "replan.refused", contractId, data: { reason: "stale" } };
  return [stale, rejected];
}

function refusalReply(
  session: string,
  inReplyTo: string,
  { reason, problems }: Refusal,
  written: readonly Event[],
): ReturnType<typeof replyOf> {
  const seq = written.at(-1)?.seq;
  return replyOf(session, inReplyTo, { result: "refused", reason, problems: [...problems], seq });
}
