import type { Contract } from "#contract/contract";
import type { Verifier } from "#contract/crypto";
import type { EventData, EventType } from "#contract/event-data";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { type Ack, type Command, type OnlinePresence, type Reply, WIRE_VERSION } from "#contract/messages";
import { activeContract, emptyDevice, foldEvents, stateHash } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { topicOf, type TopicName } from "#contract/topics";
import { repeat, timestamp, type Cancel, type Clock } from "#lib/clock";
import { createRng } from "#lib/rng";
import type { Connection } from "#lib/transport";
import { createUuidSource } from "#lib/uuid";
import type { BrokerFixture } from "./broker-fixture.ts";

/** What the device does with a contract that it receives. */
export type Temper = "stores" | "refuses" | "stays-silent" | "stores-without-reply";

/** A device that speaks the wire format and does no work: tests of the cloud write its journal. */
export interface DeviceFixture {
  readonly deviceId: string;
  temper: Temper;
  /** Contracts, commands and acks as they arrived. */
  readonly contracts: readonly Contract[];
  readonly commands: readonly Command[];
  readonly acks: readonly Ack[];
  readonly session: string;
  /** While false, commands are neither obeyed nor answered. */
  obeys: boolean;
  /** Connects in a new session, says `online`, sends what is not acknowledged, and beats every 5 s. */
  connect(): Promise<void>;
  /** Ends the connection: politely (`offline`), or so that the broker publishes the will. */
  disconnect(how: "offline" | "cut"): Promise<void>;
  /** Stops beating without a word; the connection stays. */
  fallSilent(): void;
  /** Writes events and sends them if it is connected. */
  write<Type extends EventType>(type: Type, data: EventData<Type>, about?: About): Event;
  send(): void;
  say(name: TopicName, body: object): void;
  state(): DeviceState;
  /** Puts another disk in, a blank one by default, and returns the one that was in; only while disconnected. */
  swapDisk(disk?: Disk): Disk;
}

/** What outlives a power cut. */
export interface Disk {
  readonly incarnation: string;
  readonly events: Event[];
  readonly state: DeviceState;
  readonly acked: number;
  readonly ackedHash: string;
}

export interface About {
  readonly contractId?: string;
  readonly stageId?: string;
  readonly epoch?: number;
}

export interface DeviceFixtureDeps {
  readonly deviceId: string;
  readonly broker: BrokerFixture;
  readonly clock: Clock;
  readonly verifier: Verifier;
}

const BEAT_MS = 5_000;
const SITE = "default";

export function createDeviceFixture(deps: DeviceFixtureDeps): DeviceFixture {
  return new Fixture(deps);
}

class Fixture implements DeviceFixture {
  readonly deviceId: string;
  readonly contracts: Contract[] = [];
  readonly commands: Command[] = [];
  readonly acks: Ack[] = [];
  temper: Temper = "stores";
  obeys = true;
  session = "none";
  #deps: DeviceFixtureDeps;
  #uuid: () => string;
  #connection: Connection | undefined;
  #incarnation = "inc-1";
  #incarnations = 1;
  #sessions = 0;
  #beat = 0;
  #stopBeating: Cancel = () => undefined;
  #events: Event[] = [];
  #state: DeviceState;
  #acked = 0;
  #ackedHash = GENESIS_HASH;
  /** The cloud that acknowledged last, and the one that had when the session was drawn. */
  #cloudId: string | undefined;
  #cloudIdOfSession: string | undefined;

  constructor(deps: DeviceFixtureDeps) {
    this.#deps = deps;
    this.deviceId = deps.deviceId;
    this.#uuid = createUuidSource(deps.clock, createRng(`device/${deps.deviceId}`));
    this.#state = emptyDevice(this.#incarnation);
  }

  state(): DeviceState {
    return this.#state;
  }

