import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { emptyDevice } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { stateAfter, STARTED, type Told } from "../core/situation-fixture.ts";
import { createLiveLane } from "./live-lane.ts";

function deviceAfter(told: readonly Told[]): DeviceState {
  const contract = exampleContract();
  return { ...emptyDevice("one"), contracts: { [contract.contractId]: stateAfter(contract, told) } };
}

function samplesIn(seconds: number, device: DeviceState): number {
  let nowMs = 0;
  const isDue = createLiveLane({ nowMs: () => nowMs }, () => device);
  let count = 0;
  for (; nowMs < seconds * 1000; nowMs += 1000) count += isDue() ? 1 : 0;
  return count;
}

const LIGHTER: Told = ["fix.attempted", "go-to-rack", { fix: "lighter-mode", n: 1, changes: { telemetrySeconds: 10 } }];
const BEGUN: Told = ["stage.started", "go-to-rack", { action: "navigate" }];

describe("the live lane", () => {
  it("takes every sample while nothing asks for fewer", () => {
    expect(samplesIn(30, deviceAfter([...STARTED, BEGUN]))).toBe(30);
    expect(samplesIn(30, emptyDevice("one"))).toBe(30);
  });

  it("takes fewer while a stage runs in a mode that does with fewer, and all of them again after it", () => {
    expect(samplesIn(30, deviceAfter([...STARTED, LIGHTER, BEGUN]))).toBe(3);
    const done = { output: {}, durationSeconds: 1, attempts: 1, distance: 1, batteryUsed: 0 };
    expect(samplesIn(30, deviceAfter([...STARTED, LIGHTER, BEGUN, ["stage.completed", "go-to-rack", done]]))).toBe(30);
  });
});
