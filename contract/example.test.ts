import { describe, expect, it } from "vitest";
import { Contract } from "./contract.ts";
import { exampleContract } from "./example.ts";
import { decodeOccupancy, FREE } from "./occupancy-grid.ts";

describe("exampleContract", () => {
  it("fits the schema", () => {
    expect(Contract.parse(exampleContract())).toEqual(exampleContract());
  });

  it("has a map of free cells only", () => {
    const grid = decodeOccupancy(exampleContract().spatial.occupancy!);
    expect([grid.width, grid.height]).toEqual([20, 20]);
    expect(grid.cells.every((cell) => cell === FREE)).toBe(true);
  });

  it("takes whole parts from the overrides", () => {
    expect(exampleContract({ epoch: 7 })).toEqual({ ...exampleContract(), epoch: 7 });
  });
});
