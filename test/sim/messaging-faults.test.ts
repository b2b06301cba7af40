import { expect, test } from "vitest";
import type { Event } from "#contract/event";
import { violationsOf } from "#sim/checkers";
import { Fault } from "#sim/faults/fault";
import { NetworkFault } from "#sim/faults/network-fault";
import { simulate, type Simulation } from "#sim/simulate";
import { DEVICE, IS_LONG, onFailureReplay, scenario } from "./support.ts";

const SEEDS = Array.from({ length: IS_LONG ? 40 : 3 }, (_, at) => at + 1);
const DONE: { violations: string[]; contracts: string[]; movements: string[] } = {
  violations: [],
  contracts: ["completed"],
  movements: ["pick", "place"],
};

test("somebody who takes the robot's session over once costs it one connection", async () => {
  const run = await simulateWith([{ at: "15s", do: "session-takeover", device: DEVICE }]);
  expect(endOf(run)).toEqual(DONE);
  expect(eventsOf(run, "link.changed").map(({ data }) => data["state"])).toEqual(["online", "offline", "online"]);
});

test("somebody who keeps the robot's client identifier makes it come back ever more slowly, and it works on", async () => {
  const run = await simulateWith([{ at: "5s", for: "60s", do: "duplicate-client", device: DEVICE }]);
  expect(endOf(run)).toEqual(DONE);
  const done = eventsOf(run, "contract.completed")[0]!;
  expect(Date.parse(done.at) - Date.parse("2026-01-05T08:00:00Z")).toBeLessThan(60_000);
});

test("a connection that was forgotten on the way is given up and made anew, and nobody misses anything", async () => {
  const run = await simulateWith([{ at: "12s", do: "half-open", device: DEVICE }]);
  expect(endOf(run)).toEqual(DONE);
  const [, lost] = eventsOf(run, "link.changed");
  expect(lost?.data).toMatchObject({ state: "offline", reason: "keep-alive timeout" });
});

test.each(["forgotten", "kept"])(
  "a broker that restarts with its retained messages %s disturbs no work",
  async (retained) => {
    const run = await simulateWith([{ at: "12s", for: "4s", do: "broker-restart", retained }]);
    expect(endOf(run)).toEqual(DONE);
    expect(eventsOf(run, "contract.held")).toEqual([]);
  },
);

test("a cloud that was restored from a copy made during the work gets again what it lost", async () => {
  const run = await simulateWith([
    { at: "10s", do: "backup-cloud" },
    { at: "25s", for: "5s", do: "restore-cloud" },
  ]);
  expect(endOf(run)).toEqual(DONE);
  expect(eventsOf(run, "boot")).toHaveLength(1);
});

test("a cloud that was restored from a copy made before the contract, or to nothing, starts no work a second time", async () => {
  for (const faults of [[{ at: "500ms", do: "backup-cloud" }], []]) {
    const run = await simulateWith([...faults, { at: "25s", for: "5s", do: "restore-cloud" }]);
    expect(run.evidence.movements.map(({ kind }) => kind)).toEqual(["pick", "place"]);
    expect(eventsOf(run, "contract.completed")).toHaveLength(1);
    expect(run.evidence.devices[0]!.committed.map(({ id }) => id)).toEqual(
      run.evidence.devices[0]!.journal.map(({ id }) => id),
    );
  }
});

test("a cloud whose database answers slowly is late, not wrong", async () => {
  expect(endOf(await simulateWith([{ at: "0s", for: "60s", do: "slow-cloud", delay: ["200ms", "3s"] }]))).toEqual(DONE);
});

test.each(SEEDS)(
  "messages that come minutes late, in any order, start nothing and lose nothing (seed %i)",
  async (seed) => {
    onFailureReplay("messaging-faults", seed);
    const late = { at: "3s", for: "90s", late: { share: 0.3, by: ["20s", "4m"] }, duplicate: 0.3, reorder: true };
    const run = await simulateWith([], [late], seed);
    expect(endOf(run)).toEqual(DONE);
  },
);

test.each(["up", "down"])("a link that carries nothing %s is given up and mended", async (oneWay) => {
  const run = await simulateWith([], [{ at: "12s", for: "40s", partition: DEVICE, oneWay }]);
  expect(endOf(run)).toEqual(DONE);
  expect(run.result.cloud.modes.map(({ mode }) => mode)).toContain("projected");
});

test.each([-7200, 7200])(
  "a robot whose wall clock alone jumps by %i s keeps its lease and its order of events",
  async (by) => {
    const run = await simulateWith([{ at: "15s", do: "clock-step", by, device: DEVICE }]);
    expect(endOf(run)).toEqual(DONE);
    expect(eventsOf(run, "clock.synced").map(({ data }) => data["stepMs"])).toEqual([by * 1000]);
  },
);

test.each(SEEDS)(
  "cloud, broker, sessions and links fail together, and all agree in the end (seed %i)",
  async (seed) => {
    onFailureReplay("messaging-faults", seed);
    const run = await simulateWith(
      [
        { at: `${5 + (seed % 6)}s`, do: "half-open", device: DEVICE },
        { at: "14s", do: "backup-cloud" },
        { at: "16s", for: "20s", do: "duplicate-client", device: DEVICE },
        { at: "20s", for: "3s", do: "broker-restart", retained: seed % 2 ? "kept" : "forgotten" },
        { at: "26s", for: "4s", do: "restore-cloud" },
        { at: "40s", for: "30s", do: "slow-cloud", delay: ["100ms", "2s"] },
      ],
      [{ at: "30s", for: "40s", loss: 0.2, late: { share: 0.1, by: ["10s", "1m"] } }],
      seed,
    );
    expect(endOf(run)).toEqual(DONE);
  },
);

function simulateWith(faults: readonly unknown[], network: readonly unknown[] = [], seed = 1): Promise<Simulation> {
  const changes = {
    faults: faults.map((fault) => Fault.parse(fault)),
    network: network.map((fault) => NetworkFault.parse(fault)),
    until: 400_000,
  };
  return simulate(scenario("short-pick", changes), { seed, realMs: () => 0 });
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
