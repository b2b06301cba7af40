import { describe, expect, it } from "vitest";
import { readPowerSupply } from "./codec.ts";

describe("the battery that Linux tells of", () => {
  it.each([
    ["percent", "POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=57\n", { charge: 0.57, isCharging: false }],
    [
      "energy",
      "POWER_SUPPLY_STATUS=Full\nPOWER_SUPPLY_ENERGY_NOW=30\nPOWER_SUPPLY_ENERGY_FULL=40",
      { charge: 0.75, isCharging: true },
    ],
    ["charge", "POWER_SUPPLY_CHARGE_NOW=11\nPOWER_SUPPLY_CHARGE_FULL=10", { charge: 1, isCharging: false }],
    ["nothing", "POWER_SUPPLY_ONLINE=1", undefined],
  ])("is read in %s", (_what, uevent, sample) => {
    expect(readPowerSupply(uevent)).toEqual(sample);
  });
});
