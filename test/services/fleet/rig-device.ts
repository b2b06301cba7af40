import { createHash, randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { GENESIS_HASH, chainHash } from "#contract/hash-chain";
import type { Event } from "#contract/event";
import {
  connectPacket,
  createPacketReader,
  disconnectPacket,
  publishPacket,
  pubackPacket,
  subscribePacket,
  type Heard,
} from "./mqtt-wire.ts";

const KEEP_ALIVE_SECONDS = 15;
const BEAT_MS = 5000;
/** The wire format's: without progress for this long, a device sends again from what is acknowledged. */
const RESEND_AFTER_MS = 5000;
const RECONNECT_MS = 500;

interface SentBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly packet: Buffer;
}

/** A device that speaks the wire format and drives nothing: it stores contracts, tells its journal, and waits for acks. */
export class RigDevice {
  readonly deviceId: string;
  contractId: string | undefined;
  /** End of its journal, and how far the cloud has said that it is committed. */
  lastSeq = 0;
  ackedSeq = 0;
  resends = 0;
  reconnects = 0;
  readonly #port: number;
  readonly #incarnation = randomUUID();
  readonly #bootId = randomUUID();
  #session = "";
  #socket: Socket | undefined;
  #beat = 0;
  #packetId = 1;
  #hash = GENESIS_HASH;
  #epoch = 1;
  #batches: SentBatch[] = [];
  #timers: NodeJS.Timeout[] = [];
  #movedAtMs = 0;
  #wantsConnection = false;
  #onAcked: (() => void) | undefined;

  constructor(deviceId: string, port: number) {
    this.deviceId = deviceId;
    this.#port = port;
  }

