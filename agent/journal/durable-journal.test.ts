import { describe, expect, test } from "vitest";
import { AgentError } from "#lib/errors";
import { VirtualClock } from "#lib/virtual-clock";
import { watchCommits } from "./durable-journal.ts";

/** A journal whose disk can be broken and mended. */
function makeJournal(): {
  journal: Parameters<typeof watchCommits>[0];
  disk: { state: "well" | "broken" };
  tries: () => number;
} {
  const disk: { state: "well" | "broken" } = { state: "well" };
  let tries = 0;
  const write = async (): Promise<never[]> => {
    tries++;
    if (disk.state === "broken") throw new AgentError("store.failed", "database or disk is full");
    return [];
  };
  const journal = { append: write, decide: write, meta: () => "1", onAppended: () => () => undefined };
  return { journal, disk, tries: () => tries };
}

const NOTICE = [{ type: "notice", data: { kind: "test", text: "" } }] as const;

describe("a journal whose commit failed", () => {
  test("is in trouble and says why, until the disk is well again, although nobody writes", async () => {
    const clock = new VirtualClock();
    const { journal, disk } = makeJournal();
    using durable = watchCommits(journal, clock);
    disk.state = "broken";
    await expect(durable.append(NOTICE)).rejects.toThrow(/disk is full/);
    await clock.advance(10_000);
    expect(durable.fault()).toMatchObject({
      effect: "stop-now",
      reason: expect.stringMatching(/disk is full/) as string,
    });
    disk.state = "well";
    await clock.advance(2000);
    expect(durable.fault()).toBeUndefined();
  });

  test("is tried once a second and no more once it is well, or nobody watches", async () => {
    const clock = new VirtualClock();
    const { journal, disk, tries } = makeJournal();
    const durable = watchCommits(journal, clock);
    disk.state = "broken";
    await expect(durable.append(NOTICE)).rejects.toThrow(/disk is full/);
    await clock.advance(5000);
    expect(tries()).toBe(6);
    disk.state = "well";
    await clock.advance(60_000);
    expect(tries()).toBe(7);
    disk.state = "broken";
    await expect(durable.append(NOTICE)).rejects.toThrow(/disk is full/);
    durable[Symbol.dispose]();
    await clock.advance(60_000);
    expect(tries()).toBe(8);
  });
});
