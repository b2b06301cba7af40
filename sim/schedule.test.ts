import { describe, expect, it } from "vitest";
import type { Event } from "#contract/event";
import { VirtualClock } from "#lib/virtual-clock";
import { Scenario } from "./scenario.ts";
import { startSchedule, type Interventions } from "./schedule.ts";

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
  };
  return {
    done,
    acts: {
      network,
      killAgent: act("killAgent"),
      startAgent: act("startAgent"),
      killCloud: act("killCloud"),
      startCloud: act("startCloud"),
      stepClock: act("stepClock"),
      worldFault: act("worldFault"),
      command: act("command"),
      note: () => undefined,
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
    schedule.observe(completed("take"), "pick");
    schedule.observe(completed("take"), "pick");
    await clock.advance(3000);
    expect(done).toEqual(['1000 killAgent "amr-07"', '2000 startAgent "amr-07"']);
    expect(schedule.isOver()).toBe(true);
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
      '1000 setLink "amr-07" {"delayMs":[2,8],"loss":0,"duplicate":0,"reorder":false}',
    ]);
  });

  it.each([
    [{ do: "clock-step", by: -3600 }, "stepClock -3600000"],
    [{ do: "hold", contract: "pick" }, 'command "pick" "hold"'],
    [{ do: "battery", device: "amr-07", by: 0.1 }, 'worldFault {"do":"battery","device":"amr-07","charge":0.1}'],
    [
      { do: "driver-fault", device: "amr-07", driver: "lidar", for: "5s" },
      'worldFault {"do":"driver-fault","device":"amr-07","driver":"lidar","forMs":5000}',
    ],
    [{ do: "kidnap", device: "amr-07", to: [1, 2, 0] }, 'worldFault {"do":"kidnap","device":"amr-07","to":[1,2,0]}'],
  ])("does %j", async (fault, expected) => {
    const clock = new VirtualClock();
    const { acts, done } = recordingActs(clock);
    startSchedule(scenarioWith({ faults: [{ at: "1s", ...fault }] }), clock, acts);
    await clock.advance(2000);
    expect(done).toEqual([`1000 ${expected}`]);
  });
});
