import type { MqttClient } from "mqtt";
import { AgentError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection, ConnectionHandlers, Message } from "../transport.ts";
import { closedError, disconnectReason, operationError } from "./mqtt-errors.ts";

/** How long an orderly end may take on a link that no longer answers. */
const CLOSE_TIMEOUT_MS = 2000;

interface MqttConnectionOptions {
  readonly log: Log;
  /** How many QoS-1 messages may be unacknowledged at once (MQTT 5: the broker's Receive Maximum). */
  readonly window: number;
}

type Done = (error?: Error | null) => void;

/** One mqtt.js client that has received its CONNACK, until it ends. */
export class MqttConnection implements Connection {
  readonly #client: MqttClient;
  readonly #log: Log;
  readonly #window: number;
  /** Rejections of what awaits an acknowledgement: mqtt.js forgets those of publishes when the broker hangs up. */
  readonly #pending = new Set<(error: AgentError) => void>();
  /** Publishes that wait for a place in the window, oldest first. */
  readonly #waiting: (() => void)[] = [];
  readonly #ended: Promise<void>;
  #unacknowledged = 0;
  #state: "open" | "closing" | "closed" = "open";
  #reason: string | undefined;

  constructor(client: MqttClient, handlers: ConnectionHandlers, options: MqttConnectionOptions) {
    this.#client = client;
    this.#log = options.log;
    this.#window = options.window;
    client.on("error", (error) => (this.#reason ??= messageOf(error)));
    client.on("disconnect", (packet) => (this.#reason ??= disconnectReason(packet.reasonCode)));
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

  async publish({ topic, payload, qos, retain }: Message): Promise<void> {
    this.#assertOpen();
    if (qos === 0) {
      this.#client.publish(topic, payload, { qos, retain });
      return;
    }
    await this.#untilAnswered((done) => {
      this.#inWindow(() => {
        this.#client.publish(topic, payload, { qos, retain }, (error) => {
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
    handlers.onClose(reason);
  }

  #assertOpen(): void {
    if (this.#state !== "open") throw closedError(this.#reason);
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
