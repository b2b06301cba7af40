import { describe, expect, it } from "vitest";
import { checkExpectations, judge, type Unjudged } from "./expectations.ts";

const RESULT: Unjudged = {
  scenario: "s",
  seed: 1,
  digest: "",
  virtualSeconds: 60,
  wallSeconds: 1,
  realTimeFactor: 60,
  devices: [
    {
      id: "amr-07",
      contracts: [
        { contractId: "c-1", name: "pick", status: "released", stages: [] },
        { contractId: "c-2", name: "pick", status: "completed", stages: [] },
      ],
      distance: 12,
      meanSpeed: 0.9,
      minClearance: 0.2,
      collisions: 0,
      keepoutViolations: 0,
      speedViolations: 0,
      batteryUsed: 0.01,
    },
  ],
  cloud: { modes: [], reconciliations: [] },
};

const verdict = (that: string): boolean => judge(RESULT, [{ name: "x", that }])[0]!.ok;

describe("judge", () => {
  it.each([
    ["robot('amr-07').collisions == 0", true],
    ["robot('amr-07').distance > 12.5", false],
    ["contract('pick').status == 'completed'", true],
    ["contract('c-1').status == 'released'", true],
    ["cloud.reconciliations.size() >= 1", false],
    ["virtualSeconds < 90", true],
    ["robot('amr-07').distance", false],
    ["robot('nobody').collisions == 0", false],
  ])("%s is %s", (that, ok) => expect(verdict(that)).toBe(ok));

  it.each([
    [
      "robot('amr-07').distance > 20 && virtualSeconds < 90",
      "is false: robot('amr-07').distance is 12, virtualSeconds is 60",
    ],
    ["contract('pick').status == 'failed'", "is false: contract('pick').status is \"completed\""],
    ["cloud.reconciliations.size() >= 1", "is false: cloud.reconciliations.size() is 0"],
    ["devices.exists(d, d.collisions > 0)", "is false: robot('amr-07').collisions is 0"],
    ["robot('amr-07').distance", "is 12"],
  ])("says what was found instead of %s", (that, found) => {
    const [wrong] = judge(RESULT, [{ name: "far", that }]);
    expect(wrong).toEqual({ name: "far", ok: false, detail: `${that} ${found}` });
  });

  it("names the robot or contract that is not there", () => {
    const [wrong] = judge(RESULT, [{ name: "gone", that: "robot('nobody').collisions == 0" }]);
    expect(wrong!.detail).toContain("nobody");
  });
});

describe("checkExpectations", () => {
  it("finds what cannot be evaluated before anything runs", () => {
    const faults = checkExpectations([{ that: "1 == 1" }, { that: "robot('a'" }, { that: "robots('a')" }]);
    expect(faults.map(({ index }) => index)).toEqual([1, 2]);
    expect(faults[1]!.message).toContain("robots");
  });

  it.each([
    ["robot('a').colisions == 0", "a robot has no colisions; did you mean collisions?"],
    ["devices.all(d, d.distanc > 1.0)", "a robot has no distanc; did you mean distance?"],
    ["contract('x').state == 'completed'", "a contract has no state; there is contractId, name, status, stages"],
    ["contract('x').status == completed", "(character 25); a text stands in quotes: 'completed'"],
  ])("tells what is wrong with %s", (that, message) => {
    expect(checkExpectations([{ that }])).toEqual([{ index: 0, message: expect.stringContaining(message) as string }]);
  });

  it.each(["devices.all(d, d.contracts.all(c, c.status == 'completed'))", "robot('a').coverage > 0.9"])(
    "knows %s",
    (that) => {
      expect(checkExpectations([{ that }])).toEqual([]);
    },
  );
});
