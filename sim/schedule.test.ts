import { describe, expect, it } from "vitest";
import type { Event } from "#contract/event";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { DeviceClock } from "./device-clock.ts";
import { Scenario } from "./scenario.ts";
import type { Interventions } from "./faults/interventions.ts";
import { startSchedule } from "./schedule.ts";
import { SimulatedDisk } from "./storage/disk.ts";

function scenarioWith(part: { network?: unknown[]; faults?: unknown[] }): Scenario {
  const robots = [{ id: "amr-07", profile: "amr-sim", pose: [0, 0, 0] }];
  return Scenario.parse({ name: "s", map: { empty: [0, 0, 9, 9] }, robots, until: "60s", ...part });
}

function recordingActs(clock: VirtualClock): { acts: Interventions; done: string[] } {
  const done: string[] = [];
  const act =
    (name: string) =>
    (...args: unknown[]): void =>
      void done.push(`${clock.nowMs()} ${name} ${args.map((arg) => JSON.stringify(arg)).join(" ")}`.trim());
  const network = {
    partition: act("partition"),
    heal: act("heal"),
    setLink: act("setLink"),
    restartBroker: act("restart"),
    impersonate(deviceId: string) {
      act("impersonate")(deviceId);
      return { end: act("end of the impostor") };
    },
    forgetConnections: act("forgetConnections"),
  };
  const disk = new SimulatedDisk({ clock, rng: createRng(1) });
  disk.set = act("set");
  disk.flipBits = act("flipBits");
  disk.remove = act("remove");
  const deviceClock = new DeviceClock(clock);
  deviceClock.stepWall = act("stepWall");
  return {
    done,
    acts: {
      network,
      killAgent: act("killAgent"),
      startAgent: act("startAgent"),
      killCloud: act("killCloud"),
      startCloud: act("startCloud"),
      worldFault: act("worldFault"),
      command: act("command"),
      note: () => undefined,
      virtual: () => ({
        network,
        agent: () => ({ cutPower: act("cutPower"), disk, clock: deviceClock }),
        cloud: { slow: act("slow"), backUp: act("backUp"), restore: act("restore") },
        stepClock: act("stepClock"),
      }),
    },
  };
}

const completed = (stageId: string): Event => ({
  seq: 1,
  id: "019b8d2b-93d0-73c1-8bb7-f2686650c03c",
  at: "2026-01-05T08:00:00.000Z",
  monoMs: 0,
  clock: "synced",
  type: "stage.completed",
  stageId,
  data: {},
});

