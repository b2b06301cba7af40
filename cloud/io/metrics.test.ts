import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { createMetrics, type Metrics } from "./metrics.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import type { ContractRow } from "./store-rows.ts";
import type { StoreOp } from "./store-ops.ts";

const AT = "2026-01-05T08:00:00.000Z";

function insert(): StoreOp {
  const contract = exampleContract();
  const { contractId, taskId, deviceId } = contract;
  const row: ContractRow = {
    contractId,
    taskId,
    deviceId,
    epoch: 1,
    revision: 1,
    session: "s",
    status: "pushed",
    draft: contract,
    contract,
    jws: "a.b.c",
    createdAt: AT,
  };
  return { op: "insert-contract", row, epochRule: "as-given" };
}

async function lines(metrics: Metrics, ...names: readonly string[]): Promise<string[]> {
  const text = await metrics.text();
  return text.split("\n").filter((line) => names.some((name) => line.startsWith(name)));
}

describe("the metrics", () => {
  it("count what is committed, and not what ran into a conflict", async () => {
    let nowMs = 0;
    const metrics = createMetrics({ nowMs: () => (nowMs += 4) });
    await using store = metrics.store(openSqliteStore({ path: ":memory:", newCloudId: "c" }));
    metrics.watch({ fleet: () => ({ modes: { live: 2, projected: 1, reconciled: 0 }, lagEvents: 7 }), store });
    await store.commit([insert(), { op: "log", entry: { at: AT, type: "exception", data: {} } }]);
    expect(await store.commit([insert()])).toEqual({ ok: false, conflict: "contract_exists" });
    expect(await lines(metrics, "holdfast_contract_changes", "holdfast_contracts", "holdfast_log")).toEqual([
      'holdfast_log_entries_total{type="exception"} 1',
      'holdfast_contract_changes_total{status="pushed"} 1',
      'holdfast_contracts{status="pushed"} 1',
    ]);
    expect(await lines(metrics, "holdfast_store_commits", "holdfast_store_commit_duration_seconds_sum")).toEqual([
      "holdfast_store_commit_duration_seconds_sum 0.008",
      'holdfast_store_commits_total{result="done"} 1',
      'holdfast_store_commits_total{result="contract_exists"} 1',
    ]);
    expect(await lines(metrics, "holdfast_devices", "holdfast_journal_lag")).toEqual([
      'holdfast_devices{mode="live"} 2',
      'holdfast_devices{mode="projected"} 1',
      'holdfast_devices{mode="reconciled"} 0',
      "holdfast_journal_lag_events 7",
    ]);
  });

  it("count messages by topic and tell whether the broker is connected", async () => {
    const metrics = createMetrics({ nowMs: () => 0 });
    const handlers: { onMessage: (payload: string) => void; onClose: () => void }[] = [];
    const transport = metrics.transport({
      async connect(_options, heard) {
        handlers.push({
          onMessage: (payload) => heard.onMessage({ topic: "hf/v1/s/amr-1/journal", payload, qos: 1, retain: false }),
          onClose: () => heard.onClose("gone"),
        });
        return { publish: async () => undefined, subscribe: async () => undefined, close: async () => undefined };
      },
    });
    const connection = await transport.connect(
      { clientId: "c", keepAliveSeconds: 15 },
      { onMessage: () => undefined, onClose: () => undefined },
    );
    handlers[0]!.onMessage("größe");
    await connection.publish({ topic: "hf/v1/s/amr-1/ack", payload: "{}", qos: 1, retain: false });
    const about = ["holdfast_mqtt", "holdfast_broker"];
    expect(await lines(metrics, ...about)).toEqual([
      'holdfast_mqtt_messages_received_total{topic="journal"} 1',
      'holdfast_mqtt_received_bytes_total{topic="journal"} 7',
      'holdfast_mqtt_messages_sent_total{topic="ack"} 1',
      "holdfast_broker_connected 1",
    ]);
    handlers[0]!.onClose();
    expect(await lines(metrics, "holdfast_broker")).toEqual(["holdfast_broker_connected 0"]);
  });
});
