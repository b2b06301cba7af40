import { expect, test } from "vitest";
import { AgentError } from "#lib/errors";
import { watchCorruption } from "./corruption-watch.ts";
import { openSqliteStore } from "./io/sqlite-store.ts";

test("damage is told once, other failures are not, and whoever asked learns of each", async () => {
  const told: string[] = [];
  const failures = ["store.failed", "store.corrupt", "store.corrupt"] as const;
  await using store = openSqliteStore({ path: ":memory:" });
  let call = 0;
  const commit = async (): Promise<void> => {
    throw new AgentError(failures[call++]!, "database");
  };
  const watched = watchCorruption({ ...store, commit }, ({ code }) => told.push(code));
  for (const code of failures) await expect(watched.commit([])).rejects.toMatchObject({ code });
  expect(await watched.load()).toMatchObject({ lastSeq: 0 });
  expect(told).toEqual(["store.corrupt"]);
});
