import { timestamp } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import {
  matchesFilter,
  type Connection,
  type ConnectionHandlers,
  type ConnectOptions,
  type Message,
  type Transport,
} from "#lib/transport";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { JournalBatch, OnlinePresence, type Ack, type Presence } from "#contract/messages";
import { topicOf, type TopicName } from "#contract/topics";
import type { Conversation, InboxDeps } from "./conversation.ts";
import type { Inbox } from "./inbox.ts";
import type { LiveValues } from "../core/live-telemetry.ts";
import type { NewEvent } from "../core/ports.ts";
import { openSqliteStore } from "../io/sqlite-store.ts";
import { startJournal, type JournalPart } from "../journal/journal.ts";
import { createIntake, type Intake } from "./intake.ts";
import { createLeases, type Leases } from "./leases.ts";
import { startLink, type Link } from "./link.ts";

const SITE = "default";
const DEVICE = "amr-07";

/** What was published, by topic name, in order. */
export interface Published {
  readonly name: string;
  readonly message: Message;
}

interface Client {
  readonly options: ConnectOptions;
  readonly handlers: ConnectionHandlers;
  readonly filters: string[];
}

/** A broker for one device: retained messages, wills, takeover; messages arrive in the next microtask. */
export class BrokerDouble implements Transport {
  readonly published: Published[] = [];
  readonly retained = new Map<string, Message>();
  readonly connects: ConnectOptions[] = [];
  readonly listeners: ((published: Published) => void)[] = [];
  mode: "up" | "down" | "silent" = "up";
  /** Why nobody gets a connection while it is down. */
  failure = new AgentError("transport.unreachable", "no broker", { retryable: true });
  #client: Client | undefined;

