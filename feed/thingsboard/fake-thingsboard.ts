import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Rng } from "#lib/rng";
import type { Connection, ConnectionHandlers, Message, Transport } from "#lib/transport";
import type { Entry, Scalar } from "./entries.ts";
import type { Rate } from "./session-limits.ts";

export interface FakeThingsBoardOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly token: string;
  /** Answer to `getSessionLimits`; a server without one says nothing. */
  readonly limits?: unknown;
  /** Checked as messages arrive. */
  readonly messageRate?: Rate;
  readonly dataPointRate?: Rate;
}

/**
 * ThingsBoard as its MQTT API reference describes it, as far as the feed needs it: rows are unique by robot, key and time, robots
 * of a gateway must have been connected, and who breaks a limit is closed. With `faultShare`, connections end before or after
 * a message was taken.
 */
export class FakeThingsBoard implements Transport {
  /** By `robot key time`. */
  readonly rows = new Map<string, Scalar>();
  readonly attributes = new Map<string, Readonly<Record<string, Scalar>>>();
  /** What a client must not do. */
  readonly violations: string[] = [];
  readonly answers: unknown[] = [];
  /** Values that arrived, those that overwrote themselves included. */
  received = 0;
  connects = 0;
  inFlightMost = 0;
  /** Of messages; those then end the connection. */
  faultShare = 0;
  readonly #options: FakeThingsBoardOptions;
  readonly #messages: { readonly atMs: number; readonly amount: number }[] = [];
  readonly #points: { readonly atMs: number; readonly amount: number }[] = [];
  #client: FakeClient | undefined;

  constructor(options: FakeThingsBoardOptions) {
    this.#options = options;
  }

  async connect(options: { readonly username?: string }, handlers: ConnectionHandlers): Promise<Connection> {
    if (options.username !== this.#options.token) {
      throw new AgentError("transport.refused", "the broker refuses the user name");
    }
    this.connects++;
    const client = new FakeClient(this, this.#options, handlers);
    this.#client = client;
    return client;
  }

  /** Calls a robot; the answer comes in `answers`. */
  send(topic: string, content: unknown): void {
    this.#client?.handlers.onMessage({ topic, payload: JSON.stringify(content), qos: 1, retain: false });
  }

  drop(): void {
    this.#client?.end("dropped");
  }

  take(client: FakeClient, { topic, payload }: Message): void {
    const content = JSON.parse(payload) as never;
    this.#count(this.#messages, 1, this.#options.messageRate, "messages");
    switch (topic) {
      case "v1/devices/me/telemetry":
        return this.#store("me", content);
      case "v1/gateway/telemetry":
        for (const [device, entries] of Object.entries(content)) {
          if (!client.robots.has(device)) this.violations.push(`${device} was not connected`);
          this.#store(device, entries as Entry[]);
        }
        return;
      case "v1/gateway/connect":
        return void client.robots.add((content as { device: string }).device);
      case "v1/devices/me/attributes":
        return void this.attributes.set("me", content);
      case "v1/gateway/attributes":
        for (const [device, attributes] of Object.entries(content)) this.attributes.set(device, attributes as never);
        return;
      case "v1/devices/me/rpc/request/1":
        if (this.#options.limits !== undefined) this.send("v1/devices/me/rpc/response/1", this.#options.limits);
        return;
      default:
        this.answers.push({ topic, content });
    }
  }

  #store(device: string, entries: readonly Entry[]): void {
    const points = entries.flatMap(({ ts, values }) =>
      Object.entries(values).map(([key, value]) => [`${device} ${key} ${ts}`, value] as const),
    );
    this.#count(this.#points, points.length, this.#options.dataPointRate, "data points");
    this.received += points.length;
    for (const [row, value] of points) this.rows.set(row, value);
  }

  #count(taken: { atMs: number; amount: number }[], amount: number, rate: Rate | undefined, what: string): void {
    const nowMs = this.#options.clock.nowMs();
    taken.push({ atMs: nowMs, amount });
    if (!rate) return;
    const within = taken.filter(({ atMs }) => atMs > nowMs - rate.windowMs);
    const sum = within.reduce((total, one) => total + one.amount, 0);
    if (sum > rate.count) this.violations.push(`${sum} ${what} in ${rate.windowMs} ms`);
  }
}

const TRIP_MS_MAX = 40;

class FakeClient implements Connection {
  readonly robots = new Set<string>();
  readonly handlers: ConnectionHandlers;
  readonly #server: FakeThingsBoard;
  readonly #options: FakeThingsBoardOptions;
  readonly #flights = new Set<(error: AgentError) => void>();
  #isOpen = true;

  constructor(server: FakeThingsBoard, options: FakeThingsBoardOptions, handlers: ConnectionHandlers) {
    this.#server = server;
    this.#options = options;
    this.handlers = handlers;
  }

  publish(message: Message): Promise<void> {
    const { clock, rng } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (!this.#isOpen) reject(new AgentError("transport.closed", "the connection has ended"));
    else {
      this.#flights.add(reject);
      this.#server.inFlightMost = Math.max(this.#server.inFlightMost, this.#flights.size);
      clock.after(rng.float() * TRIP_MS_MAX, () => {
        if (!this.#isOpen) return;
        const fault = rng.float() < this.#server.faultShare ? rng.float() : 1;
        if (fault < 0.5) return this.end("reset before the message was taken");
        this.#server.take(this, message);
        if (fault < 1) return this.end("reset after the message was taken");
        this.#flights.delete(reject);
        resolve();
      });
    }
    return promise;
  }

  async subscribe(): Promise<void> {
    if (!this.#isOpen) throw new AgentError("transport.closed", "the connection has ended");
  }

  async close(): Promise<void> {
    this.end("closed");
  }

  end(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const reject of this.#flights) reject(new AgentError("transport.closed", reason));
    this.handlers.onClose(reason);
  }
}
