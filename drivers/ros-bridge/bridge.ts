import { type Cancel, type Clock, repeat } from "#lib/clock";
import { AgentError, assert } from "#lib/errors";
import type { DriverDeps } from "../line.ts";
import { createReconnection, type Reconnection } from "../reconnection.ts";
import {
  type BridgeConnection,
  connectBridge,
  type GoalEvents,
  listen,
  publishOnce,
  type RosVersion,
  sendGoal,
} from "./connection.ts";
import type { RosBridgeOptions } from "./options.ts";
import { createStampClock, type StampClock } from "./stamps.ts";

/** A topic by its name and its type, `package/Name`. */
export interface TopicName {
  readonly name: string;
  readonly type: string;
}

/** A topic that is listened to over all connections, until `end`. */
export interface Listening {
  /** Subscribes again: a publisher that came later than the bridge's own subscription may not be heard (ROS 2, best effort). */
  renew(): void;
  end(): void;
}

/** The way to a rosbridge, shared by the devices behind it: connected from the first `open` to the last `release`. */
export interface RosBridge {
  readonly stamps: StampClock;
  /** Rejects `driver.*` when it can't be reached; once it was, it is kept connected. */
  open(): Promise<void>;
  /** A device is done with it; the last one closes it. */
  release(): Promise<void>;
  /** Why it can't be reached now, if it can't. */
  downReason(): string | undefined;
  /** `regular` topics tell by their silence that a connection is dead. */
  listen(topic: TopicName, take: (message: unknown) => void, pace: "regular" | "rare"): Listening;
  /** Calls a service; rejects `driver.*`. */
  call(service: TopicName, request: object, timeoutMs: number): Promise<unknown>;
  /** Publishes one message now, or never. */
  publish(topic: TopicName, message: object): void;
  /** Asks for an action; gives what cancels it. `onFailed` is also called when the connection is lost. Undefined while there is none. */
  sendGoal(action: TopicName, goal: object, events: GoalEvents): (() => void) | undefined;
  /** A type as this generation of ROS spells it. */
  spell(type: string, kind?: "msg" | "srv" | "action"): string;
  reconnections(): number;
  unreadable(): number;
}

/** A connection on which nothing at all was heard for so long, though something should, is dead: a half-open one says nothing. */
const SILENT_MS = 3000;
const LOOK_EVERY_MS = 500;
const DETECT_MS = 5000;

interface Subscription {
  readonly topic: TopicName;
  readonly take: (message: unknown) => void;
  readonly pace: "regular" | "rare";
  stop: () => void;
}

/** A bridge for so many devices, not connected yet. */
export function createRosBridge(options: RosBridgeOptions, deps: DriverDeps, users: number): RosBridge {
  const shared = new SharedBridge(options, deps, users);
  return {
    stamps: createStampClock(),
    open: () => shared.open(),
    release: () => shared.release(),
    downReason: () => shared.downReason(),
    listen: (topic, take, pace) => shared.listen(topic, take, pace),
    call: (service, request, timeoutMs) => shared.call(service, request, timeoutMs),
    publish: (topic, message) => shared.publish(topic, message),
    sendGoal: (action, goal, events) => shared.sendGoal(action, goal, events),
    spell: (type, kind = "msg") => shared.spell(type, kind),
    reconnections: () => shared.reconnections(),
    unreadable: () => shared.unreadable,
  };
}

class SharedBridge {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #dial: ReturnType<DriverDeps["lines"]["socket"]>;
  readonly #reconnection: Reconnection;
  readonly #subscriptions = new Set<Subscription>();
  readonly #goals = new Set<GoalEvents>();
  #version: RosVersion | undefined;
  #connection: BridgeConnection | undefined;
  #opening: Promise<void> | undefined;
  #users: number;
  #isClosed = false;
  #lostReason = "";
  #heardMs: number | undefined;
  #connectedMs = 0;
  #stopWatching: Cancel = () => undefined;
  unreadable = 0;

  constructor({ url, ros }: RosBridgeOptions, { clock, rng, lines }: DriverDeps, users: number) {
    this.#url = url;
    this.#clock = clock;
    this.#dial = lines.socket(url);
    this.#users = users;
    this.#version = ros === "detect" ? undefined : ros === "1" ? 1 : 2;
    this.#reconnection = createReconnection(clock, rng, () => this.#connect());
  }

