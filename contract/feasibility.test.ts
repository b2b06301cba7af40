import { describe, expect, it } from "vitest";
import { exampleContract } from "./example.ts";
import { infeasibilities, toolsOf } from "./feasibility.ts";

const ABLE = { actions: ["navigate", "pick", "place"], tools: ["base", "load"] };

describe("infeasibilities", () => {
  it("finds none for a device that has the actions and the tools", () => {
    expect(infeasibilities(exampleContract(), ABLE)).toEqual([]);
  });

  it("lists every action and tool that is lacking, implied ones too", () => {
    const contract = exampleContract();
    const [first, pick] = contract.stages;
    const stages = [
      { ...first!, toolsRequired: ["lights"] },
      { ...pick!, toolsRequired: [] },
    ];
    expect(infeasibilities({ stages }, { actions: ["navigate"], tools: ["base"] })).toEqual([
      { path: "/stages/0/toolsRequired", message: "the device has no such tool", value: "lights", expected: "base" },
      { path: "/stages/1/action", message: "the device can't do this", value: "pick", expected: "navigate" },
      { path: "/stages/1/toolsRequired", message: "the device has no such tool", value: "load", expected: "base" },
    ]);
  });

  it("lets an optional stage pass", () => {
    const stages = exampleContract().stages.map((stage) => ({ ...stage, optional: true }));
    expect(infeasibilities({ stages }, { actions: [], tools: [] })).toEqual([]);
  });
});

describe("toolsOf", () => {
  it("adds what the action implies to what the stage asks for", () => {
    expect([...toolsOf({ action: "pick", toolsRequired: ["camera", "load"] })]).toEqual(["load", "camera"]);
  });
});
