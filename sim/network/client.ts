import type { Cancel, Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Connection, ConnectionHandlers, ConnectOptions, Message } from "#lib/transport";
import type { BrokerPacket, ClientPacket } from "./packet.ts";
import type { SimulatedSocket } from "./socket.ts";

type ClientSocket = SimulatedSocket<ClientPacket, BrokerPacket>;

/** As the real transport: from the first segment to the CONNACK. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Speaks MQTT 3.1.1 with a clean session over `socket`. Resolves on CONNACK; rejects `transport.unreachable` when
 * nothing answers within 10 s or the other side hangs up.
 */
export function openClient(
  clock: Clock,
  socket: ClientSocket,
  options: ConnectOptions,
  handlers: ConnectionHandlers,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      stopWaiting();
      // Before the handshake is through there is nothing that the kernel would deliver after a close.
      socket.abort();
      reject(new AgentError("transport.unreachable", `cannot reach the MQTT broker: ${reason}`, { retryable: true }));
    };
    const stopWaiting = clock.after(CONNECT_TIMEOUT_MS, () => fail(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`));
    socket.listen({
      onPacket() {
        stopWaiting();
        resolve(new ClientConnection(clock, socket, options.keepAliveSeconds, handlers));
      },
      onEnd: fail,
    });
    const { clientId, keepAliveSeconds, will } = options;
    socket.send({ type: "connect", clientId, keepAliveSeconds, will });
  });
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: AgentError) => void;
}

class ClientConnection implements Connection {
  readonly #clock: Clock;
  readonly #socket: ClientSocket;
  readonly #handlers: ConnectionHandlers;
  readonly #halfKeepAliveMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #ended = Promise.withResolvers<void>();
  #lastPacketId = 0;
  #quietHalves = 0;
  #stopKeepAlive: Cancel = () => undefined;
  #state: "open" | "closed" = "open";
  #reason = "";

  constructor(clock: Clock, socket: ClientSocket, keepAliveSeconds: number, handlers: ConnectionHandlers) {
    this.#clock = clock;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#halfKeepAliveMs = keepAliveSeconds * 500;
    socket.listen({ onPacket: (packet) => this.#accept(packet), onEnd: (reason) => this.#end(reason) });
    this.#restartKeepAlive();
  }

  async publish(message: Message): Promise<void> {
    this.#assertOpen();
    if (message.qos === 0) this.#socket.send({ type: "publish", packetId: 0, message });
    else await this.#request((packetId) => ({ type: "publish", packetId, message }));
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    this.#assertOpen();
    await this.#request((packetId) => ({ type: "subscribe", packetId, filters }));
  }

  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#socket.send({ type: "disconnect" });
      this.#shut("closed by this side");
      this.#clock.after(0, () => this.#report());
    }
    await this.#ended.promise;
  }

  #assertOpen(): void {
    if (this.#state === "closed") throw closedError(this.#reason);
  }

  #request(packetOf: (packetId: number) => ClientPacket): Promise<void> {
    return new Promise((resolve, reject) => {
      const packetId = ++this.#lastPacketId;
      this.#pending.set(packetId, { resolve, reject });
      this.#socket.send(packetOf(packetId));
    });
  }

  #accept(packet: BrokerPacket): void {
    switch (packet.type) {
      case "publish":
        this.#handlers.onMessage(packet.message);
        if (packet.packetId !== 0) this.#socket.send({ type: "puback", packetId: packet.packetId });
        return;
      case "puback":
      case "suback":
        this.#pending.get(packet.packetId)?.resolve();
        this.#pending.delete(packet.packetId);
        this.#restartKeepAlive();
        return;
      case "pingresp":
      case "connack":
        this.#restartKeepAlive();
        return;
    }
  }

  /** As mqtt.js: a ping after one keep-alive without an acknowledgement, the end after one and a half. */
  #restartKeepAlive(): void {
    this.#stopKeepAlive();
    this.#quietHalves = 0;
    if (this.#halfKeepAliveMs > 0 && this.#state === "open") this.#awaitKeepAlive();
  }

  #awaitKeepAlive(): void {
    this.#stopKeepAlive = this.#clock.after(this.#halfKeepAliveMs, () => {
      this.#quietHalves++;
      if (this.#quietHalves > 2) {
        this.#end("keep-alive timeout");
        return;
      }
      if (this.#quietHalves === 2) this.#socket.send({ type: "pingreq" });
      this.#awaitKeepAlive();
    });
  }

  #end(reason: string): void {
    this.#shut(reason);
    this.#report();
  }

  #shut(reason: string): void {
    this.#state = "closed";
    this.#reason = reason;
    this.#stopKeepAlive();
    this.#socket.close();
  }

  #report(): void {
    for (const { reject } of this.#pending.values()) reject(closedError(this.#reason));
    this.#pending.clear();
    this.#handlers.onClose(this.#reason);
    this.#ended.resolve();
  }
}

function closedError(reason: string): AgentError {
  return new AgentError("transport.closed", `the connection has ended: ${reason}`, { retryable: true });
}
