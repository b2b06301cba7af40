import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "#lib/clock";
import { parseTopic } from "#contract/topics";
import type { Connection, Transport } from "#lib/transport";
import type { CloudStore } from "./store.ts";
import type { StoreOp } from "./store-ops.ts";
import type { FleetCounts } from "../queries.ts";

/** What the process counts and measures, in the text format of Prometheus. It belongs to one cloud. */
export interface Metrics {
  readonly contentType: string;
  /** Everything as it is now. */
  text(): Promise<string>;
  /** The same store; what it commits is counted. */
  store<Store extends CloudStore>(store: Store): Store;
  /** The same network; what comes and goes is counted. */
  transport(transport: Transport): Transport;
  /** Asks these when somebody reads. */
  watch(sources: { readonly fleet: () => FleetCounts; readonly store: CloudStore }): void;
  requestAnswered(
    request: { readonly method: string; readonly route: string; readonly status: number },
    seconds: number,
  ): void;
}

/** Seconds; from a commit on a fast disk to a contract whose device is slow to answer. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Durations are read from the clock of the system, which is not the stretched one of a demo. */
export function createMetrics(clock: Pick<Clock, "nowMs">): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const traffic = trafficOf(registry);
  const storing = storingOf(registry);
  const requests = new Histogram({
    name: "holdfast_http_request_duration_seconds",
    help: "HTTP requests by operation, until the answer was sent",
    labelNames: ["method", "route", "status"],
    buckets: BUCKETS,
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    store: (store) => ({
      ...store,
      async commit(ops) {
        const beganMs = clock.nowMs();
        const result = await store.commit(ops);
        storing.seconds.observe((clock.nowMs() - beganMs) / 1000);
        storing.commits.inc({ result: result.ok ? "done" : result.conflict });
        if (result.ok) for (const op of ops) countOp(storing, op);
        return result;
      },
    }),
    transport: (transport) => measuredTransport(transport, traffic),
    watch: (sources) => watch(registry, sources),
    requestAnswered: ({ method, route, status }, seconds) => {
      requests.observe({ method, route, status: String(status) }, seconds);
    },
  };
}

type Traffic = ReturnType<typeof trafficOf>;

function trafficOf(registry: Registry) {
  const registers = [registry];
  return {
    received: new Counter({
      name: "holdfast_mqtt_messages_received_total",
      help: "messages from devices by topic",
      labelNames: ["topic"],
      registers,
    }),
    receivedBytes: new Counter({
      name: "holdfast_mqtt_received_bytes_total",
      help: "their payloads",
      labelNames: ["topic"],
      registers,
    }),
    sent: new Counter({
      name: "holdfast_mqtt_messages_sent_total",
      help: "messages to devices by topic",
      labelNames: ["topic"],
      registers,
    }),
    connections: new Gauge({ name: "holdfast_broker_connected", help: "1 while the broker is connected", registers }),
  };
}

type Storing = ReturnType<typeof storingOf>;

function storingOf(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  return {
    seconds: new Histogram({
      name: "holdfast_store_commit_duration_seconds",
      help: "from asking for a commit until it is durable",
      buckets: BUCKETS,
      registers,
    }),
    commits: new Counter({
      name: "holdfast_store_commits_total",
      help: "commits by how they ended: done, or what they ran into",
      labelNames: ["result"],
      registers,
    }),
    batches: counter("holdfast_ingest_batches_total", "journal batches that are committed"),
    events: counter("holdfast_ingest_events_total", "events of journals that are committed"),
    movements: counter(
      "holdfast_ledger_movements_total",
      "movements that were offered to the ledger, repeated ones included",
    ),
    logged: new Counter({
      name: "holdfast_log_entries_total",
      help: "entries of the stream by type: reconciliations, replans triggered, exceptions and so on",
      labelNames: ["type"],
      registers,
    }),
    statuses: new Counter({
      name: "holdfast_contract_changes_total",
      help: "changes of contracts by the status that they came to",
      labelNames: ["status"],
      registers,
    }),
  };
}

function countOp(storing: Storing, op: StoreOp): void {
  if (op.op === "append-events") {
    storing.batches.inc();
    storing.events.inc(op.rows.length);
  } else if (op.op === "insert-movement") storing.movements.inc();
  else if (op.op === "insert-contract") storing.statuses.inc({ status: op.row.status });
  else if (op.op === "set-status") storing.statuses.inc({ status: op.to });
  else if (op.op === "log") storing.logged.inc({ type: op.entry.type });
}

function measuredTransport(transport: Transport, traffic: Traffic): Transport {
  return {
    async connect(options, handlers) {
      const connection = await transport.connect(options, {
        onMessage(message) {
          const topic = parseTopic(message.topic)?.name ?? "other";
          traffic.received.inc({ topic });
          traffic.receivedBytes.inc({ topic }, Buffer.byteLength(message.payload));
          handlers.onMessage(message);
        },
        onClose(reason, code) {
          traffic.connections.set(0);
          handlers.onClose(reason, code);
        },
      });
      traffic.connections.set(1);
      return countedConnection(connection, traffic);
    },
  };
}

function countedConnection(connection: Connection, traffic: Traffic): Connection {
  return {
    ...(connection.route === undefined ? {} : { route: connection.route }),
    async publish(message) {
      await connection.publish(message);
      traffic.sent.inc({ topic: parseTopic(message.topic)?.name ?? "other" });
    },
    subscribe: (filters) => connection.subscribe(filters),
    close: () => connection.close(),
  };
}

function watch(registry: Registry, { fleet, store }: Parameters<Metrics["watch"]>[0]): void {
  const registers = [registry];
  new Gauge({
    name: "holdfast_devices",
    help: "devices by how they are known",
    labelNames: ["mode"],
    registers,
    collect() {
      for (const [mode, count] of Object.entries(fleet().modes)) this.set({ mode }, count);
    },
  });
  new Gauge({
    name: "holdfast_journal_lag_events",
    help: "events that connected devices say they have and that are not committed here",
    registers,
    collect() {
      this.set(fleet().lagEvents);
    },
  });
  new Gauge({
    name: "holdfast_contracts",
    help: "contracts by status",
    labelNames: ["status"],
    registers,
    async collect() {
      for (const [status, count] of Object.entries(await store.contractCounts())) this.set({ status }, count);
    },
  });
}
