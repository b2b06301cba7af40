import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "#cloud/io/sqlite-store";
import type { StoreOp } from "#cloud/io/store-ops";
import { AT, contractId, describeCloudStore, insert, setStatus } from "./cloud-store-suite.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("in SQLite", () => {
  describeCloudStore(async () => openSqliteStore({ path: ":memory:", newCloudId: "cloud-1" }));
});

describe("a file", () => {
  it("loads locks, unanswered commands and its identity from the file after a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-cloud-"));
    folders.push(folder);
    const path = join(folder, "cloud.db");
    const command = (n: number): StoreOp => ({
      op: "insert-command",
      row: { commandId: contractId(n), deviceId: "amr-1", n, type: "hold", createdAt: AT },
    });
    {
      await using store = openSqliteStore({ path, newCloudId: "cloud-1" });
      await store.commit([insert(1), insert(2), setStatus(2, ["pushed"], "rejected"), command(1), command(2)]);
      await store.commit([{ op: "settle-command", commandId: contractId(1), at: AT, result: "done", seq: 4 }]);
      await store.commit([{ op: "put-device", row: { deviceId: "amr-1", incarnation: "i", seq: 4, track: {} } }]);
    }
    await using store = openSqliteStore({ path, newCloudId: "cloud-2" });
    const fleet = await store.load();
    expect(fleet.cloudId).toBe("cloud-1");
    expect(fleet.activeContracts.map((entry) => entry.contractId)).toEqual([contractId(1)]);
    expect(fleet.openCommands.map((entry) => entry.n)).toEqual([2]);
    expect(fleet.devices).toEqual([{ deviceId: "amr-1", incarnation: "i", seq: 4, track: {} }]);
    expect(await store.highestCommand("amr-1")).toBe(2);
  });
});
