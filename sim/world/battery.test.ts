import { describe, expect, it } from "vitest";
import { Battery, type Load, powerOf } from "./battery.ts";
import { BatterySpec } from "./world-spec.ts";

const spec = BatterySpec.parse({
  capacityWh: 100,
  charge: 0.5,
  idleW: 50,
  rollingResistanceN: 40,
  turningTorqueNm: 10,
  massKg: 100,
  toolW: 30,
  chargeW: 200,
});
const idle: Load = {
  velocity: { linear: 0, angular: 0 },
  acceleration: 0,
  isToolActive: false,
  isCharging: false,
};

describe("power", () => {
  it.each([
    ["standing", idle, 50],
    ["driving", { ...idle, velocity: { linear: 1.5, angular: 0 } }, 50 + 60],
    ["backing up", { ...idle, velocity: { linear: -0.5, angular: 0 } }, 50 + 20],
    ["turning", { ...idle, velocity: { linear: 0, angular: -0.5 } }, 50 + 5],
    ["speeding up", { ...idle, velocity: { linear: 1, angular: 0 }, acceleration: 0.5 }, 50 + 40 + 50],
    ["braking", { ...idle, velocity: { linear: 1, angular: 0 }, acceleration: -0.5 }, 50 + 40],
    ["handling", { ...idle, isToolActive: true }, 50 + 30],
  ])("is what %s takes", (_, load, watts) => {
    expect(powerOf(load, spec)).toBe(watts);
  });
});

describe("a battery", () => {
  it("loses its load over time", () => {
    const battery = new Battery(spec);
    for (let step = 0; step < 3600; step++) battery.step(idle, 0.1);
    expect(battery.charge).toBeCloseTo(0.5 - 0.05, 9);
    expect(battery.used).toBeCloseTo(0.05, 9);
  });

  it("gains what the charger gives beyond the load, and is full at 1", () => {
    const battery = new Battery(spec);
    battery.step({ ...idle, isCharging: true }, 360);
    expect(battery.charge).toBeCloseTo(0.5 + 0.15, 9);
    expect(battery.used).toBeCloseTo(0.05, 9);
    battery.step({ ...idle, isCharging: true }, 36_000);
    expect(battery.charge).toBe(1);
  });

  it("ends at 0", () => {
    const battery = new Battery(spec);
    battery.step(idle, 36_000);
    expect(battery.charge).toBe(0);
    expect(battery.used).toBe(0.5);
  });
});
