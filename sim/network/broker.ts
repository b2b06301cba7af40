import type { Cancel, Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import { matchesFilter, type Message } from "#lib/transport";
import type { Link } from "./link.ts";
import type { BrokerPacket, ClientPacket } from "./packet.ts";
import type { SimulatedSocket } from "./socket.ts";

type BrokerSocket = SimulatedSocket<BrokerPacket, ClientPacket>;
type ConnectPacket = Extract<ClientPacket, { type: "connect" }>;

/** MQTT 3.1.1 leaves resending within a connection to the broker; this one does it, so that slow links see duplicates. */
const REDELIVER_AFTER_MS = 20_000;
/** A client that is silent for this many keep-alives is gone: MQTT 3.1.1 §3.1.2.10. */
const KEEP_ALIVE_GRACE = 1.5;

interface Session {
  readonly clientId: string;
  readonly socket: BrokerSocket;
  readonly link: Link;
  readonly will: Message | undefined;
  readonly filters: Set<string>;
  /** Deliveries without a PUBACK yet, with what would repeat them. */
  readonly unacknowledged: Map<number, Cancel>;
  lastPacketId: number;
  heardAtMs: number;
}

/**
 * A broker for clean sessions: retained messages, wills, takeover by equal client identifiers, QoS 1 with
 * redelivery. It acknowledges a message before it passes it on and remembers nothing on disk, as the embedded one.
 */
export class SimulatedBroker {
  readonly #clock: Clock;
  readonly #log: Log;
  #sessions = new Map<string, Session>();
  #retained = new Map<string, Message>();
  #run: "up" | "down" = "up";
  #restarts = 0;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Serves a connection that a client has opened. */
  serve(socket: BrokerSocket, link: Link): void {
    socket.listen({
      onPacket: (packet) => {
        if (packet.type === "connect" && this.#run === "up") this.#connect(packet, socket, link);
        else socket.close();
      },
      onEnd: () => undefined,
    });
  }

  /**
   * Dies and comes back `downMs` later: sessions and whatever was in hand are forgotten, no will is published. Retained
   * messages are forgotten too, as by the embedded broker, or `kept`, as by one that writes them to its disk.
   */
  restart(downMs: number, retained: "forgotten" | "kept"): void {
    const sessions = [...this.#sessions.values()];
    this.#restarts++;
    this.#sessions = new Map();
    if (retained === "forgotten") this.#retained = new Map();
    this.#run = "down";
    for (const session of sessions) this.#drop(session);
    this.#log.info({ downMs, sessions: sessions.length }, "broker restarts");
    this.#clock.after(downMs, () => (this.#run = "up"));
  }

  #connect(packet: ConnectPacket, socket: BrokerSocket, link: Link): void {
    const { clientId, keepAliveSeconds, will } = packet;
    const older = this.#sessions.get(clientId);
    if (older) this.#fail(older, "taken over");
    const session: Session = {
      clientId,
      socket,
      link,
      will,
      filters: new Set(),
      unacknowledged: new Map(),
      lastPacketId: 0,
      heardAtMs: this.#clock.nowMs(),
    };
    this.#sessions.set(clientId, session);
    socket.listen({
      onPacket: (next) => this.#accept(session, next),
      onEnd: (reason) => this.#fail(session, reason),
    });
    socket.send({ type: "connack" });
    if (keepAliveSeconds > 0) this.#watch(session, keepAliveSeconds * 1000 * KEEP_ALIVE_GRACE);
    this.#log.debug({ clientId }, "client connected");
  }

  #accept(session: Session, packet: ClientPacket): void {
    session.heardAtMs = this.#clock.nowMs();
    switch (packet.type) {
      case "publish":
        this.#receive(session, packet.packetId, packet.message);
        return;
      case "puback":
        session.unacknowledged.get(packet.packetId)?.();
        session.unacknowledged.delete(packet.packetId);
        return;
      case "subscribe":
        this.#subscribe(session, packet.packetId, packet.filters);
        return;
      case "pingreq":
        session.socket.send({ type: "pingresp" });
        return;
      case "disconnect":
        this.#forget(session);
        this.#log.debug({ clientId: session.clientId }, "client disconnected");
        return;
      case "connect":
        this.#fail(session, "second CONNECT");
        return;
    }
  }

  #receive({ link, socket }: Session, packetId: number, message: Message): void {
    if (packetId !== 0) socket.send({ type: "puback", packetId });
    const restarts = this.#restarts;
    const pass = (): void => {
      if (restarts === this.#restarts) this.#route(message);
    };
    link.schedule(message.topic, pass);
    const againMs = message.qos === 1 ? link.duplicateAfterMs() : undefined;
    if (againMs !== undefined) this.#clock.after(againMs, pass);
  }

  #route(message: Message): void {
    if (message.retain && message.payload === "") this.#retained.delete(message.topic);
    else if (message.retain) this.#retained.set(message.topic, message);
    const copy = { ...message, retain: false };
    for (const session of this.#sessions.values()) {
      if (matchesAny(session.filters, message.topic)) this.#deliver(session, copy);
    }
  }

  #subscribe(session: Session, packetId: number, filters: readonly string[]): void {
    for (const filter of filters) session.filters.add(filter);
    session.socket.send({ type: "suback", packetId });
    for (const message of this.#retained.values()) {
      if (matchesAny(filters, message.topic)) this.#deliver(session, message);
    }
  }

  #deliver(session: Session, message: Message): void {
    session.link.schedule(message.topic, () => {
      if (!this.#isLive(session)) return;
      const packetId = message.qos === 0 ? 0 : ++session.lastPacketId;
      session.socket.send({ type: "publish", packetId, message });
      if (packetId === 0) return;
      const againMs = session.link.duplicateAfterMs();
      this.#redeliver(session, packetId, message);
      if (againMs !== undefined)
        this.#clock.after(againMs, () => session.socket.send({ type: "publish", packetId, message }));
    });
  }

  #redeliver(session: Session, packetId: number, message: Message): void {
    const stop = this.#clock.after(REDELIVER_AFTER_MS, () => {
      session.socket.send({ type: "publish", packetId, message });
      this.#redeliver(session, packetId, message);
    });
    session.unacknowledged.set(packetId, stop);
  }

  #watch(session: Session, limitMs: number): void {
    const restMs = session.heardAtMs + limitMs - this.#clock.nowMs();
    this.#clock.after(restMs, () => {
      if (!this.#isLive(session)) return;
      if (this.#clock.nowMs() - session.heardAtMs >= limitMs) this.#fail(session, "keep-alive timeout");
      else this.#watch(session, limitMs);
    });
  }

  /** The connection ended without a DISCONNECT. */
  #fail(session: Session, reason: string): void {
    if (!this.#isLive(session)) return;
    this.#forget(session);
    this.#log.debug({ clientId: session.clientId, reason }, "client lost");
    if (session.will) this.#route(session.will);
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.clientId);
    this.#drop(session);
  }

  #drop(session: Session): void {
    session.socket.close();
    for (const stop of session.unacknowledged.values()) stop();
  }

  #isLive(session: Session): boolean {
    return this.#sessions.get(session.clientId) === session;
  }
}

function matchesAny(filters: Iterable<string>, topic: string): boolean {
  for (const filter of filters) if (matchesFilter(filter, topic)) return true;
  return false;
}
