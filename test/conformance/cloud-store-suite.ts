import { describe, expect, it } from "vitest";
import type { Event } from "#contract/event";
import { exampleContract } from "#contract/example";
import type { ContractStatus } from "#contract/status";
import type { CloudStore } from "#cloud/io/store";
import type { StoreOp } from "#cloud/io/store-ops";
import type { ContractRow, LogEntry } from "#cloud/io/store-rows";

export const AT = "2026-01-05T08:00:00.000Z";

export function contractId(n: number): string {
  return `019b8ce6-1400-7000-8000-${String(n).padStart(12, "0")}`;
}

function row(n: number, overrides: Partial<ContractRow> = {}): ContractRow {
  const contract = exampleContract({ contractId: contractId(n) });
  return {
    contractId: contractId(n),
    taskId: `task-${n}`,
    deviceId: `amr-${n}`,
    epoch: 1,
    revision: 1,
    session: "s",
    status: "pushed",
    draft: contract,
    contract,
    jws: "a.b.c",
    createdAt: AT,
    ...overrides,
  };
}

export const insert = (n: number, overrides: Partial<ContractRow> = {}): StoreOp => ({
  op: "insert-contract",
  row: row(n, overrides),
  epochRule: "fresh",
});
export const setStatus = (n: number, from: ContractStatus[], to: ContractStatus): StoreOp => ({
  op: "set-status",
  contractId: contractId(n),
  from,
  to,
  at: AT,
});
const log = (n: number): StoreOp => ({ op: "log", entry: { at: AT, type: "exception", data: { n } } });

/** What every database of the cloud does; `open` gives an empty one. */
export function describeCloudStore(open: Open): void {
  describeLocks(open);
  describeCommits(open);
  describeLedger(open);
  describeReading(open);
}

type Open = () => Promise<CloudStore>;

function describeLocks(open: Open): void {
  describe("the locks", () => {
    it.each([
      ["a device", { deviceId: "amr-1" }, "device_busy"],
      ["a task", { taskId: "task-1", epoch: 2 }, "task_busy"],
    ] as const)("give %s one active contract", async (_what, overrides, conflict) => {
      await using store = await open();
      expect(await store.commit([insert(1)])).toEqual({ ok: true });
      expect(await store.commit([insert(2, overrides)])).toEqual({ ok: false, conflict });
      await store.commit([setStatus(1, ["pushed"], "rejected")]);
      expect(await store.commit([insert(2, overrides)])).toEqual({ ok: true });
    });

    it("refuse an epoch that the task has seen, unless it was given on purpose", async () => {
      await using store = await open();
      await store.commit([insert(1), setStatus(1, ["pushed"], "rejected")]);
      const again = row(2, { taskId: "task-1" });
      const fresh = await store.commit([{ op: "insert-contract", row: again, epochRule: "fresh" }]);
      expect(fresh).toEqual({ ok: false, conflict: "stale_epoch" });
      expect(await store.commit([{ op: "insert-contract", row: again, epochRule: "as-given" }])).toEqual({ ok: true });
      expect(await store.highestEpoch("task-1")).toBe(1);
    });

    it("let only one of two commits of the same turn have the task", async () => {
      await using store = await open();
      const results = await Promise.all([store.commit([insert(1)]), store.commit([insert(2, { taskId: "task-1" })])]);
      expect(results.map((result) => result.ok)).toEqual([true, false]);
    });
  });
}

function describeCommits(open: Open): void {
  describe("a commit", () => {
    it("that meets a conflict leaves nothing behind and does not touch its neighbours", async () => {
      await using store = await open();
      await store.commit([insert(1)]);
      const results = await Promise.all([
        store.commit([log(1)]),
        store.commit([log(2), insert(2, { deviceId: "amr-1" })]),
        store.commit([log(3)]),
      ]);
      expect(results.map((result) => result.ok)).toEqual([true, false, true]);
      expect((await store.logAfter(0, 10)).map((entry) => entry.data["n"])).toEqual([1, 3]);
    });

    it("changes a status only from where the caller saw it", async () => {
      await using store = await open();
      await store.commit([insert(1), setStatus(1, ["running"], "completed")]);
      expect((await store.contract(contractId(1)))?.status).toBe("pushed");
      await store.commit([setStatus(1, ["pushed", "unconfirmed"], "accepted")]);
      expect(await store.contract(contractId(1))).toMatchObject({ status: "accepted", answeredAt: AT });
    });

    it("tells the log to listeners in order, after it is written", async () => {
      await using store = await open();
      const heard: LogEntry[] = [];
      const stop = store.onLogged((entries) => heard.push(...entries));
      await Promise.all([store.commit([log(1)]), store.commit([log(2), log(3)])]);
      stop();
      await store.commit([log(4)]);
      expect(heard.map((entry) => entry.id)).toEqual([1, 2, 3]);
      expect(await store.logAfter(2, 10)).toHaveLength(2);
    });
  });
}

