import { backoff } from "#lib/backoff";
import { type Clock, sleep } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Connection, ConnectionHandlers, Message, Transport } from "#lib/transport";

/** The cloud's connection to the broker, made again whenever it ends. */
export interface BrokerLink extends AsyncDisposable {
  isConnected(): boolean;
  /** Resolves on PUBACK; rejects `transport.closed` when there is no connection or it ends first. */
  publish(topic: string, payload: string): Promise<void>;
}

export interface BrokerLinkDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly clientId: string;
  readonly filters: readonly string[];
  onMessage(message: Message): void;
}

const KEEP_ALIVE_SECONDS = 15;
const BACKOFF = { baseMs: 250, capMs: 10_000 };
/** After this long a connection counts as a good one, and the next starts without delay. */
const STEADY_MS = 10_000;

/** Starts connecting; it comes back by itself, with back-off. */
export function startBrokerLink(deps: BrokerLinkDeps): BrokerLink {
  const log = deps.log.child({ module: "broker-link" });
  const ended = new AbortController();
  let connection: Connection | undefined;

  void run();
  return {
    isConnected: () => connection !== undefined,
    publish: async (topic, payload) => {
      if (!connection) throw new AgentError("transport.closed", "the broker is not connected", { retryable: true });
      await connection.publish({ topic, payload, qos: 1, retain: false });
    },
    [Symbol.asyncDispose]: async () => {
      ended.abort(new AgentError("cancelled", "the broker link was closed"));
      await connection?.close();
    },
  };

  async function run(): Promise<void> {
    let delays = backoff(BACKOFF, deps.rng);
    while (!ended.signal.aborted) {
      const beganMs = deps.clock.nowMs();
      await connectOnce();
      // A connection that ends soon is no success: two clouds that take over from each other must slow down.
      if (deps.clock.nowMs() - beganMs >= STEADY_MS) delays = backoff(BACKOFF, deps.rng);
      await sleep(deps.clock, delays.next().value, ended.signal).catch(ignoreCancelled);
    }
  }

  /** Resolves when the connection has ended, or could not be made. */
  async function connectOnce(): Promise<void> {
    const closing = Promise.withResolvers<string>();
    let made: Connection | undefined;
    try {
      const options = { clientId: deps.clientId, keepAliveSeconds: KEEP_ALIVE_SECONDS };
      const handlers: ConnectionHandlers = {
        onMessage: (message) => {
          if (!ended.signal.aborted) deps.onMessage(message);
        },
        onClose: (reason) => closing.resolve(reason),
      };
      made = await deps.transport.connect(options, handlers);
      await made.subscribe(deps.filters);
    } catch (thrown) {
      log.warn({ reason: messageOf(thrown) }, "broker not reached");
      await made?.close();
      return;
    }
    if (ended.signal.aborted) {
      await made.close();
      return;
    }
    connection = made;
    log.info({ clientId: deps.clientId }, "broker connected");
    const reason = await closing.promise;
    connection = undefined;
    log.warn({ reason }, "broker connection ended");
  }
}

function ignoreCancelled(thrown: unknown): void {
  if (!(thrown instanceof AgentError && thrown.code === "cancelled")) throw thrown;
}