  async connect(): Promise<void> {
    const { broker, clock } = this.#deps;
    this.session = `${this.deviceId}-session-${++this.#sessions}`;
    this.#cloudIdOfSession = this.#cloudId;
    const { deviceId, session } = this;
    const lost = {
      v: WIRE_VERSION,
      deviceId,
      state: "lost",
      incarnation: this.#incarnation,
      bootId: clock.bootId,
      session,
    };
    const will = { topic: this.#topic("presence"), payload: JSON.stringify(lost), qos: 1 as const, retain: true };
    this.#connection = await broker.transport.connect(
      { clientId: deviceId, keepAliveSeconds: 15, will },
      { onMessage: (message) => void this.#take(message.topic, message.payload), onClose: () => this.#closed() },
    );
    await this.#connection.subscribe((["contract", "command", "ack"] as const).map((name) => this.#topic(name)));
    this.#sayPresence("online");
    this.send();
    this.#stopBeating();
    this.#stopBeating = repeat(clock, BEAT_MS, () => this.#sayPresence("online"));
  }

  async disconnect(how: "offline" | "cut"): Promise<void> {
    if (how === "cut") {
      this.#deps.broker.cut(this.deviceId);
      return;
    }
    this.#sayPresence("offline");
    await this.#connection?.close();
  }

  fallSilent(): void {
    this.#stopBeating();
  }

  write<Type extends EventType>(type: Type, data: EventData<Type>, about: About = {}): Event {
    const { clock } = this.#deps;
    const contract = about.contractId === undefined ? undefined : this.#state.contracts[about.contractId];
    const event: Event = {
      seq: this.#state.seq + 1,
      id: this.#uuid(),
      at: timestamp(clock.wallMs()),
      monoMs: Math.round(clock.nowMs()),
      clock: "synced",
      type,
      ...(contract ? { revision: contract.revision, epoch: contract.epoch } : {}),
      ...about,
      data: data as Record<string, unknown>,
    };
    this.#events.push(event);
    this.#state = foldEvents(this.#state, [event]);
    this.send();
    return event;
  }

  send(): void {
    const events = this.#events.filter((event) => event.seq > this.#acked);
    if (events.length === 0) return;
    const { bootId } = this.#deps.clock;
    const prevHash = this.#ackedHash;
    this.say("journal", {
      v: WIRE_VERSION,
      deviceId: this.deviceId,
      incarnation: this.#incarnation,
      bootId,
      prevHash,
      events,
    });
  }

  say(name: TopicName, body: object): void {
    const payload = JSON.stringify(body);
    void this.#connection?.publish({ topic: this.#topic(name), payload, qos: 1, retain: name === "presence" });
  }

  swapDisk(disk: Disk = blankDisk(`inc-${++this.#incarnations}`)): Disk {
    const taken = {
      incarnation: this.#incarnation,
      events: this.#events,
      state: this.#state,
      acked: this.#acked,
      ackedHash: this.#ackedHash,
    };
    this.#incarnation = disk.incarnation;
    this.#events = disk.events;
    this.#state = disk.state;
    this.#acked = disk.acked;
    this.#ackedHash = disk.ackedHash;
    return taken;
  }

  #topic(name: TopicName): string {
    return topicOf(SITE, this.deviceId, name);
  }

