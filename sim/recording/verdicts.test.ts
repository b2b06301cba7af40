import { describe, expect, it } from "vitest";
import type { Unjudged } from "../expectations.ts";
import type { DeviceResult } from "../result.ts";
import type { Metrics } from "../world/metrics.ts";
import { incidentsOf, VerdictWatch, verdictsOf, violationMarks } from "./verdicts.ts";

function device(id: string, collisions: number): DeviceResult {
  return {
    id,
    contracts: [{ contractId: `c-${id}`, name: `drive-${id}`, status: "failed", stages: [] }],
    distance: 1,
    meanSpeed: 1,
    minClearance: 1,
    collisions,
    keepoutViolations: 0,
    speedViolations: 0,
    batteryUsed: 0,
  };
}

const RUN: Unjudged = {
  scenario: "s",
  seed: 1,
  digest: "",
  virtualSeconds: 60,
  wallSeconds: 1,
  realTimeFactor: 60,
  devices: [device("a", 0), device("b", 2)],
  cloud: { modes: [], reconciliations: [] },
};
const NO_INCIDENTS = new Map<string, never[]>();

function verdictOf(
  that: string,
  watch = new VerdictWatch(),
  incidents: Parameters<typeof verdictsOf>[0]["incidents"] = NO_INCIDENTS,
) {
  const expected = [{ name: "x", that }];
  const expectations = [{ name: "x", ok: false, detail: "no" }];
  return verdictsOf({ unjudged: RUN, expected, expectations, incidents }, watch)[0]!.verdict;
}

function watched(...verdicts: readonly boolean[]): VerdictWatch {
  const watch = new VerdictWatch();
  verdicts.forEach((ok, at) => watch.judged(at + 1, [{ name: "x", ok, detail: "" }]));
  return watch;
}

describe("verdictsOf", () => {
  it("points at the robot that an expectation asks for, also by its contract", () => {
    expect(verdictOf("robot('b').collisions == 0")).toMatchObject({ devices: ["b"] });
    expect(verdictOf("contract('drive-a').status == 'completed'")).toMatchObject({ devices: ["a"] });
  });

  it("points at the robots without which it would hold when it asks for all", () => {
    expect(verdictOf("devices.all(d, d.collisions == 0)")).toMatchObject({ devices: ["b"] });
    expect(verdictOf("virtualSeconds < 10.0")).toMatchObject({ devices: [] });
  });

  it("tells since when it was missed for good", () => {
    const watch = watched(true, false, true, false, false);
    expect(verdictOf("robot('b').collisions == 0", watch)).toMatchObject({ how: "became-false", t: 4 });
  });

  it("puts one that never held at the end", () => {
    expect(verdictOf("robot('b').collisions == 0", watched(false, false))).toMatchObject({ how: "never-held", t: 60 });
  });

  it("is exact where an incident of the robot explains it", () => {
    const incidents = new Map([["b", [1.2, 3.4].map((t) => ({ t, text: "ran into map", at: [0, 0] as const }))]]);
    const watch = watched(true, true, true, false);
    expect(verdictOf("robot('b').collisions == 0", watch, incidents)).toMatchObject({ t: 3.4 });
  });
});

describe("violationMarks", () => {
  const metrics = {
    collisions: [{ atMs: 13_000, with: "map", pose: { x: 1, y: 2, yaw: 0 }, speed: -0.25 }],
    violations: [{ atMs: 12_000, kind: "keepout", zone: "lab", pose: { x: 3, y: 4, yaw: 0 } }],
  } as unknown as Metrics;

  it("marks collisions and violations at their own time and place, in the order of time", () => {
    expect(violationMarks("b", incidentsOf(metrics, 10_000), [])).toEqual([
      { t: 2, kind: "violation", text: "entered lab, where it must not be", at: [3, 4] },
      { t: 3, kind: "violation", text: "ran into map at 0.25 m/s", at: [1, 2] },
    ]);
  });

  it("marks missed expectations on the robots that they are about only", () => {
    const verdict = { is: "missed", how: "became-false", t: 5, devices: ["b"] } as const;
    const verdicts = [{ name: "safe", detail: "", verdict }];
    expect(violationMarks("a", [], verdicts)).toEqual([]);
    expect(violationMarks("b", [], verdicts)).toEqual([{ t: 5, kind: "violation", text: "expectation lost: safe" }]);
  });
});
