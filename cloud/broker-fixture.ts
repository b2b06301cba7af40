import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { matchesFilter, type ConnectionHandlers, type Message, type Transport } from "#lib/transport";

/** A broker for the cloud's unit tests: retained messages, wills and takeover, delivery 1 ms later, nothing ever lost. */
export interface BrokerFixture {
  readonly transport: Transport;
  /** All that was published, in order. */
  readonly published: readonly Message[];
  /** Ends a client's connection as a network does: its will is published. */
  cut(clientId: string): void;
  /** Messages that the filter matches are swallowed until the returned function is called. */
  swallow(filter: string): () => void;
  /** Delivers a message as if a client had published it. */
  inject(message: Message): void;
  /** Ends every connection and forgets retained messages, without wills. */
  restart(): void;
}

interface Client {
  readonly will: Message | undefined;
  readonly handlers: ConnectionHandlers;
  filters: string[];
}

const DELIVERY_MS = 1;

export function createBrokerFixture(clock: Clock): BrokerFixture {
  const clients = new Map<string, Client>();
  const retained = new Map<string, Message>();
  const published: Message[] = [];
  const swallowed = new Set<string>();

  const isOpen = (id: string, client: Client): boolean => clients.get(id) === client;
  function deliver(id: string, client: Client, message: Message): void {
    clock.after(DELIVERY_MS, () => {
      if (isOpen(id, client)) client.handlers.onMessage(message);
    });
  }
  function route(message: Message): void {
    published.push(message);
    if ([...swallowed].some((filter) => matchesFilter(filter, message.topic))) return;
    if (message.retain) retained.set(message.topic, message);
    for (const [id, client] of clients) {
      const wants = client.filters.some((filter) => matchesFilter(filter, message.topic));
      if (wants) deliver(id, client, { ...message, retain: false });
    }
  }
  function end(id: string, how: "politely" | "abruptly", reason: string): void {
    const client = clients.get(id);
    if (!client) return;
    clients.delete(id);
    if (how === "abruptly" && client.will) route(client.will);
    client.handlers.onClose(reason);
  }
  const transport: Transport = {
    async connect(options, handlers) {
      end(options.clientId, "abruptly", "taken over");
      const id = options.clientId;
      const client: Client = { will: options.will, handlers, filters: [] };
      clients.set(id, client);
      const mustBeOpen = (): void => {
        if (!isOpen(id, client))
          throw new AgentError("transport.closed", "the connection has ended", { retryable: true });
      };
      return {
        async publish(message) {
          mustBeOpen();
          route(message);
        },
        async subscribe(filters) {
          mustBeOpen();
          client.filters = [...client.filters, ...filters];
          for (const message of retained.values()) {
            if (filters.some((filter) => matchesFilter(filter, message.topic))) deliver(id, client, message);
          }
        },
        async close() {
          if (isOpen(id, client)) end(id, "politely", "closed");
        },
      };
    },
  };
  return {
    transport,
    published,
    cut: (id) => end(id, "abruptly", "cut"),
    swallow(filter) {
      swallowed.add(filter);
      return () => void swallowed.delete(filter);
    },
    inject: route,
    restart() {
      retained.clear();
      for (const [id, client] of clients) {
        clients.delete(id);
        client.handlers.onClose("broker restarted");
      }
    },
  };
}