  open(): Promise<void> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): Promise<void> {
    try {
      await this.#connect();
    } catch (thrown) {
      this.#opening = undefined;
      throw thrown;
    }
    this.#stopWatching = repeat(this.#clock, LOOK_EVERY_MS, () => this.#look());
  }

  async release(): Promise<void> {
    assert(this.#users > 0, "a bridge is released once per user");
    if (--this.#users > 0) return;
    this.#isClosed = true;
    this.#stopWatching();
    this.#reconnection.stop();
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  downReason(): string | undefined {
    if (this.#connection) return undefined;
    return `${this.#lostReason || `the rosbridge at ${this.#url} is not connected`}${this.#reconnection.note()}`;
  }

  listen(topic: TopicName, take: (message: unknown) => void, pace: "regular" | "rare"): Listening {
    const subscription: Subscription = { topic, take, pace, stop: () => undefined };
    this.#subscriptions.add(subscription);
    if (this.#connection) this.#subscribe(this.#connection, subscription);
    return {
      renew: () => {
        subscription.stop();
        if (this.#connection) this.#subscribe(this.#connection, subscription);
      },
      end: () => {
        subscription.stop();
        this.#subscriptions.delete(subscription);
      },
    };
  }

  async call({ name, type }: TopicName, request: object, timeoutMs: number): Promise<unknown> {
    const reason = this.downReason();
    if (reason !== undefined) throw new AgentError("driver.down", reason, { retryable: true });
    return this.#connection!.call(name, this.spell(type, "srv"), request, timeoutMs);
  }

  publish({ name, type }: TopicName, message: object): void {
    if (this.#connection) publishOnce(this.#connection.ros, name, this.spell(type, "msg"), message);
  }

  sendGoal({ name, type }: TopicName, goal: object, events: GoalEvents): (() => void) | undefined {
    if (!this.#connection) return undefined;
    const forget = (): unknown => this.#goals.delete(events);
    this.#goals.add(events);
    return sendGoal(this.#connection.ros, name, this.spell(type, "action"), goal, {
      onFeedback: events.onFeedback,
      onDone(result) {
        forget();
        events.onDone(result);
      },
      onFailed(reason) {
        forget();
        events.onFailed(reason);
      },
    });
  }

  spell(type: string, kind: "msg" | "srv" | "action"): string {
    assert(this.#version, "the generation of ROS is known once the bridge was open");
    return this.#version === 1 ? type : type.replace("/", `/${kind}/`);
  }

  reconnections(): number {
    return this.#reconnection.count();
  }

  async #connect(): Promise<void> {
    this.#heardMs = undefined;
    let isUp = true;
    const connection = await connectBridge({
      clock: this.#clock,
      dial: this.#dial,
      onHeard: () => (this.#heardMs = this.#clock.nowMs()),
      onUnreadable: () => this.unreadable++,
      onEnd: (reason) => {
        isUp = false;
        if (connection === this.#connection) this.#lose(reason);
      },
    });
    try {
      this.#version ??= await detectVersion(connection);
      if (!isUp) throw new AgentError("driver.down", `the rosbridge at ${this.#url} hung up`, { retryable: true });
    } catch (thrown) {
      await connection.close();
      throw thrown;
    }
    if (this.#isClosed) return connection.close();
    this.#connection = connection;
    this.#connectedMs = this.#clock.nowMs();
    for (const subscription of this.#subscriptions) this.#subscribe(connection, subscription);
    return undefined;
  }

  #subscribe({ ros }: BridgeConnection, subscription: Subscription): void {
    const { topic, take } = subscription;
    subscription.stop = listen(ros, topic.name, this.spell(topic.type, "msg"), take);
  }

  #lose(reason: string): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    this.#lostReason = reason;
    for (const subscription of this.#subscriptions) subscription.stop = () => undefined;
    for (const { onFailed } of this.#goals) onFailed(reason);
    this.#goals.clear();
    // Closing may fail as the connection did; the next attempt uses a new one in any case.
    connection.close().catch(() => this.unreadable++);
    this.#reconnection.lost(this.#heardMs === undefined ? "silent" : "heard");
  }

  #look(): void {
    if (!this.#connection || ![...this.#subscriptions].some(({ pace }) => pace === "regular")) return;
    const silentMs = this.#clock.nowMs() - Math.max(this.#heardMs ?? 0, this.#connectedMs);
    if (silentMs > SILENT_MS) this.#lose(`nothing came from the rosbridge at ${this.#url} for ${silentMs / 1000} s`);
  }
}

/** Asks rosapi: types of ROS 2 have three parts. */
async function detectVersion(connection: BridgeConnection): Promise<RosVersion> {
  try {
    const answer = await connection.call("/rosapi/topics", "rosapi/Topics", {}, DETECT_MS);
    const { types } = answer as { readonly types?: unknown };
    const isRos2 =
      Array.isArray(types) && types.some((type) => typeof type === "string" && /^\w+\/msg\/\w+$/.test(type));
    return isRos2 ? 2 : 1;
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    const message = `the generation of ROS can't be detected (${thrown.message}): start rosapi, or say bridge.ros: 1 or 2`;
    throw new AgentError("driver.down", message, { retryable: true, cause: thrown });
  }
}
