import { beforeEach, describe, expect, test } from "vitest";
import { exampleContract } from "#contract/example";
import { silentLog } from "#lib/log";
import { VirtualClock } from "#lib/virtual-clock";
import type { NewEvent } from "../core/ports.ts";
import { InboxBench, SIGNER, STRANGER } from "./inbox-fixture.ts";
import { createIntake, type Intake } from "./intake.ts";

describe("the intake", () => {
  let clock: VirtualClock;
  let intake: Intake;
  let told: NewEvent[];

  beforeEach(() => {
    clock = new VirtualClock();
    told = [];
    const journal = {
      append: async (events: readonly NewEvent[]) => {
        told.push(...events);
        return [];
      },
    };
    intake = createIntake({ journal, clock, log: silentLog });
  });

  test("lets in what a cloud sends, and nothing that is too large", () => {
    expect(intake.admits("contract", "x".repeat(5_000_000))).toBe(true);
    expect(intake.admits("command", "x".repeat(65_536))).toBe(true);
    expect(intake.admits("command", "x".repeat(65_537))).toBe(false);
    expect(intake.admits("ack", "x".repeat(300_000))).toBe(false);
  });

  test("lets in no more than so many a second, each topic for itself", async () => {
    const admitted = (): number =>
      Array.from({ length: 1000 }, () => intake.admits("command", "x")).filter(Boolean).length;
    expect(admitted()).toBe(200);
    expect(intake.admits("ack", "x")).toBe(true);
    await clock.advance(1000);
    expect(admitted()).toBe(50);
  });

  test("tells of what it drops at once, and then at most every ten minutes, with the counts", async () => {
    for (let at = 0; at < 3; at++) intake.admits("ack", "x".repeat(300_000));
    expect(told).toHaveLength(1);
    await clock.advance(600_000);
    intake.admits("ack", "x".repeat(300_000));
    expect(told.map(({ data }) => "text" in data && data.text)).toEqual([
      expect.stringContaining('1 too large on "ack"'),
      expect.stringContaining('3 too large on "ack"'),
    ]);
  });
});

describe("documents that nobody trusted has signed", () => {
  test("are refused with an answer as long as they are few, and then dropped; what is signed is still dealt with", async () => {
    const bench = await InboxBench.start();
    const { lastSeq } = bench.journal.range();
    for (let n = 1; n <= 500; n++) await bench.command({ type: "hold", n }, STRANGER);
    expect(bench.replies).toHaveLength(20);
    expect(bench.journal.range().lastSeq).toBeLessThanOrEqual(lastSeq + 21);
    const jws = await SIGNER.sign("hf-contract+jws", exampleContract());
    expect(await bench.receive(jws)).toMatchObject({ result: "stored" });
  });
});
