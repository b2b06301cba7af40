import { sleep, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Connection, Message } from "#lib/transport";
import { parseBoundedJson } from "#lib/bounded-json";
import { LIMITS_ANSWER_TOPIC, LIMITS_QUESTION, type Dialect } from "./dialect.ts";
import type { Entry, Scalar } from "./entries.ts";
import { Flights } from "./flights.ts";
import { packsOf, type Pack } from "./packs.ts";
import { Pace } from "./pace.ts";
import { answerRpc, type Asker, type FedRobots } from "./rpc.ts";
import { CAUTIOUS_LIMITS, readSessionLimits, type SessionLimits } from "./session-limits.ts";

/** What was taken of ThingsBoard's rates, which outlives connections. */
export class Paces {
  readonly messages = new Pace();
  readonly telemetryMessages = new Pace();
  readonly dataPoints = new Pace();

  adopt(limits: SessionLimits): void {
    this.messages.adopt(limits.messages);
    this.telemetryMessages.adopt(limits.telemetryMessages);
    this.dataPoints.adopt(limits.dataPoints);
  }
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly dialect: Dialect;
  readonly robots: FedRobots;
  readonly asker: Asker;
  readonly paces: Paces;
  /** Aborts when the connection has ended, or is to. */
  readonly ended: AbortSignal;
}

const LIMITS_WITHIN_MS = 10_000;
const LIMITS_LENGTH_MAX = 16_384;
/** ThingsBoard's own gateway sends packs of this size, however much is allowed. */
const PACK_BYTES = 8192;
/** `{"…":…}` around the entries of a robot. */
const ENVELOPE_BYTES = 16;
/** Requests that wait for their turn; a caller has given up after seconds. */
const REQUESTS_MAX = 20;

/** One connection's life: everything that is sent goes through the limits that the server told. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #connection: Connection;
  readonly #limitsAnswer: Promise<SessionLimits | undefined>;
  readonly #greeted = new Map<string, Promise<void>>();
  readonly #told = new Map<string, string>();
  #limits: SessionLimits = CAUTIOUS_LIMITS;
  #requests = 0;

  private constructor(connection: Connection, deps: SessionDeps, limitsAnswer: Promise<SessionLimits | undefined>) {
    this.#connection = connection;
    this.#deps = deps;
    this.#limitsAnswer = limitsAnswer;
  }

  /** Subscribes and asks for the limits. Rejects `transport.closed` when the connection ends before. */
  static async start(
    connection: Connection,
    deps: SessionDeps,
    limitsAnswer: Promise<SessionLimits | undefined>,
  ): Promise<Session> {
    const session = new Session(connection, deps, limitsAnswer);
    await connection.subscribe(deps.dialect.filters);
    await connection.publish(LIMITS_QUESTION);
    await session.#learnLimits();
    return session;
  }

  async #learnLimits(): Promise<void> {
    const { clock, log, paces, ended } = this.#deps;
    const patience = new AbortController();
    const over = AbortSignal.any([ended, patience.signal]);
    const late = sleep(clock, LIMITS_WITHIN_MS, over).catch(() => undefined);
    const told = await Promise.race([this.#limitsAnswer, late]);
    patience.abort();
    ended.throwIfAborted();
    if (!told) log.warn({}, "ThingsBoard did not tell its limits, going on slowly");
    this.#limits = told ?? CAUTIOUS_LIMITS;
    paces.adopt(this.#limits);
  }

  /** Sends the entries of a robot, oldest first; resolves when the server has all of them. Says what was too large to be sent. */
  async sendTelemetry(deviceId: string, entries: readonly Entry[], flights: Flights): Promise<void> {
    const { dialect, paces, log } = this.#deps;
    const bytes = Math.min(PACK_BYTES, this.#limits.payloadBytes) - ENVELOPE_BYTES - 3 * deviceId.length;
    const { packs, leftOut } = packsOf(entries, { bytes, dataPoints: paces.dataPoints.atOnceMax() });
    if (leftOut > 0) log.warn({ deviceId, leftOut }, "values too large for ThingsBoard were left out");
    if (packs.length > 0) await this.#greet(deviceId);
    for (const pack of packs) {
      await this.#turn(pack);
      await flights.add(this.#connection.publish(dialect.telemetry(deviceId, pack.entries)));
    }
  }

  /** Messages that may be unacknowledged at once. */
  get inFlightMax(): number {
    return this.#limits.inFlight;
  }

  /** Greets every robot and tells what has changed of its attributes since this connection last did. */
  async tellAttributes(): Promise<void> {
    const { robots, dialect } = this.#deps;
    for (const deviceId of robots.list()) {
      await this.#greet(deviceId);
      const attributes = robots.attributes(deviceId);
      const text = JSON.stringify(attributes);
      if (this.#told.get(deviceId) === text || Object.keys(attributes).length === 0) continue;
      await this.#say(dialect.attributes(deviceId, attributes as Record<string, Scalar>));
      this.#told.set(deviceId, text);
    }
  }

  /** Takes a message of the server that is no answer of the limits. */
  hear(message: Message): void {
    const { dialect, log, ended } = this.#deps;
    if (ended.aborted || message.topic === LIMITS_ANSWER_TOPIC) return;
    const request = dialect.readRequest(message);
    if (!request || this.#requests >= REQUESTS_MAX) {
      log.warn({ topic: message.topic, waiting: this.#requests }, "request of ThingsBoard not taken");
      return;
    }
    this.#requests++;
    void this.#answer(request).finally(() => this.#requests--);
  }

  async #answer(request: NonNullable<ReturnType<Dialect["readRequest"]>>): Promise<void> {
    const { robots, asker, log } = this.#deps;
    const { deviceId, method } = request;
    try {
      const answer = await answerRpc(request, asker, robots);
      log.info({ deviceId, method, ok: answer.ok }, "request of ThingsBoard answered");
      await this.#say(request.reply(answer));
    } catch (thrown) {
      log.warn({ deviceId, method, reason: messageOf(thrown) }, "request of ThingsBoard could not be answered");
    }
  }

  /** Once a connection; whoever comes meanwhile waits for the same greeting. */
  #greet(deviceId: string): Promise<void> {
    const greeting = this.#deps.dialect.greet(deviceId);
    if (!greeting) return Promise.resolve();
    const greeted = this.#greeted.get(deviceId) ?? this.#say(greeting);
    this.#greeted.set(deviceId, greeted);
    return greeted;
  }

  async #say(message: Message): Promise<void> {
    await this.#turn(undefined);
    await this.#connection.publish(message);
  }

  /** Resolves when a message may be sent, with it taken from all rates that count it. */
  async #turn(pack: Pack | undefined): Promise<void> {
    const { clock, ended, paces } = this.#deps;
    const costs: [Pace, number][] = [[paces.messages, 1]];
    if (pack) costs.push([paces.telemetryMessages, 1], [paces.dataPoints, pack.dataPoints]);
    for (;;) {
      ended.throwIfAborted();
      const nowMs = clock.nowMs();
      const waitMs = Math.max(...costs.map(([pace, amount]) => pace.waitMs(amount, nowMs)));
      if (waitMs <= 0) return costs.forEach(([pace, amount]) => pace.take(amount, nowMs));
      await sleep(clock, waitMs, ended);
    }
  }
}

/** The limits in a message; undefined when it is no answer to the question. */
export function limitsIn({ topic, payload }: Message): SessionLimits | undefined {
  return topic === LIMITS_ANSWER_TOPIC ? readSessionLimits(parseBoundedJson(payload, LIMITS_LENGTH_MAX)) : undefined;
}
