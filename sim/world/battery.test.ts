import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Battery, chargePower, type Load, powerOf } from "./battery.ts";
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
  loadKg: 50,
});
const idle: Load = {
  velocity: { linear: 0, angular: 0 },
  acceleration: 0,
  isToolActive: false,
  isLoaded: false,
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
    ["carrying", { ...idle, isLoaded: true, velocity: { linear: 1, angular: 0 }, acceleration: 1 }, 50 + 60 + 150],
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

  it("keeps the balance of energy, whatever the robot does", () => {
    const doing = fc.record({
      linear: fc.double({ min: -1, max: 2, noNaN: true }),
      angular: fc.double({ min: -2, max: 2, noNaN: true }),
      acceleration: fc.double({ min: -1, max: 1, noNaN: true }),
      isToolActive: fc.boolean(),
      isLoaded: fc.boolean(),
      isCharging: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 200 }), (steps) => {
        const tapering = { ...spec, taperFrom: 0.45 };
        const battery = new Battery(tapering);
        let [drawnWs, givenWs] = [0, 0];
        for (const { linear, angular, ...rest } of steps) {
          const load = { velocity: { linear, angular }, ...rest };
          drawnWs += powerOf(load, tapering) * 0.5;
          if (rest.isCharging) givenWs += chargePower(battery.charge, tapering) * 0.5;
          battery.step(load, 0.5);
        }
        expect(battery.used).toBeCloseTo(drawnWs / 360_000, 9);
        expect(battery.charge).toBeCloseTo(0.5 + (givenWs - drawnWs) / 360_000, 9);
      }),
    );
  });

  it("takes less and less from the charger when it tapers off, and still gets full", () => {
    const battery = new Battery({ ...spec, idleW: 0, taperFrom: 0.8 });
    const after = (seconds: number): number => {
      for (let step = 0; step < seconds; step++) battery.step({ ...idle, isCharging: true }, 1);
      return battery.charge;
    };
    expect(after(540)).toBeCloseTo(0.8, 2);
    const [first, second] = [after(180) - 0.8, 0.1];
    expect(first).toBeLessThan(second);
    expect(after(3 * 3600)).toBe(1);
  });

  it("ends at 0", () => {
    const battery = new Battery(spec);
    battery.step(idle, 36_000);
    expect(battery.charge).toBe(0);
    expect(battery.used).toBe(0.5);
  });
});
