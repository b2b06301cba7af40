import { beforeAll, describe, expect, test } from "vitest";
import { loadSimulatedSqlite, type SimulatedSqlite } from "./simulated-sqlite.ts";
import { StoreUnderCuts } from "./store-under-cuts.ts";

let sqlite: SimulatedSqlite;
beforeAll(async () => {
  sqlite = await loadSimulatedSqlite();
});

const SEEDS = Array.from({ length: 40 }, (_, at) => at + 1);
const CUTS = 5;

describe("the agent's store, whose power is cut at any write", () => {
  test.each(SEEDS)("loses nothing that it has acknowledged and invents nothing (seed %i)", async (seed) => {
    const computer = new StoreUnderCuts(sqlite, seed);
    for (let cut = 0; cut < CUTS; cut++) await computer.workUntilCut();
    expect(computer.losses).toEqual([]);
    computer.end();
  });

  test.each([
    ["a store that does not wait for the disk", { pragma: "synchronous = NORMAL" }],
    ["a disk that does not do what it acknowledges", { sync: "ignored" }],
  ] as const)("%s loses acknowledged events, and this test sees it", async (_name, weakness) => {
    const losses: string[] = [];
    for (const seed of SEEDS) {
      const computer = new StoreUnderCuts(sqlite, seed, weakness);
      for (let cut = 0; cut < CUTS && computer.losses.length === 0; cut++) await computer.workUntilCut();
      losses.push(...computer.losses);
      computer.end();
    }
    expect(losses.length).toBeGreaterThan(SEEDS.length / 2);
  });

  test("the same seed gives the same disk", async () => {
    const ends: string[] = [];
    for (let run = 0; run < 2; run++) {
      const computer = new StoreUnderCuts(sqlite, 7);
      for (let cut = 0; cut < CUTS; cut++) await computer.workUntilCut();
      ends.push(computer.fingerprint());
      computer.end();
    }
    expect(ends[1]).toBe(ends[0]);
  });
});
