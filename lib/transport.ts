import type { ErrorCode } from "./errors.ts";

/** A message on a topic of the publish/subscribe network (MQTT's terms). */
export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** When the broker may throw it away undelivered; without it, and under MQTT 3.1.1, it keeps it for as long as it likes. */
  readonly expirySeconds?: number;
}

export interface ConnectOptions {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** Published by the broker when the connection ends without a DISCONNECT. */
  readonly will?: Message;
  readonly keepAliveSeconds: number;
}

export interface ConnectionHandlers {
  /** A message on a subscribed topic; QoS 1 may deliver it more than once, and in any order across topics. */
  onMessage(message: Message): void;
  /**
   * Called once when the connection has ended, whoever ended it; nothing is delivered afterwards. The code tells what can be
   * told apart: `transport.taken_over` when the broker says so, else none.
   */
  onClose(reason: string, code?: ErrorCode): void;
}

/** One connection; it never reconnects by itself. */
export interface Connection {
  /** Which broker it leads to and how, for people. */
  readonly route?: string;
  /** Resolves at once for QoS 0, on PUBACK for QoS 1; rejects `transport.closed` when the connection ends first. */
  publish(message: Message): Promise<void>;
  /** Subscribes with QoS 1; resolves on SUBACK, after which retained messages arrive. `+` and `#` as in MQTT. */
  subscribe(filters: readonly string[]): Promise<void>;
  /** Ends with a DISCONNECT: the will is not published. Idempotent. */
  close(): Promise<void>;
}

/**
 * The network as agent and cloud see it: clean sessions only. Implementations: mqtt.js over TCP and the
 * simulated broker; both pass `test/conformance/transport-suite.ts`.
 */
export interface Transport {
  /**
   * Resolves on CONNACK. Rejects `transport.unreachable` (retry), `transport.refused` (the broker does not want this client),
   * and `transport.clock`, `transport.untrusted` or `transport.portal` when it can't be told to be the broker at all.
   */
  connect(options: ConnectOptions, handlers: ConnectionHandlers): Promise<Connection>;
}

/** Whether an MQTT topic filter matches a topic (MQTT 3.1.1 §4.7; `$` topics are not matched by leading wildcards). */
export function matchesFilter(filter: string, topic: string): boolean {
  const [wanted, given] = [filter.split("/"), topic.split("/")];
  if (topic.startsWith("$") && (wanted[0] === "#" || wanted[0] === "+")) return false;
  for (let level = 0; level < wanted.length; level++) {
    if (wanted[level] === "#") return true;
    if (level >= given.length) return false;
    if (wanted[level] !== "+" && wanted[level] !== given[level]) return false;
  }
  return wanted.length === given.length;
}