function describeLedger(open: Open): void {
  describe("the ledger", () => {
    const movement = (correlationId: string, epoch: number): StoreOp => ({
      op: "insert-movement",
      epoch,
      ifFenced: [log(epoch)],
      row: {
        partnerId: "holdfast",
        correlationId,
        warehouseId: "w1",
        deviceId: "amr-1",
        contractId: contractId(1),
        recordedAt: AT,
        movement: {
          correlation_id: correlationId,
          kind: "PICK",
          sku: "SKU-7890",
          qty: 1,
          uom: "EA",
          occurred_at: AT,
          actor: { kind: "ROBOT", id: "amr-1" },
        },
      },
    });
    const FIRST = "019b8ce6-1400-7000-8000-00000000000a";
    const SECOND = "019b8ce6-1400-7000-8000-00000000000b";

    it("takes a movement once and flags what came from an assignment that was given on", async () => {
      await using store = await open();
      await store.commit([insert(1), movement(FIRST, 1), movement(FIRST, 1)]);
      await store.commit([setStatus(1, ["pushed"], "expired"), insert(2, { taskId: "task-1", epoch: 2 })]);
      await store.commit([movement(SECOND, 1)]);
      const { rows } = await store.ledger({ limit: 10 });
      expect(rows.map((entry) => [entry.correlationId, entry.isFenced])).toEqual([
        [SECOND, true],
        [FIRST, false],
      ]);
      expect(await store.logAfter(0, 10)).toHaveLength(1);
    });
  });
}

function describeReading(open: Open): void {
  describe("reading", () => {
    it("finds a contract by id, or the newest of a name, and pages newest first", async () => {
      await using store = await open();
      for (const n of [1, 2, 3]) await store.commit([insert(n, { name: "order" })]);
      expect((await store.contract("order"))?.contractId).toBe(contractId(3));
      expect((await store.contract(contractId(1)))?.contractId).toBe(contractId(1));
      expect(await store.contract("other")).toBeUndefined();
      const first = await store.contracts({ limit: 2 });
      expect(first.rows.map((entry) => entry.taskId)).toEqual(["task-3", "task-2"]);
      const second = await store.contracts({ limit: 2, cursor: first.cursor });
      expect(second.rows.map((entry) => entry.taskId)).toEqual(["task-1"]);
      expect(second.cursor).toBeUndefined();
      expect((await store.contracts({ limit: 5, deviceId: "amr-2", status: "pushed" })).rows).toHaveLength(1);
    });

    it("gives back events as they were received, by number, contract and id", async () => {
      await using store = await open();
      const event: Event = {
        seq: 1,
        id: contractId(7),
        at: AT,
        monoMs: 5,
        clock: "synced",
        type: "from.the.future",
        contractId: contractId(1),
        data: { nested: { kept: true } },
        extra: "kept",
      };
      const rows = [{ incarnation: "i", event, hash: "f".repeat(64) }];
      await store.commit([{ op: "append-events", deviceId: "amr-1", receivedAt: AT, rows }]);
      expect(await store.deviceEvents("amr-1")).toEqual(rows);
      expect(await store.contractEvents(contractId(1))).toEqual([event]);
      expect(await store.hashAt("amr-1", "i", 1)).toBe("f".repeat(64));
      expect(await store.hashAt("amr-1", "i", 2)).toBeUndefined();
      expect(await store.tipOf("amr-1", "i")).toEqual({ seq: 1, hash: "f".repeat(64) });
      expect(await store.tipOf("amr-1", "other")).toBeUndefined();
      expect(await store.knownEvents("amr-1", [contractId(7), contractId(8)])).toEqual(new Set([contractId(7)]));
    });
  });
}
