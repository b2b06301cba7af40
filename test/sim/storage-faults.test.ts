import { expect, test } from "vitest";
import type { Event } from "#contract/event";
import { violationsOf } from "#sim/checkers";
import { Fault } from "#sim/faults/fault";
import { simulate, type Simulation } from "#sim/simulate";
import type { SqliteConnection } from "#lib/node/sqlite";
import { loadSimulatedSqlite } from "#sim/storage/simulated-sqlite";
import { DEVICE, IS_LONG, onFailureReplay, scenario, Trial } from "./support.ts";

const SEEDS = Array.from({ length: IS_LONG ? 60 : 4 }, (_, at) => at + 1);
const DONE: { violations: string[]; contracts: string[]; movements: string[] } = {
  violations: [],
  contracts: ["completed"],
  movements: ["pick", "place"],
};

test.each(SEEDS)("power that is cut again and again costs nothing but time (seed %i)", async (seed) => {
  onFailureReplay("storage-faults", seed);
  const cuts = [9.1, 13.5, 22, 31, 47].map((at, index) => ({
    at: `${at + (seed % 7) * 0.3 + index}s`,
    do: "power-cut",
    device: DEVICE,
    for: "3s",
  }));
  const run = await simulateWith(cuts, seed);
  expect(endOf(run)).toEqual(DONE);
  const boots = eventsOf(run, "boot");
  expect(boots.map(({ data }) => data["start"])).toEqual(boots.map(() => "cold"));
  expect(boots.length).toBeGreaterThan(3);
});

test("a disk that has room only for what it holds already does not disturb: the log is overwritten", async () => {
  const sqlite = await loadSimulatedSqlite();
  const warmedAsOnDevices: typeof sqlite = {
    mount: (disk, deps) => Object.assign(sqlite.mount(disk, deps), { warmWalBytes: 1_048_576 }),
  };
  const faults = withFaults([{ at: "8s", do: "disk-full", device: DEVICE, for: "40s" }]);
  await using trial = await Trial.start(faults, 1, undefined, warmedAsOnDevices);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await trial.advance(10);
  expect(violationsOf(await trial.evidence())).toEqual([]);
  expect(trial.site.journals.get(DEVICE)!.filter(isSafetyHold)).toEqual([]);
});

