import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { emptyDevice } from "#contract/reducer";
import { drainPerMetreOf } from "./drain.ts";
import { stateAfter } from "./situation-fixture.ts";

const driven = (contractId: string, distance: number, batteryUsed: number): object => ({
  [contractId]: { ...stateAfter(exampleContract(), []), distance, batteryUsed },
});
const drain = (contracts: object): number | undefined => drainPerMetreOf({ ...emptyDevice("one"), contracts } as never);

describe("what a metre takes of the battery", () => {
  it("is what all contracts took for all their metres", () => {
    expect(drain({ ...driven("a", 30, 0.02), ...driven("b", 10, 0.02) })).toBeCloseTo(0.001);
  });

  it("is not known before the robot has driven enough", () => {
    expect(drain(driven("a", 19, 0.1))).toBeUndefined();
    expect(drain({})).toBeUndefined();
  });

  it("is not learned from a contract during which the robot was charged", () => {
    expect(drain({ ...driven("a", 30, -0.5) })).toBeUndefined();
  });
});
