import { Action, Ros, Service, Topic } from "roslib";
import type { Clock } from "#lib/clock";
import { AgentError, InvariantError } from "#lib/errors";
import type { Dial, Line } from "../line.ts";
import { LineTransport } from "./transport.ts";

/** The generation of ROS behind a bridge. */
export type RosVersion = 1 | 2;

export interface BridgeConnectionOptions {
  readonly clock: Clock;
  readonly dial: Dial;
  readonly onEnd: (reason: string) => void;
  /** Called with whatever arrives, readable or not. */
  readonly onHeard: () => void;
  readonly onUnreadable: () => void;
}

/**
 * One connection to a rosbridge, from its beginning to its end. A new one gets a new `Ros`: what roslib would keep to send it
 * later dies with the connection that it was meant for.
 */
export interface BridgeConnection {
  readonly ros: Ros;
  /** Calls a service; rejects `driver.failed` with the server's words, `driver.timeout` when nothing is answered. */
  call(name: string, type: string, request: object, timeoutMs: number): Promise<unknown>;
  /** Ends it without `onEnd`. */
  close(): Promise<void>;
}

/** Connects once; rejects `driver.down`. */
export async function connectBridge(options: BridgeConnectionOptions): Promise<BridgeConnection> {
  const { clock, dial } = options;
  const transport = new LineTransport();
  let isClosed = false;
  const line: Line = await dial({
    onBytes(chunk) {
      options.onHeard();
      transport.receive(chunk);
    },
    onEnd(reason) {
      transport.close();
      if (!isClosed) options.onEnd(reason);
    },
  });
  const ros = new Ros({ transportFactory: async () => transport });
  ros.on("error", (thrown) => {
    // roslib catches what the takers of messages throw; a bug of ours must not end here.
    if (thrown instanceof InvariantError) throw thrown;
    options.onUnreadable();
  });
  await ros.connect("");
  transport.begin(line);
  return {
    ros,
    call: (name, type, request, timeoutMs) => callService(ros, clock, { name, type, request, timeoutMs }),
    async close() {
      isClosed = true;
      transport.close();
      await line.close();
    },
  };
}

interface Call {
  readonly name: string;
  readonly type: string;
  readonly request: object;
  readonly timeoutMs: number;
}

/** The bridge has a time limit of its own, which may be none, and may be gone itself: ours counts here. */
async function callService(ros: Ros, clock: Clock, { name, type, request, timeoutMs }: Call): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const stop = clock.after(timeoutMs, () => {
    reject(new AgentError("driver.timeout", `the service ${name} has not answered`, { retryable: true }));
  });
  const service = new Service<object, unknown>({ ros, name, serviceType: type });
  const fail = (reason: string): void => reject(new AgentError("driver.failed", `the service ${name}: ${reason}`));
  service.callService(request, resolve, fail, timeoutMs / 1000);
  return promise.finally(stop);
}

/** Listens to a topic of a connection, over CBOR, for JSON has no NaN; ends when called. */
export function listen(ros: Ros, name: string, messageType: string, take: (message: unknown) => void): () => void {
  const topic = new Topic<unknown>({
    ros,
    name,
    messageType,
    compression: "cbor",
    // Of several that wait only the newest is wanted.
    queue_length: 1,
    reconnect_on_close: false,
  });
  topic.subscribe(take);
  return () => {
    if (ros.isConnected) topic.unsubscribe();
  };
}

/** How a goal fares. */
export interface GoalEvents {
  readonly onFeedback: (feedback: unknown) => void;
  readonly onDone: (result: unknown) => void;
  /** It was cancelled, aborted or refused, as the text says. */
  readonly onFailed: (reason: string) => void;
}

/** Asks for an action of ROS 2; cancels it when called. */
export function sendGoal(ros: Ros, name: string, actionType: string, goal: object, events: GoalEvents): () => void {
  const action = new Action<object, unknown, unknown>({ ros, name, actionType });
  // roslib listens to a goal for ever.
  const ended =
    <Value>(tell: (value: Value) => void) =>
    (value: Value): void => {
      ros.off(id);
      tell(value);
    };
  const id = action.sendGoal(goal, ended(events.onDone), events.onFeedback, ended(events.onFailed));
  return () => {
    if (ros.isConnected) action.cancelGoal(id);
  };
}

/** Publishes one message now, of a topic that is published rarely. */
export function publishOnce(ros: Ros, name: string, messageType: string, message: object): void {
  new Topic<object>({ ros, name, messageType, reconnect_on_close: false }).publish(message);
}
