import { describe, expect, test } from "vitest";
import { encode } from "fast-png";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { infeasibilities, type DeviceAbilities } from "./feasibility.ts";

const able: DeviceAbilities = { actions: ["navigate", "pick", "place"], tools: ["base", "load"], battery: 0.9 };
const contract = exampleContract();

/** The example map with the cell at (x, y) painted with a grey value. */
function mapWith(x: number, y: number, grey: number): Contract {
  const data = new Uint8Array(400).fill(254);
  data[(9 - y) * 20 + (x + 10)] = grey;
  const png = Buffer.from(encode({ width: 20, height: 20, data, channels: 1, depth: 8 })).toString("base64");
  return { ...contract, spatial: { ...contract.spatial, occupancy: { ...contract.spatial.occupancy!, png } } };
}

describe("infeasibilities", () => {
  test("finds nothing against a contract that the device can fulfil", () => {
    expect(infeasibilities(contract, able)).toEqual([]);
    expect(infeasibilities(contract, { ...able, battery: undefined })).toEqual([]);
  });

  test("names every action and tool that the device lacks", () => {
    const problems = infeasibilities(contract, { ...able, actions: ["navigate"], tools: ["base"] });
    expect(problems.map(({ path, value }) => [path, value])).toEqual([
      ["/stages/1/action", "pick"],
      ["/stages/1/toolsRequired", "load"],
      ["/stages/3/action", "place"],
      ["/stages/3/toolsRequired", "load"],
    ]);
  });

  test("names what can't be undone and would never fit into the lease", () => {
    const lease = (durationSeconds: number): Contract => ({
      ...contract,
      lease: { durationSeconds, windDownSeconds: 5 },
    });
    expect(infeasibilities(lease(61), able)).toEqual([]);
    expect(infeasibilities(lease(60), able).map(({ path, value }) => [path, value])).toEqual([
      ["/stages/1/timeoutSeconds", 60],
      ["/stages/3/timeoutSeconds", 60],
    ]);
  });

  test("looks at alternatives too", () => {
    const [first, ...rest] = contract.stages;
    const stages = [
      { ...first!, alternatives: [{ action: "scan", inputs: {} }, { inputs: { to: [50, 0, 0] } }] },
      ...rest,
    ];
    const problems = infeasibilities({ ...contract, stages }, able);
    expect(problems.map((problem) => problem.message)).toEqual([
      "this device has no action scan",
      "this device has no tool scanner",
      "the goal is outside of the map",
    ]);
  });

  test.each([
    { what: "occupied", grey: 0 },
    { what: "in unknown space", grey: 128 },
  ])("refuses a goal that is $what", ({ what, grey }) => {
    const problems = infeasibilities(mapWith(4, 0, grey), able);
    expect(problems).toMatchObject([{ path: "/stages/0/inputs/to", message: `the goal is ${what}` }]);
  });

  test("does not mind an obstacle where no goal is", () => {
    expect(infeasibilities(mapWith(0, 0, 0), able)).toEqual([]);
  });

  test("refuses a goal in a keepout zone, and needs no map for that", () => {
    const { occupancy: _none, ...spatial } = contract.spatial;
    const polygon: [number, number][] = [
      [-5, 2],
      [-3, 2],
      [-3, 4],
      [-5, 4],
    ];
    const zones = [{ id: "machine", kind: "keepout" as const, polygon }];
    const problems = infeasibilities({ ...contract, spatial: { ...spatial, zones } }, able);
    expect(problems).toMatchObject([
      { path: "/stages/2/inputs/to", message: "the goal is in the keepout zone machine" },
    ]);
  });

  test("refuses to begin with a battery that is not above the floor", () => {
    expect(infeasibilities(contract, { ...able, battery: 0.2 })).toMatchObject([
      { path: "/constraints/battery/minimum", value: 0.2, expected: "above 0.2" },
    ]);
  });
});
