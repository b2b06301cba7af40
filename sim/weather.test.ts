import { expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { drawWeather } from "./weather.ts";

const CLIMATE = { places: ["amr-07", "cloud"], calmAtMs: 70_000 };
const DRAWN = Array.from({ length: 300 }, (_, seed) => drawWeather(createRng(seed), CLIMATE));

it("is the same for the same seed", () => {
  expect(drawWeather(createRng(7), CLIMATE)).toEqual(DRAWN[7]);
});

it("ends before the calm", () => {
  for (const fault of DRAWN.flat()) expect(fault.at! + fault.for).toBeLessThanOrEqual(CLIMATE.calmAtMs);
});

it("cuts one place at a time", () => {
  for (const faults of DRAWN) {
    const outages = faults.filter(({ partition }) => partition !== undefined);
    for (const [at, next] of outages.slice(1).entries()) {
      expect(next.at).toBeGreaterThanOrEqual(outages[at]!.at! + outages[at]!.for);
    }
  }
});

it.each([
  ["loss", (fault: (typeof DRAWN)[0][0]) => fault.loss !== undefined],
  ["duplicates", (fault: (typeof DRAWN)[0][0]) => fault.duplicate !== undefined],
  ["delay", (fault: (typeof DRAWN)[0][0]) => fault.delay !== undefined],
  ["reordering", (fault: (typeof DRAWN)[0][0]) => fault.reorder === true],
  ["an outage of the device", (fault: (typeof DRAWN)[0][0]) => fault.partition === "amr-07"],
  ["an outage of the cloud", (fault: (typeof DRAWN)[0][0]) => fault.partition === "cloud"],
])("brings %s in some runs and not in others", (_kind, isPresent) => {
  const share = DRAWN.filter((faults) => faults.some(isPresent)).length / DRAWN.length;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.8);
});
