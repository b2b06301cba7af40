import { expect, test } from "vitest";
import { readEventData } from "#contract/event-data";
import { Fault } from "#sim/faults/fault";
import { violationsOf } from "#sim/checkers";
import { simulate } from "#sim/simulate";
import { DEVICE, scenario } from "./support.ts";

test.each([
  { driver: "base", reason: /wheels report one and the same place/ },
  { driver: "lidar", reason: /lidar repeats one scan/ },
])(
  "a robot whose $driver repeats itself holds its contract, tells why, touches nothing, and finishes",
  async ({ driver, reason }) => {
    const fault = Fault.parse({ at: "12s", do: "sensor-freeze", device: DEVICE, driver, for: "8s" });
    const { evidence, journals } = await simulate(scenario("short-pick", { faults: [fault] }), {
      seed: 1,
      realMs: () => 0,
    });
    const journal = journals.get(DEVICE)!;
    const told = journal.flatMap(({ type, data }) =>
      type === "driver.changed" ? (readEventData(type, data) ?? []) : [],
    );
    expect(told).toContainEqual({ driver, state: "degraded", reason: expect.stringMatching(reason) as string });
    expect(told.at(-1)).toEqual({ driver, state: "ok" });
    const holds = journal.filter(({ type }) => type === "contract.held").map(({ data }) => data);
    expect(holds).toContainEqual(
      expect.objectContaining({ by: "safety", reason: expect.stringMatching(reason) as string }),
    );
    expect(evidence.devices[0]!.metrics.collisions).toEqual([]);
    expect(evidence.contracts.map(({ status }) => status)).toEqual(["completed"]);
    expect(violationsOf(evidence)).toEqual([]);
  },
);