describe("startSchedule", () => {
  it("begins and ends a partition at its time", async () => {
    const clock = new VirtualClock();
    const { acts, done } = recordingActs(clock);
    const scenario = scenarioWith({ network: [{ at: "2s", for: "3s", partition: "amr-07" }] });
    const schedule = startSchedule(scenario, clock, acts);
    await clock.advance(4000);
    expect(schedule.isOver()).toBe(false);
    await clock.advance(4000);
    expect(done).toEqual(['2000 partition "amr-07"', '5000 heal "amr-07"']);
    expect(schedule.isOver()).toBe(true);
  });

  it("waits for the stage that a fault follows, of that contract only, and begins it once", async () => {
    const clock = new VirtualClock();
    const { acts, done } = recordingActs(clock);
    const after = { contract: "pick", stage: "take" };
    const schedule = startSchedule(
      scenarioWith({ faults: [{ after, do: "kill-agent", device: "amr-07", for: "1s" }] }),
      clock,
      acts,
    );
    schedule.observe(completed("take"), "another");
    schedule.observe(completed("drive"), "pick");
    await clock.advance(1000);
    expect(done).toEqual([]);
    expect(schedule.waiting()).toEqual(["faults.0 (kill-agent): pick has not completed take"]);
    schedule.observe(completed("take"), "pick");
    schedule.observe(completed("take"), "pick");
    await clock.advance(3000);
    expect(done).toEqual(['1000 killAgent "amr-07"', '2000 startAgent "amr-07"']);
    expect([schedule.isOver(), schedule.waiting()]).toEqual([true, []]);
  });

  it("weathers every link when no device is named, and clears up afterwards", async () => {
    const clock = new VirtualClock();
    const { acts, done } = recordingActs(clock);
    startSchedule(
      scenarioWith({ network: [{ at: "0s", for: "1s", loss: 0.2, delay: ["10ms", "50ms"] }] }),
      clock,
      acts,
    );
    await clock.advance(2000);
    expect(done).toEqual([
      '0 setLink "amr-07" {"loss":0.2,"delayMs":[10,50]}',
      '1000 setLink "amr-07" {"delayMs":[2,8],"loss":0,"duplicate":0,"reorder":false,"late":{"share":0,"byMs":[0,0]}}',
    ]);
  });

  it.each([
    [{ do: "clock-step", by: -3600 }, ["1000 stepClock -3600000"]],
    [{ do: "clock-step", by: 60, device: "amr-07" }, ["1000 stepWall 60000"]],
    [{ do: "hold", contract: "pick" }, ['1000 command "pick" "hold"']],
    [{ do: "battery", device: "amr-07", by: 0.1 }, ['1000 worldFault {"do":"battery","device":"amr-07","charge":0.1}']],
    [
      { do: "driver-fault", device: "amr-07", driver: "lidar", for: "5s" },
      ['1000 worldFault {"do":"driver-fault","device":"amr-07","driver":"lidar","forMs":5000}'],
    ],
    [
      { do: "kidnap", device: "amr-07", to: [1, 2, 0] },
      ['1000 worldFault {"do":"kidnap","device":"amr-07","to":[1,2,0]}'],
    ],
    [{ do: "power-cut", device: "amr-07", for: "3s" }, ["1000 cutPower", '4000 startAgent "amr-07"']],
    [{ do: "disk-full", device: "amr-07", for: "3s" }, ['1000 set {"space":"full"}', '4000 set {"space":"free"}']],
    [
      { do: "disk-full", device: "amr-07", for: "3s", overwrites: "fail" },
      ['1000 set {"space":"full-for-all"}', '4000 set {"space":"free"}'],
    ],
    [
      { do: "disk-read-only", device: "amr-07", for: "3s" },
      ['1000 set {"access":"read-only"}', '4000 set {"access":"read-write"}'],
    ],
    [
      { do: "disk-slow", device: "amr-07", for: "3s", delay: ["1s", "2s"] },
      ['1000 set {"syncMs":[1000,2000]}', '4000 set {"syncMs":[0,0]}'],
    ],
    [
      { do: "disk-errors", device: "amr-07", for: "3s", share: 0.5 },
      ['1000 set {"errors":0.5}', '4000 set {"errors":0}'],
    ],
    [
      { do: "disk-corrupt", device: "amr-07" },
      ['1000 killAgent "amr-07"', '1000 flipBits "core.db" 64', '3000 startAgent "amr-07"'],
    ],
    [
      { do: "wal-lost", device: "amr-07" },
      ['1000 killAgent "amr-07"', '1000 remove "core.db-wal"', '3000 startAgent "amr-07"'],
    ],
    [{ do: "slow-cloud", for: "1s", delay: ["1s", "2s"] }, ["1000 slow [1000,2000]", "2000 slow"]],
    [{ do: "restore-cloud", for: "1s" }, ["1000 killCloud", "1000 restore", "2000 startCloud"]],
    [{ do: "broker-restart", for: "1s", retained: "kept" }, ['1000 restart 1000 "kept"']],
    [{ do: "session-takeover", device: "amr-07" }, ['1000 impersonate "amr-07"', "1000 end of the impostor"]],
    [
      { do: "duplicate-client", device: "amr-07", for: "9s" },
      ['1000 impersonate "amr-07"', "10000 end of the impostor"],
    ],
    [{ do: "half-open", device: "amr-07" }, ['1000 forgetConnections "amr-07"']],
  ])("does %j", async (fault, expected) => {
    const clock = new VirtualClock();
    const { acts, done } = recordingActs(clock);
    startSchedule(scenarioWith({ faults: [{ at: "1s", ...fault }] }), clock, acts);
    await clock.advance(20_000);
    expect(done).toEqual(expected);
  });
});
