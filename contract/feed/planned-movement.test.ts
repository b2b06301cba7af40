import { describe, expect, it } from "vitest";
import { plannedMovement, plannedMovementProblems } from "./planned-movement.ts";

const PLACES = { from: "a", to: "b" };

describe("the movement of a stage", () => {
  it.each([
    ["pick", { kind: "PICK", from_location: "a" }],
    ["place", { kind: "PUT", to_location: "b" }],
    ["carry", { kind: "MOVE", from_location: "a", to_location: "b" }],
    ["count", { kind: "ADJUST" }],
  ])("is that of its action %s unless it declares one", (action, movement) => {
    expect(plannedMovement({ action, inputs: PLACES })).toEqual(movement);
  });

  it("is none for an action that moves no goods", () => {
    expect(plannedMovement({ action: "navigate", inputs: PLACES })).toBeUndefined();
  });

  it.each([
    ["CONSUME", { from_location: "a" }],
    ["SHIP", { from_location: "a" }],
    ["PRODUCE", { to_location: "b" }],
    ["RECEIVE", { to_location: "b" }],
  ] as const)("may be declared as %s, with places from the inputs", (kind, places) => {
    const declared = { kind, sku: "SKU-1", quantity: 3, uom: "KG" };
    expect(plannedMovement({ action: "wait", inputs: PLACES, movement: declared })).toEqual({ ...declared, ...places });
  });

  it("is wrong where its declaration breaks the rules of its kind", () => {
    const movement = { kind: "SHIP", sku: "SKU-1", quantity: -1 } as const;
    expect(plannedMovementProblems({ action: "wait", inputs: {}, movement }).map((problem) => problem.path)).toEqual([
      "/from_location",
      "/qty",
    ]);
  });
});
