import { describe, expect, it } from "vitest";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { nothingLearned } from "./durations.ts";
import type { Outlook } from "./estimate.ts";
import { isBinding, previewContract, warningOf, type Margin, type Preview } from "./preview.ts";

const outlook: Outlook = {
  speed: 0.5,
  topSpeed: 1,
  drainPerSecond: 0.001,
  learned: nothingLearned,
  routes: new Map([
    [
      "go-to-rack",
      [
        [0, 0],
        [4, 0],
      ] as const,
    ],
    [
      "go-to-station",
      [
        [4, 0],
        [-4, 6],
      ] as const,
    ],
  ]),
};

function preview(contract: Contract = exampleContract(), battery = 1): Preview {
  const wallMs = Date.parse(contract.issuedAt);
  return previewContract({ contract, outlook, battery, wallMs, from: { x: 0, y: 0, yaw: 0 } });
}

function margin(name: Margin["name"], of: Preview): Margin {
  return of.margins.find((each) => each.name === name)!;
}

function within(window: Contract["constraints"]["window"], lease = exampleContract().lease): Contract {
  return exampleContract({ lease, constraints: { ...exampleContract().constraints, window } });
}

describe("the preview of a contract", () => {
  it("puts the stages one after the other, with times, ways and battery", () => {
    const { stages, total, length, batteryAtEnd } = preview();
    expect(stages).toMatchObject([
      { stageId: "go-to-rack", startSeconds: 0, time: { seconds: 12 }, length: 4, batteryUsed: 0.012 },
      { stageId: "pick", startSeconds: 12, time: { seconds: 5 }, length: 0 },
      { stageId: "go-to-station", startSeconds: 17, time: { seconds: 24 }, length: 10 },
      { stageId: "place", startSeconds: 41, time: { seconds: 5 } },
    ]);
    expect(total.seconds).toBe(46);
    expect(length).toBe(14);
    expect(batteryAtEnd).toBeCloseTo(1 - 0.046);
  });

  it("has stages side by side where the contract lets them be", () => {
    const [drive, ...others] = exampleContract().stages;
    const wait = { ...drive!, stageId: "wait", action: "wait", inputs: { seconds: 20 }, toolsRequired: [], after: [] };
    const { stages, total, batteryAtEnd } = preview(exampleContract({ stages: [drive!, wait, ...others] }));
    expect(stages.map(({ stageId, startSeconds }) => `${stageId} ${startSeconds}`)).toEqual([
      "go-to-rack 0",
      "wait 0",
      "pick 20",
      "go-to-station 25",
      "place 49",
    ]);
    expect(total.seconds).toBe(54);
    expect(batteryAtEnd).toBeCloseTo(1 - 0.054);
  });

  it("says whether the battery is full enough for what a stage wants of it", () => {
    const wanting = (hints: Stage["resourceHints"]): Contract => {
      const stages = exampleContract().stages.map((stage) => ({ ...stage, resourceHints: hints }));
      return exampleContract({ stages });
    };
    const whole = preview(wanting({ energy: 0.8 }));
    expect(margin("energy", whole)).toMatchObject({ stageId: "place", margin: expect.closeTo(-0.041) });
    expect(warningOf(margin("energy", whole))).toBe(
      "the battery wanted at the beginning of place can't be kept: 4.1 % are missing",
    );
    expect(isBinding(margin("energy", whole))).toBe(true);
    expect(margin("energy", preview(wanting({ energy: 0.8, lighter: { energy: 0.5 } }))).margin).toBeCloseTo(0.259);
    expect(margin("energy", preview(wanting({ memoryBytes: 1 })))).toBeUndefined();
  });

  it("says what is left of every limit", () => {
    const whole = preview(within({ maxDurationSeconds: 900, notAfter: "2026-01-05T08:01:00.000Z" }));
    expect(margin("battery", whole).margin).toBeCloseTo(1 - 0.046 - 0.2);
    expect(margin("duration", whole).margin).toBe(900 - 46);
    expect(margin("window", whole).margin).toBe(60 - 46);
    expect(margin("lease", whole).margin).toBe(1800 - 46);
    expect(margin("timeout", whole)).toMatchObject({ stageId: "pick", margin: 55 });
    expect(whole.margins.every(({ margin: expected, marginAtWorst }) => marginAtWorst < expected)).toBe(true);
  });

  it("counts the window from when the contract may start", () => {
    const whole = preview(within({ notBefore: "2026-01-05T08:00:30.000Z", notAfter: "2026-01-05T08:01:00.000Z" }));
    expect(margin("window", whole).margin).toBe(30 - 46);
  });

  it("looks for the way to a charger where the contract names one", () => {
    expect(margin("charger", preview())).toBeUndefined();
    const { spatial } = exampleContract();
    const charger = { id: "charger", kind: "charger", pose: [-4, 3, 0] as [number, number, number] };
    const whole = preview(exampleContract({ spatial: { ...spatial, landmarks: [...spatial.landmarks, charger] } }));
    expect(margin("charger", whole).margin).toBeCloseTo(whole.batteryAtEnd);
  });
});

describe("a warning", () => {
  it("is not given while there is room", () => {
    expect(preview().margins.flatMap((each) => warningOf(each) ?? [])).toEqual([]);
  });

  it.each([
    {
      what: "the duration",
      of: within({ maxDurationSeconds: 40 }),
      text: "the maximal duration can't be kept: 6 s are missing",
    },
    {
      what: "a limit that is close",
      of: within({ maxDurationSeconds: 48 }),
      text: "the maximal duration is close: 10 s would be missing if it goes badly",
    },
    {
      what: "the lease",
      of: within({ maxDurationSeconds: 900 }, { durationSeconds: 40, windDownSeconds: 1 }),
      text: "the lease, should the cloud never be heard, can't be kept: 6 s are missing",
    },
  ])("is given of $what", ({ of, text }) => {
    expect(preview(of).margins.flatMap((each) => warningOf(each) ?? [])).toEqual([text]);
  });

  it("is given of a battery that does not last, and that binds; a lease, which is renewed, does not", () => {
    const { margins } = preview(exampleContract(), 0.22);
    const broken = margins.filter((each) => each.margin < 0);
    expect(broken.map(({ name }) => name)).toEqual(["battery"]);
    expect(warningOf(broken[0]!)).toBe("the minimum of the battery can't be kept: 2.6 % are missing");
    expect(isBinding(broken[0]!)).toBe(true);
    expect(isBinding({ name: "lease", unit: "s", margin: -1, marginAtWorst: -1 })).toBe(false);
  });
});