test.each([
  ["a full disk", { do: "disk-full", overwrites: "fail" }, /database or disk is full/],
  ["a disk that has become read-only", { do: "disk-read-only" }, /disk I\/O error/],
])("%s stops the robot at once, which says why, and goes on when it is well again", async (_name, fault, reason) => {
  await using trial = await Trial.start(withFaults([{ at: "20s", for: "30s", device: DEVICE, ...fault }]));
  await trial.until("it drives to packing", () => trial.clock.nowMs() > 19_500 && speedOf(trial) > 0.3, 30);
  await trial.until("it stops", () => trial.agent().safety().mode === "stopped", 8);
  await trial.until("it stands", () => Math.abs(speedOf(trial)) < 0.01, 3);
  const { mode, reason: why } = trial.agent().safety();
  expect([mode, why]).toEqual(["stopped", expect.stringMatching(reason)]);
  await trial.advance(10);
  expect(Math.abs(speedOf(trial))).toBeLessThan(0.01);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await trial.advance(10);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("a disk that takes longer than five seconds to commit holds the robot until it has", async () => {
  await using trial = await Trial.start(
    withFaults([{ at: "20s", for: "25s", device: DEVICE, do: "disk-slow", delay: ["9s", "9s"] }]),
  );
  await trial.until("it drives to packing", () => trial.clock.nowMs() > 19_500 && speedOf(trial) > 0.3, 30);
  await trial.until("it stops", () => trial.agent().safety().mode === "stopped", 15);
  expect(trial.agent().safety().reason).toBe("the journal has not answered within 5000 ms");
  expect(trial.clock.nowMs()).toBeGreaterThan(25_000);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await trial.advance(10);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("a slow disk that keeps within five seconds holds nothing", async () => {
  const run = await simulateWith([
    { at: "8s", for: "30s", device: DEVICE, do: "disk-slow", delay: ["200ms", "900ms"] },
  ]);
  expect(endOf(run)).toEqual(DONE);
  expect(heldBySafety(run)).toEqual([]);
});

test.each(SEEDS)("a disk that fails now and then costs nothing but time (seed %i)", async (seed) => {
  onFailureReplay("storage-faults", seed);
  const run = await simulateWith([{ at: "8s", for: "20s", device: DEVICE, do: "disk-errors", share: 0.2 }], seed);
  expect(endOf(run)).toEqual(DONE);
});

test.each(SEEDS)("whatever befalls a disk at once, no acknowledged event is lost (seed %i)", async (seed) => {
  onFailureReplay("storage-faults", seed);
  const run = await simulateWith(
    [
      { at: "6s", for: "30s", device: DEVICE, do: "disk-slow", delay: ["0ms", "1500ms"] },
      { at: "10s", for: "12s", device: DEVICE, do: "disk-errors", share: 0.05 },
      { at: `${12 + (seed % 9)}s`, device: DEVICE, do: "power-cut" },
      { at: `${24 + (seed % 5)}s`, device: DEVICE, do: "kill-agent" },
      { at: "33s", for: "6s", device: DEVICE, do: "disk-full", overwrites: "fail" },
      { at: "41s", device: DEVICE, do: "power-cut", for: "4s" },
    ],
    seed,
  );
  expect(endOf(run)).toEqual(DONE);
});

test("a read-only disk keeps an agent that is started on it from starting, until it can be written again", async () => {
  const run = await simulateWith([
    { at: "8s", for: "20s", device: DEVICE, do: "disk-read-only" },
    { at: "10s", device: DEVICE, do: "kill-agent" },
  ]);
  expect(endOf(run)).toEqual(DONE);
  expect(eventsOf(run, "boot")).toHaveLength(2);
});

test("a store that believes to sync and does not loses acknowledged events at power cuts, and the checkers see it", async () => {
  const sqlite = await loadSimulatedSqlite();
  const mount = sqlite.mount.bind(sqlite);
  const lazy: typeof sqlite = {
    mount(disk, deps) {
      const mounted = mount(disk, deps);
      return { ...mounted, connect: (path) => lazily(mounted.connect(path)) };
    },
  };
  let caught = 0;
  for (let seed = 1; seed <= 6; seed++) {
    await using trial = await Trial.start(
      withFaults([{ at: "15s", do: "power-cut", device: DEVICE }]),
      seed,
      undefined,
      lazy,
    );
    await trial.advance(40);
    caught += violationsOf(await trial.evidence()).some(tellsOfLoss) ? 1 : 0;
  }
  expect(caught).toBeGreaterThan(0);
});

test("a damaged database is kept aside and told of; the robot stands with nothing to do, and says so", async () => {
  await using trial = await Trial.start(withFaults([{ at: "20s", do: "disk-corrupt", device: DEVICE, bits: 20_000 }]));
  await trial.until("it has lost its memory", () => trial.hasEvent("exception"), 40);
  const { disk } = trial.site.agents.get(DEVICE)!;
  expect(disk.paths()).toContainEqual(expect.stringMatching(/^core\.db\.corrupt-/));
  const [told] = trial.site.journals.get(DEVICE)!.filter(({ type }) => type === "exception");
  expect(told!.data).toMatchObject({ code: "store_corrupt", severity: "HIGH" });
  await trial.advance(5);
  expect(speedOf(trial)).toBe(0);
});

function withFaults(faults: readonly unknown[]): ReturnType<typeof scenario> {
  return scenario("short-pick", { faults: faults.map((fault) => Fault.parse(fault)), until: 400_000 });
}

function simulateWith(faults: readonly unknown[], seed = 1): Promise<Simulation> {
  return simulate(withFaults(faults), { seed, realMs: () => 0 });
}

/** What became of the pick. */
function endOf({ evidence }: Simulation): typeof DONE {
  return {
    violations: violationsOf(evidence),
    contracts: evidence.contracts.map(({ status }) => status),
    movements: evidence.movements.map(({ kind }) => kind),
  };
}

function eventsOf({ journals }: Simulation, type: string): Event[] {
  return journals.get(DEVICE)!.filter((event) => event.type === type);
}

function heldBySafety(run: Simulation): Event[] {
  return eventsOf(run, "contract.held").filter(isSafetyHold);
}

function isSafetyHold({ type, data }: Event): boolean {
  return type === "contract.held" && data["by"] === "safety";
}

function speedOf(trial: Trial): number {
  return trial.site.world.track(DEVICE).at(-1)?.speed ?? 0;
}

/** Commits without waiting for the disk, and hides it from the store's own check. */
function lazily(connection: SqliteConnection): SqliteConnection {
  return {
    ...connection,
    get inTransaction() {
      return connection.inTransaction;
    },
    pragma(source, options) {
      const found = connection.pragma(source === "synchronous = FULL" ? "synchronous = NORMAL" : source, options);
      return source === "synchronous" ? 2 : found;
    },
  };
}

/** What is left of a journal that lost its end: a hole, or a device that knows less than it has told. */
function tellsOfLoss(violation: string): boolean {
  return ["a journal has no gap", "cloud and device fold to the same state"].some((says) => violation.startsWith(says));
}
