import { describe, expect, it } from "vitest";
import { MovementKind } from "../movement.ts";
import { movementProblems } from "./movements.ts";

const FULL = { qty: 2, from_location: "a", to_location: "b" };

describe("field rules of movements", () => {
  it.each(MovementKind.options)("%s with both places and a positive quantity is right", (kind) => {
    expect(movementProblems({ kind, ...FULL })).toEqual([]);
  });

  it.each([
    ["PICK", ["/from_location"]],
    ["PUT", ["/to_location"]],
    ["MOVE", ["/from_location", "/to_location"]],
    ["ADJUST", []],
    ["CONSUME", ["/from_location"]],
    ["PRODUCE", ["/to_location"]],
    ["RECEIVE", ["/to_location"]],
    ["SHIP", ["/from_location"]],
  ] as const)("%s without places lacks %j", (kind, paths) => {
    expect(movementProblems({ kind, qty: 1 }).map((problem) => problem.path)).toEqual(paths);
  });

  it.each(MovementKind.options)("%s of a negative quantity is right for ADJUST only, of zero never", (kind) => {
    expect(movementProblems({ kind, ...FULL, qty: -1 }).length).toBe(kind === "ADJUST" ? 0 : 1);
    expect(movementProblems({ kind, ...FULL, qty: 0 }).length).toBe(1);
  });

  it("a serial is one piece", () => {
    expect(movementProblems({ kind: "PICK", ...FULL, serial: "S1" })).toMatchObject([{ path: "/qty", value: 2 }]);
    expect(movementProblems({ kind: "PICK", ...FULL, qty: 1, serial: "S1" })).toEqual([]);
  });
});