  /** Connects and beats; comes back by itself until it is cut off on purpose. */
  connect(): void {
    this.#wantsConnection = true;
    this.#session = randomUUID();
    const will = JSON.stringify({ ...this.#identity(), session: this.#session, state: "lost" });
    const socket = connect({ host: "127.0.0.1", port: this.#port, noDelay: true });
    this.#socket = socket;
    socket.on(
      "data",
      createPacketReader((heard) => this.#take(heard)),
    );
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#closed(socket));
    socket.write(connectPacket(this.deviceId, this.#topic("presence"), will, KEEP_ALIVE_SECONDS));
  }

  /** The network is gone, without a word: the broker publishes the will. */
  cut(): void {
    this.#wantsConnection = false;
    this.#stopTimers();
    this.#socket?.destroy();
  }

  /** Goes in order. */
  end(): void {
    this.#wantsConnection = false;
    this.#stopTimers();
    this.#socket?.end(disconnectPacket());
  }

  /** Resolves when all of the journal is acknowledged. */
  acknowledged(): Promise<void> {
    if (this.ackedSeq >= this.lastSeq) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAcked = resolve;
    });
  }

  /** Writes a journal batch for each of these runs of events; it is sent now, or with the next connection. */
  write(runs: readonly (readonly Omit<Event, "seq" | "id" | "at" | "monoMs" | "clock">[])[]): void {
    for (const run of runs) {
      const prevHash = this.#hash;
      const firstSeq = this.lastSeq + 1;
      const events = run.map((event) => this.#stamp(event as Event));
      const { v, deviceId, incarnation, bootId } = this.#identity();
      const body = JSON.stringify({ v, deviceId, incarnation, bootId, prevHash, events });
      const batch = { firstSeq, lastSeq: this.lastSeq, packet: this.#packet("journal", body) };
      this.#batches.push(batch);
      if (this.#beat > 0 && this.#socket?.writable) this.#socket.write(batch.packet);
    }
    this.#movedAtMs = performance.now();
  }

  #stamp(event: Event): Event {
    const stamped = {
      ...event,
      seq: ++this.lastSeq,
      id: uuid7(),
      at: new Date().toISOString(),
      monoMs: Math.round(performance.now()),
      clock: "synced" as const,
    };
    this.#hash = chainHash(this.#hash, stamped, (content) => createHash("sha256").update(content).digest("hex"));
    return stamped;
  }

  #take(heard: Heard): void {
    if (heard.kind === "connack") {
      this.#socket?.write(subscribePacket(["contract", "command", "ack"].map((name) => this.#topic(name))));
    } else if (heard.kind === "suback") this.#begin();
    else if (heard.kind === "publish") {
      if (heard.packetId > 0) this.#socket?.write(pubackPacket(heard.packetId));
      this.#takeMessage(heard.topic.slice(heard.topic.lastIndexOf("/") + 1), heard.payload);
    }
  }

  /** Presence first, then everything that is not acknowledged. */
  #begin(): void {
    this.#sayPresence();
    this.#sendUnacked();
    this.#timers.push(setInterval(() => this.#sayPresence(), BEAT_MS));
    this.#timers.push(setInterval(() => this.#resend(), RESEND_AFTER_MS / 5));
  }

  #sendUnacked(): void {
    this.#movedAtMs = performance.now();
    for (const { packet } of this.#batches) this.#socket?.write(packet);
  }

  #resend(): void {
    if (this.#batches.length === 0 || performance.now() - this.#movedAtMs < RESEND_AFTER_MS) return;
    this.resends += 1;
    this.#sendUnacked();
  }

  #takeMessage(name: string, payload: Buffer): void {
    if (name === "contract") this.#accept(payload.toString());
    if (name !== "ack") return;
    const { journalSeq, incarnation } = JSON.parse(payload.toString()) as { journalSeq: number; incarnation: string };
    if (incarnation !== this.#incarnation || journalSeq <= this.ackedSeq) return;
    this.ackedSeq = journalSeq;
    this.#movedAtMs = performance.now();
    this.#batches = this.#batches.filter(({ lastSeq }) => lastSeq > journalSeq);
    if (this.ackedSeq < this.lastSeq) return;
    this.#onAcked?.();
    this.#onAcked = undefined;
  }

  #accept(jws: string): void {
    const contract = JSON.parse(Buffer.from(jws.split(".")[1]!, "base64url").toString()) as AcceptedContract;
    const { contractId, revision, epoch, taskId, name, lease, stages } = contract;
    this.contractId = contractId;
    this.#epoch = epoch;
    const outline = stages.map(({ stageId, action }) => ({ stageId, action }));
    const session = this.#session;
    const data = { taskId, name, lease, stages: outline, session, hash: GENESIS_HASH, offline: "finish" };
    this.write([[{ type: "contract.accepted", contractId, revision, epoch, data }]]);
    const reply = { v: 1, session, inReplyTo: `${contractId}/${revision}`, result: "stored", seq: this.lastSeq };
    this.#socket?.write(this.#packet("reply", JSON.stringify(reply)));
  }

  /** What events of the contract carry. */
  about(): { readonly contractId: string; readonly revision: number; readonly epoch: number } {
    return { contractId: this.contractId!, revision: 1, epoch: this.#epoch };
  }

  #sayPresence(): void {
    if (!this.#socket?.writable) return;
    const firstSeq = Math.min(this.ackedSeq + 1, this.lastSeq);
    const presence = {
      ...this.#identity(),
      session: this.#session,
      state: "online",
      beat: ++this.#beat,
      clock: { state: "synced", errMs: 5 },
      sentAt: new Date().toISOString(),
      journal: { firstSeq, lastSeq: this.lastSeq, ackedSeq: this.ackedSeq },
      active: [],
      gate: "own",
      profile: { kind: "amr", actions: ["navigate", "pick", "place"], software: "burst" },
    };
    this.#socket.write(this.#packet("presence", JSON.stringify(presence), true));
  }

  #packet(name: string, body: string, isRetained = false): Buffer {
    this.#packetId = (this.#packetId % 65_535) + 1;
    return publishPacket(this.#topic(name), body, this.#packetId, isRetained);
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#stopTimers();
    if (!this.#wantsConnection) return;
    this.reconnects += 1;
    this.#timers.push(setTimeout(() => this.connect(), RECONNECT_MS * (0.5 + Math.random())));
  }

  #stopTimers(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }

  #identity(): { v: number; deviceId: string; incarnation: string; bootId: string } {
    return { v: 1, deviceId: this.deviceId, incarnation: this.#incarnation, bootId: this.#bootId };
  }

  #topic(name: string): string {
    return `hf/v1/default/${this.deviceId}/${name}`;
  }
}

interface AcceptedContract {
  readonly contractId: string;
  readonly revision: number;
  readonly epoch: number;
  readonly taskId: string;
  readonly name?: string;
  readonly lease: object;
  readonly stages: readonly { readonly stageId: string; readonly action: string }[];
}

/** RFC 9562, section 5.7. */
function uuid7(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
