import type { Cancel, Clock } from "#lib/clock";
import type { RosMessage } from "./message-values.ts";

/** What a client asks of one subscription. */
export interface SubscriptionTerms {
  /** Milliseconds from one message to the next. */
  readonly throttleRate: number;
  /** Messages that wait for the throttle; 0: what comes too early is dropped. */
  readonly queueLength: number;
  readonly compression: Compression;
}

export type Compression = "none" | "png" | "cbor";

/** The subscriptions of one client to one topic, joined into one stream, as rosbridge_library joins them. */
export interface TopicStream {
  /** Adds or replaces the subscription of this id. */
  add(id: string | undefined, terms: SubscriptionTerms): void;
  /** Removes one subscription, or all of them without an id. */
  remove(id: string | undefined): void;
  isEmpty(): boolean;
  offer(message: RosMessage): void;
  end(): void;
}

const STRENGTH: readonly Compression[] = ["none", "png", "cbor"];

/** `send` gets what the terms let through: the lowest rate and queue of all, and the strongest compression. */
export function createTopicStream(
  clock: Clock,
  send: (message: RosMessage, compression: Compression) => void,
): TopicStream {
  const terms = new Map<string | undefined, SubscriptionTerms>();
  let queue: RosMessage[] = [];
  let lastMs = -Infinity;
  let stopWaiting: Cancel | undefined;

  const least = (of: (each: SubscriptionTerms) => number): number => Math.min(...[...terms.values()].map(of));
  const dueMs = (): number => lastMs + least(({ throttleRate }) => throttleRate);
  const compression = (): Compression =>
    STRENGTH[Math.max(...[...terms.values()].map((each) => STRENGTH.indexOf(each.compression)))]!;

  function pass(message: RosMessage): void {
    lastMs = clock.nowMs();
    send(message, compression());
  }
  function drain(): void {
    stopWaiting = undefined;
    while (queue.length > 0 && terms.size > 0 && clock.nowMs() >= dueMs()) pass(queue.shift()!);
    if (queue.length > 0 && terms.size > 0) stopWaiting = clock.after(dueMs() - clock.nowMs(), drain);
  }
  return {
    add(id, wanted) {
      terms.set(id, wanted);
    },
    remove(id) {
      if (id === undefined) terms.clear();
      else terms.delete(id);
    },
    isEmpty: () => terms.size === 0,
    offer(message) {
      if (terms.size === 0) return;
      const length = least(({ queueLength }) => queueLength);
      if (length > 0) {
        queue = [...queue, message].slice(-length);
        if (!stopWaiting) drain();
      } else if (clock.nowMs() >= dueMs()) pass(message);
    },
    end() {
      terms.clear();
      queue = [];
      stopWaiting?.();
    },
  };
}