  async connect(options: ConnectOptions, handlers: ConnectionHandlers): Promise<Connection> {
    this.connects.push(options);
    if (this.mode === "down") throw this.failure;
    this.cut("taken over");
    const client: Client = { options, handlers, filters: [] };
    this.#client = client;
    return {
      publish: async (message) => {
        if (this.#client !== client) throw new AgentError("transport.closed", "connection ended");
        this.spread(message);
        if (this.mode === "silent") await new Promise(() => undefined);
      },
      subscribe: async (filters) => {
        client.filters.push(...filters);
        for (const message of this.retained.values()) this.#deliver(client, message);
      },
      close: async () => {
        if (this.#client !== client) return;
        this.#client = undefined;
        handlers.onClose("closed");
      },
    };
  }

  /** Ends the connection without a DISCONNECT: the will is published. */
  cut(reason = "cut"): void {
    const client = this.#client;
    this.#client = undefined;
    if (!client) return;
    if (client.options.will) this.spread(client.options.will);
    client.handlers.onClose(reason);
  }

  /** A message of anybody. */
  spread(message: Message): void {
    const published = { name: message.topic.split("/").at(-1)!, message };
    this.published.push(published);
    if (message.retain) this.retained.set(message.topic, message);
    if (this.#client) this.#deliver(this.#client, message);
    for (const listener of this.listeners) listener(published);
  }

  payloads(name: TopicName): unknown[] {
    return this.published
      .filter((published) => published.name === name)
      .map((published) => JSON.parse(published.message.payload) as unknown);
  }

  presences(): Presence[] {
    return this.payloads("presence") as Presence[];
  }

  #deliver(client: Client, message: Message): void {
    if (!client.filters.some((filter) => matchesFilter(filter, message.topic))) return;
    void Promise.resolve().then(() => {
      if (this.#client === client) client.handlers.onMessage(message);
    });
  }
}

/** A cloud that commits the device's journal in order and acknowledges it, as far as it is told to. */
export class CloudDouble {
  cloudId = "cloud-1";
  incarnation = "";
  readonly committed: Event[] = [];
  hash = GENESIS_HASH;
  acks: "on" | "off" = "on";
  /** Share of batches that never arrive, as every n-th. */
  losesEvery = Infinity;
  leases: Ack["leases"] = [];
  batches = 0;
  readonly #clock: VirtualClock;
  publish: (message: Message) => void;

  constructor(clock: VirtualClock, publish: (message: Message) => void) {
    this.#clock = clock;
    this.publish = publish;
  }

  get seq(): number {
    return this.committed.at(-1)?.seq ?? 0;
  }

  ack(more: Partial<Ack> = {}): void {
    const ack: Ack = {
      v: 1,
      cloudId: this.cloudId,
      incarnation: this.incarnation,
      journalSeq: this.seq,
      leases: this.leases,
      at: timestamp(this.#clock.wallMs()),
      ...more,
    };
    this.publish({ topic: topicOf(SITE, DEVICE, "ack"), payload: JSON.stringify(ack), qos: 1, retain: false });
  }

  /** A message of the topic `journal`. */
  take(payload: string): void {
    const batch = JournalBatch.parse(JSON.parse(payload));
    this.batches += 1;
    if (this.batches % this.losesEvery === 0) return;
    if (batch.incarnation !== this.incarnation) {
      this.incarnation = batch.incarnation;
      this.committed.length = 0;
      this.hash = GENESIS_HASH;
    }
    let before = batch.prevHash;
    for (const event of batch.events) {
      if (event.seq === this.seq + 1) {
        if (before !== this.hash) return this.ack({ fork: true });
        this.committed.push(event);
        this.hash = chainHash(before, event, sha256Hex);
      }
      before = chainHash(before, event, sha256Hex);
    }
    if (this.acks === "on") this.ack();
  }
}

type MakeInbox = (
  parts: Pick<InboxDeps, "journal" | "leases" | "store" | "clock"> & { readonly intake: Intake },
) => Inbox;

/** A device's journal and link against the doubles, on a virtual clock. */
export class LinkBench {
  readonly clock = new VirtualClock();
  readonly broker = new BrokerDouble();
  readonly cloud = new CloudDouble(this.clock, (message) => this.broker.spread(message));
  readonly store = openSqliteStore({ path: ":memory:" });
  readonly received: { readonly name: string; readonly text: string; readonly conversation: Conversation }[] = [];
  live: LiveValues | undefined;
  /** To be called when the machine's addresses have changed. */
  readonly readdress = new Set<() => void>();
  journal!: JournalPart;
  leases!: Leases;
  link!: Link;

  readonly #inbox: MakeInbox | undefined;

  constructor(inbox?: MakeInbox) {
    this.#inbox = inbox;
  }

  /** With a link that had 10 ms to connect; what comes in is kept in `received` unless there is an inbox to take it. */
  static async start({ inbox }: { inbox?: MakeInbox } = {}): Promise<LinkBench> {
    const bench = new LinkBench(inbox);
    bench.broker.listeners.push(({ name, message }) => {
      if (name === "journal") bench.cloud.take(message.payload);
    });
    await bench.startAgent();
    return bench;
  }

  /** The device's parts on the bench's store, with the double for a network unless another is given. */
  async startAgent(transport: Transport = this.broker): Promise<void> {
    const { clock, store } = this;
    const rng = createRng(`link/${clock.nowMs()}`);
    const uuid = createUuidSource(clock, rng.fork("uuid"));
    const software = "holdfast/test";
    this.journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log: silentLog, software });
    this.leases = createLeases({ journal: this.journal, clock, log: silentLog });
    const receive =
      (name: string) =>
      async (text: string, conversation: Conversation): Promise<void> => {
        this.received.push({ name, text, conversation });
      };
    const intake = createIntake({ journal: this.journal, clock, log: silentLog });
    const { journal, leases } = this;
    this.link = startLink({
      journal,
      leases,
      inbox: this.#inbox?.({ journal, leases, store, clock, intake }) ?? {
        receiveContract: receive("contract"),
        receiveCommand: receive("command"),
      },
      intake,
      transport,
      clock,
      rng,
      uuid,
      sha256: sha256Hex,
      log: silentLog,
      device: { site: SITE, deviceId: DEVICE, gate: "own", profile: { kind: "amr", actions: ["navigate"], software } },
      live: () => this.live,
      network: {
        onChange: (listener) => {
          this.readdress.add(listener);
          return () => this.readdress.delete(listener);
        },
      },
    });
    await clock.advance(10);
  }

  async append(count: number, text = ""): Promise<void> {
    const notice = { type: "notice", contractId: "019b8ce6-1400-7000-8000-000000000001" } as const;
    const events: NewEvent[] = Array.from({ length: count }, (_, at) => ({
      ...notice,
      data: { kind: "test", text: `${at}${text}` },
    }));
    await this.journal.append(events);
  }

  /** Drops the record of what was published. */
  forget(): void {
    this.broker.published.length = 0;
    this.cloud.committed.splice(0, this.cloud.committed.length - 1);
  }

  /** The machine gets other addresses. */
  roam(): void {
    for (const listener of this.readdress) listener();
  }

  /** The newest presence that says `online`. */
  beat(): OnlinePresence {
    return OnlinePresence.parse(this.broker.presences().findLast((presence) => presence.state === "online"));
  }

  send(name: TopicName, payload: string): void {
    this.broker.spread({ topic: topicOf(SITE, DEVICE, name), payload, qos: 1, retain: false });
  }
}
