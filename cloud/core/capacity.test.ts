import { expect, it } from "vitest";
import type { Zone } from "#contract/spatial";
import { capacityOf, type Hand } from "./capacity.ts";

const AISLE: Zone = {
  id: "aisle",
  kind: "work",
  polygon: [
    [0, 0],
    [4, 0],
    [4, 4],
    [0, 4],
  ],
};
const KEEPOUT: Zone = { ...AISLE, id: "closed", kind: "keepout" };
const robot: Hand = { mode: "live", kind: "amr", isAtWork: false, zones: [] };
const picker: Hand = { ...robot, isAtWork: true, at: [1, 1], zones: [AISLE, KEEPOUT] };

it("counts robots that are idle, at work and out of reach, and people by the device that they carry", () => {
  const lost: Hand = { ...picker, mode: "projected", at: [9, 9] };
  const person: Hand = { ...picker, kind: "pda" };
  expect(capacityOf([robot, robot, picker, lost, person, { ...person, isAtWork: false }])).toEqual({
    active_workers: 1,
    idle_robots: 2,
    active_robots: 2,
    offline_devices: 1,
    zone_wip: { aisle: 2 },
  });
});

it("counts nothing in a zone for a device whose place is not known, or that stands there without work", () => {
  expect(
    capacityOf([
      { ...picker, at: undefined },
      { ...picker, isAtWork: false },
    ]).zone_wip,
  ).toEqual({});
});
