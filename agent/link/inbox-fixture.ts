import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import type { Signer } from "#contract/crypto";
import type { Event } from "#contract/event";
import { createNodeSigner, createNodeVerifier, generateKey, sha256Hex } from "#contract/io/node-crypto";
import type { Command, Reply } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import type { CommandDecision, CommandHandler } from "../core/command-handler.ts";
import type { DeviceAbilities } from "../core/feasibility.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { createIntake } from "./intake.ts";
import { openSqliteStore } from "../io/sqlite-store.ts";
import { startJournal, type JournalPart } from "../journal/journal.ts";
import { createLeases, type Leases } from "./leases.ts";

const trusted = generateKey(new Uint8Array(32).fill(1));

/** Whom the device trusts, and somebody else. */
export const SIGNER = createNodeSigner(trusted.privateJwk);
export const STRANGER = createNodeSigner(generateKey(new Uint8Array(32).fill(2)).privateJwk);
export const VERIFIER = createNodeVerifier({ keys: [trusted.publicJwk] });

/** Obeys everything and remembers what it was asked, in order. */
export class ObedientHandler implements CommandHandler {
  readonly calls: string[] = [];
  decision: (command: Command, state: DeviceState) => CommandDecision = (command) => ({
    ok: true,
    events: [{ type: "notice", data: { kind: command.type, text: "done" } }],
  });

  anticipate(command: Command): void {
    this.calls.push(`anticipate ${command.type}`);
  }

  decide(command: Command, state: DeviceState): CommandDecision {
    this.calls.push(`decide ${command.type}`);
    return this.decision(command, state);
  }
}

/** The inbox of the device `amr-07` on a store in memory, and what it answers. */
export class InboxBench {
  readonly clock = new VirtualClock();
  readonly store = openSqliteStore({ path: ":memory:" });
  readonly handler = new ObedientHandler();
  abilities: DeviceAbilities = { actions: ["navigate", "pick", "place"], tools: ["base", "load"], battery: 0.9 };
  session = "session-1";
  replies: Reply[] = [];
  syncs = 0;
  journal!: JournalPart;
  leases!: Leases;
  inbox!: Inbox;

  static async start(): Promise<InboxBench> {
    const bench = new InboxBench();
    await bench.#startAgent();
    return bench;
  }

  /** Ends the agent's parts and starts new ones on the same store, five seconds later. */
  async restart(): Promise<void> {
    await this.journal[Symbol.asyncDispose]();
    await this.clock.advance(5000);
    await this.#startAgent();
  }

  async receive(jws: string): Promise<Reply | undefined> {
    await this.inbox.receiveContract(jws, this.#conversation());
    return this.replies.at(-1);
  }

  async command(payload: object, by: Signer = SIGNER): Promise<Reply | undefined> {
    await this.inbox.receiveCommand(await by.sign("hf-command+jws", payload), this.#conversation());
    return this.replies.at(-1);
  }

  async lastEvents(count: number): Promise<readonly Event[]> {
    const { lastSeq } = this.journal.range();
    return (await this.journal.read(lastSeq - count + 1, count, 1_000_000))?.events ?? [];
  }

  async #startAgent(): Promise<void> {
    const { clock, store, handler } = this;
    const uuid = createUuidSource(clock, createRng(`inbox/${clock.nowMs()}`));
    const software = "holdfast/test";
    this.journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log: silentLog, software });
    this.leases = createLeases({ journal: this.journal, clock, log: silentLog });
    this.inbox = createInbox({
      journal: this.journal,
      leases: this.leases,
      store,
      verifier: VERIFIER,
      sha256: sha256Hex,
      clock,
      log: silentLog,
      handler,
      deviceId: "amr-07",
      abilities: () => this.abilities,
      intake: createIntake({ journal: this.journal, clock, log: silentLog }),
    });
  }

  #conversation(): Parameters<Inbox["receiveContract"]>[1] {
    return { session: this.session, reply: (reply) => this.replies.push(reply), sync: () => (this.syncs += 1) };
  }
}
