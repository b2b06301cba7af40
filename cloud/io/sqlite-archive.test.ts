import { expect, it } from "vitest";
import type { ArchivedBlock } from "../thing-io/archive.ts";
import { openSqliteArchive } from "./sqlite-archive.ts";

function block(seq: number, lane = "backfill"): ArchivedBlock {
  const content = { kind: "batches", batches: [] } as const;
  return { deviceId: "amr-07", store: "s", lane, seq, firstMs: seq, lastMs: seq, content };
}

it("hands out blocks of a lane in the order in which they were put, and again what was put again", async () => {
  await using archive = openSqliteArchive({ path: ":memory:" });
  const seqsAfter = async (position: number): Promise<number[]> =>
    (await archive.after(position, "backfill", 10)).map((placed) => placed.block.seq);
  await archive.put([block(1), block(2), block(1, "logs"), block(3)]);
  expect(await seqsAfter(0)).toEqual([1, 2, 3]);
  const [first] = await archive.after(0, "backfill", 1);
  await archive.put([block(1)]);
  expect(await seqsAfter(first!.position)).toEqual([2, 3, 1]);
});

it("never gives a position twice, not even when everything was forgotten", async () => {
  await using archive = openSqliteArchive({ path: ":memory:" });
  await archive.put([block(1), block(2)]);
  const [, last] = await archive.after(0, "backfill", 10);
  await archive.forget(1000);
  await archive.put([block(3)]);
  expect((await archive.after(last!.position, "backfill", 10)).map((placed) => placed.block.seq)).toEqual([3]);
});

it("calls who listens for more, until told to stop", async () => {
  await using archive = openSqliteArchive({ path: ":memory:" });
  let calls = 0;
  const stop = archive.onPut(() => calls++);
  await archive.put([block(1)]);
  stop();
  await archive.put([block(2)]);
  expect(calls).toBe(1);
});