  #closed(): void {
    this.#connection = undefined;
    this.#stopBeating();
  }

  #sayPresence(state: "online" | "offline"): void {
    const { clock } = this.#deps;
    const active = activeContract(this.#state);
    const presence: OnlinePresence = {
      v: WIRE_VERSION,
      deviceId: this.deviceId,
      state,
      incarnation: this.#incarnation,
      bootId: clock.bootId,
      session: this.session,
      beat: ++this.#beat,
      clock: { state: "synced", errMs: 5 },
      sentAt: timestamp(clock.wallMs()),
      journal: {
        firstSeq: this.#events[0]?.seq ?? this.#state.seq,
        lastSeq: this.#state.seq,
        ackedSeq: this.#acked,
      },
      active: active ? [{ ...active, stateHash: stateHash(active, sha256Hex) }] : [],
      gate: "own",
      profile: { kind: "amr", actions: ["navigate", "pick", "place"], software: "fixture" },
      ...(this.#cloudIdOfSession === undefined ? {} : { cloudId: this.#cloudIdOfSession }),
    };
    this.say("presence", presence);
  }

  async #take(topic: string, payload: string): Promise<void> {
    if (topic.endsWith("/ack")) {
      this.#takeAck(JSON.parse(payload) as Ack);
      return;
    }
    const isContract = topic.endsWith("/contract");
    const verified = await this.#deps.verifier.verify(payload, isContract ? "hf-contract+jws" : "hf-command+jws");
    if (!verified.ok) return;
    if (isContract) this.#takeContract(verified.payload as Contract);
    else this.#takeCommand(verified.payload as Command);
  }

  #takeAck(ack: Ack): void {
    this.acks.push(ack);
    if (ack.fork || ack.journalSeq > this.#state.seq) {
      this.#renumber();
      return;
    }
    if (ack.incarnation !== this.#incarnation) return;
    const isOtherCloud = this.#cloudId !== undefined && this.#cloudId !== ack.cloudId;
    this.#cloudId = ack.cloudId;
    if (isOtherCloud) {
      this.#acked = 0;
      this.#ackedHash = GENESIS_HASH;
    }
    this.#acknowledge(ack.journalSeq);
    if (isOtherCloud) this.send();
  }

  #acknowledge(seq: number): void {
    for (const event of this.#events) {
      if (event.seq > this.#acked && event.seq <= seq) {
        this.#ackedHash = chainHash(this.#ackedHash, event, sha256Hex);
      }
    }
    this.#acked = Math.max(this.#acked, seq);
  }

  #renumber(): void {
    const unacked = this.#events.filter((event) => event.seq > this.#acked);
    this.#incarnation = `inc-${++this.#incarnations}`;
    this.#acked = 0;
    this.#ackedHash = GENESIS_HASH;
    this.#events = unacked.map((event, at) => ({ ...event, seq: at + 1 }));
    this.#state = { ...this.#state, incarnation: this.#incarnation, seq: unacked.length };
    this.#sayPresence("online");
    this.send();
  }

  #takeContract(contract: Contract): void {
    this.contracts.push(contract);
    const { contractId, revision, epoch, taskId, stages, lease, session, failurePolicy, name } = contract;
    if (this.temper === "stays-silent") return;
    const inReplyTo = `${contractId}/${revision}`;
    if (this.temper === "refuses" || session !== this.session) {
      const reason = session === this.session ? "infeasible" : "stale_session";
      const problems = [{ path: "/stages/0", message: "no way to the rack" }];
      this.write("contract.rejected", { reason, problems, inReplyTo });
      this.#reply({ inReplyTo, result: "refused", reason, problems });
      return;
    }
    const data = {
      taskId,
      ...(name === undefined ? {} : { name }),
      stages: stages.map(({ stageId, action }) => ({ stageId, action })),
      lease,
      session,
      hash: "0".repeat(64),
      offline: failurePolicy.offline,
    };
    const event = this.#writeUnder("contract.accepted", data, { contractId, revision, epoch });
    if (this.temper === "stores") this.#reply({ inReplyTo, result: "stored", seq: event.seq });
  }

  #writeUnder<Type extends EventType>(
    type: Type,
    data: EventData<Type>,
    identity: { contractId: string; revision: number; epoch: number },
  ): Event {
    return this.write(type, data, identity);
  }

  #takeCommand(command: Command): void {
    this.commands.push(command);
    if (!this.obeys) return;
    const { commandId, n, type, contractId, holdId = "cloud" } = command;
    if (n > this.#state.lastCommand) {
      this.write("command.obeyed", { commandId, n, command: type });
      if (contractId !== undefined && this.#state.contracts[contractId]) this.#obey(type, contractId, holdId);
    }
    this.#reply({ inReplyTo: commandId, result: "done", seq: this.#state.seq });
  }

  #obey(type: Command["type"], contractId: string, holdId: string): void {
    const about = { contractId };
    if (type === "hold") this.write("contract.held", { holdId, by: "cloud", reason: "command" }, about);
    if (type === "resume") this.write("contract.resumed", { holdId, by: "cloud" }, about);
    if (type === "cancel") this.write("contract.cancelled", { reason: "command" }, about);
    if (type === "revoke") this.write("contract.revoked", { reason: "command" }, about);
  }

  #reply(reply: Omit<Reply, "v" | "session">): void {
    this.say("reply", { v: WIRE_VERSION, session: this.session, ...reply });
  }
}

function blankDisk(incarnation: string): Disk {
  return { incarnation, events: [], state: emptyDevice(incarnation), acked: 0, ackedHash: GENESIS_HASH };
}
