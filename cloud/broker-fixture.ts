import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import {
  matchesFilter,
  type Connection,
  type ConnectionHandlers,
  type ConnectOptions,
  type Message,
  type Transport,
} from "#lib/transport";

interface Client {
  readonly will: Message | undefined;
  readonly handlers: ConnectionHandlers;
  filters: string[];
}

const DELIVERY_MS = 1;

/** A broker for the cloud's unit tests: retained messages, wills and takeover, delivery 1 ms later, nothing ever lost. */
export class BrokerFixture {
  readonly transport: Transport;
  /** All that was published, in order. */
  readonly published: Message[] = [];
  #clock: Clock;
  #clients = new Map<string, Client>();
  #retained = new Map<string, Message>();
  #swallowed = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.transport = { connect: async (options, handlers) => this.#connect(options, handlers) };
  }

  /** Ends a client's connection as a network does: its will is published. */
  cut(clientId: string): void {
    this.#end(clientId, "abruptly", "cut");
  }

  /** Messages that the filter matches are lost until the returned function is called. */
  swallow(filter: string): () => void {
    this.#swallowed.add(filter);
    return () => void this.#swallowed.delete(filter);
  }

  /** Takes a message as if a client had published it. */
  route(message: Message): void {
    this.published.push(message);
    if ([...this.#swallowed].some((filter) => matchesFilter(filter, message.topic))) return;
    if (message.retain) this.#retained.set(message.topic, message);
    for (const [id, client] of this.#clients) {
      const wants = client.filters.some((filter) => matchesFilter(filter, message.topic));
      if (wants) this.#deliver(id, client, { ...message, retain: false });
    }
  }

  /** Ends every connection and forgets retained messages, without wills. */
  restart(): void {
    this.#retained.clear();
    for (const [id, client] of this.#clients) {
      this.#clients.delete(id);
      client.handlers.onClose("broker restarted");
    }
  }

  #connect({ clientId: id, will }: ConnectOptions, handlers: ConnectionHandlers): Connection {
    this.#end(id, "abruptly", "taken over");
    const client: Client = { will, handlers, filters: [] };
    this.#clients.set(id, client);
    const isOpen = (): boolean => this.#clients.get(id) === client;
    const mustBeOpen = (): void => {
      if (!isOpen()) throw new AgentError("transport.closed", "the connection has ended", { retryable: true });
    };
    return {
      publish: async (message) => {
        mustBeOpen();
        this.route(message);
      },
      subscribe: async (filters) => {
        mustBeOpen();
        client.filters = [...client.filters, ...filters];
        for (const message of this.#retained.values()) {
          if (filters.some((filter) => matchesFilter(filter, message.topic))) this.#deliver(id, client, message);
        }
      },
      close: async () => {
        if (isOpen()) this.#end(id, "politely", "closed");
      },
    };
  }

  #deliver(id: string, client: Client, message: Message): void {
    this.#clock.after(DELIVERY_MS, () => {
      if (this.#clients.get(id) === client) client.handlers.onMessage(message);
    });
  }

  #end(id: string, how: "politely" | "abruptly", reason: string): void {
    const client = this.#clients.get(id);
    if (!client) return;
    this.#clients.delete(id);
    if (how === "abruptly" && client.will) this.route(client.will);
    client.handlers.onClose(reason);
  }
}
