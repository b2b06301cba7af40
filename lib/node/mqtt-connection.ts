import type { MqttClient } from "mqtt";
import { AgentError, messageOf, type ErrorCode } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection, ConnectionHandlers, Message } from "../transport.ts";
import { closedError, disconnectReason, operationError } from "./mqtt-errors.ts";

/** How long an orderly end may take on a link that no longer answers. */
const CLOSE_TIMEOUT_MS = 2000;

interface MqttConnectionOptions {
  readonly log: Log;
  readonly route: string;
  /** How many QoS-1 messages may be unacknowledged at once (MQTT 5: the broker's Receive Maximum). */
  readonly window: number;
  /** What the broker takes at most in one packet (MQTT 5: its Maximum Packet Size). */
  readonly packetBytesMax: number;
}

/** Fixed header, lengths, identifier and properties of a PUBLISH, generously. */
const PUBLISH_OVERHEAD_BYTES = 64;

/** MQTT 5, section 3.14.2.1. */
const SESSION_TAKEN_OVER = 142;

/** What mqtt.js calls it when nothing came for one and a half times the keep-alive. */
const KEEP_ALIVE_ERROR = "Keepalive timeout";
const SILENT = "the broker no longer answers: the way to it is gone, or too slow (keep-alive)";

type Done = (error?: Error | null) => void;

/** One mqtt.js client that has received its CONNACK, until it ends. */
export class MqttConnection implements Connection {
  readonly route: string;
  readonly #client: MqttClient;
  readonly #log: Log;
  readonly #window: number;
  readonly #packetBytesMax: number;
  /** Rejections of what awaits an acknowledgement: mqtt.js forgets those of publishes when the broker hangs up. */
  readonly #pending = new Set<(error: AgentError) => void>();
  /** Publishes that wait for a place in the window, oldest first. */
  readonly #waiting: (() => void)[] = [];
  readonly #ended: Promise<void>;
  #unacknowledged = 0;
  #state: "open" | "closing" | "closed" = "open";
  #reason: string | undefined;
  #code: ErrorCode | undefined;

  constructor(client: MqttClient, handlers: ConnectionHandlers, options: MqttConnectionOptions) {
    this.#client = client;
    this.#log = options.log;
    this.route = options.route;
    this.#window = options.window;
    this.#packetBytesMax = options.packetBytesMax;
    client.on("error", (error) => {
      if (error.message === KEEP_ALIVE_ERROR) this.#code = "transport.silent";
      this.#reason ??= error.message === KEEP_ALIVE_ERROR ? SILENT : messageOf(error);
    });
    client.on("disconnect", ({ reasonCode, properties }) => {
      if (reasonCode === SESSION_TAKEN_OVER) this.#code = "transport.taken_over";
      this.#reason ??= disconnectReason(reasonCode, properties?.reasonString);
    });
    client.on("message", (topic, payload, packet) => {
      if (this.#state !== "open") return;
      const qos = packet.qos === 0 ? 0 : 1;
      handlers.onMessage({ topic, payload: payload.toString("utf8"), qos, retain: packet.retain });
    });
    this.#ended = new Promise((resolve) => {
      client.once("close", () => {
        this.#end(handlers);
        resolve();
      });
    });
  }

  async publish(message: Message): Promise<void> {
    this.#assertOpen();
    this.#assertFits(message);
    const { topic, payload, qos, retain, expirySeconds } = message;
    // Under MQTT 3.1.1 the library leaves properties out.
    const properties = expirySeconds === undefined ? {} : { properties: { messageExpiryInterval: expirySeconds } };
    const options = { qos, retain, ...properties };
    if (qos === 0) {
      this.#client.publish(topic, payload, options);
      return;
    }
    await this.#untilAnswered((done) => {
      this.#inWindow(() => {
        this.#client.publish(topic, payload, options, (error) => {
          this.#leaveWindow();
          done(error);
        });
      });
    });
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    this.#assertOpen();
    await this.#untilAnswered((done) => this.#client.subscribe([...filters], { qos: 1 }, (error) => done(error)));
  }

  async close(): Promise<void> {
    if (this.#state === "open") this.#disconnect();
    await this.#ended;
  }

  #disconnect(): void {
    this.#state = "closing";
    this.#reason = "closed by this side";
    this.#rejectPending();
    // mqtt.js would hold the DISCONNECT back until everything is acknowledged, which may be never.
    for (const id of Object.keys(this.#client.outgoing)) this.#client.removeOutgoingMessage(Number(id));
    this.#client.end();
    const giveUp = setTimeout(() => this.#client.stream.destroy(), CLOSE_TIMEOUT_MS);
    this.#client.once("close", () => clearTimeout(giveUp));
  }

  #end(handlers: ConnectionHandlers): void {
    this.#state = "closed";
    const reason = (this.#reason ??= "the broker closed the connection");
    this.#rejectPending();
    this.#log.debug({ reason }, "connection ended");
    handlers.onClose(reason, this.#code);
  }

  #assertOpen(): void {
    if (this.#state !== "open") throw closedError(this.#reason);
  }

  /** A broker hangs up on a packet that is too large for it, which would happen again in every session. */
  #assertFits({ topic, payload }: Message): void {
    const bytes = Buffer.byteLength(payload) + Buffer.byteLength(topic) + PUBLISH_OVERHEAD_BYTES;
    if (bytes <= this.#packetBytesMax) return;
    const limit = `the broker takes at most ${this.#packetBytesMax} bytes in one packet`;
    throw new AgentError("transport.refused", `a message of ${bytes} bytes for ${topic} is too large: ${limit}`);
  }

  /** Settles with the broker's answer or with the end of the connection, whichever comes first. */
  #untilAnswered(send: (done: Done) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      send((error) => {
        this.#pending.delete(reject);
        if (error) reject(operationError(error));
        else resolve();
      });
    });
  }

  #inWindow(send: () => void): void {
    if (this.#unacknowledged >= this.#window) {
      this.#waiting.push(send);
      return;
    }
    this.#unacknowledged++;
    send();
  }

  #leaveWindow(): void {
    this.#unacknowledged--;
    const next = this.#state === "open" ? this.#waiting.shift() : undefined;
    if (next) this.#inWindow(next);
  }

  #rejectPending(): void {
    const rejections = [...this.#pending];
    this.#pending.clear();
    this.#waiting.length = 0;
    for (const reject of rejections) reject(closedError(this.#reason));
  }
}
