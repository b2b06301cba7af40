import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import type { Contract } from "#contract/contract";
import { foreseeDrive, foreseeStage } from "./foresight.ts";
import { attemptAt, DRIVING, situationAfter, STARTED } from "./situation-fixture.ts";

type Differs = NonNullable<Parameters<typeof situationAfter>[1]>;

const base = exampleContract();
const spatial = (more: Partial<Contract["spatial"]>): Contract =>
  exampleContract({ spatial: { ...base.spatial, ...more } });
const charger = { id: "charger", kind: "charger", pose: [4, 8, 0] as [number, number, number] };
const withCharger = spatial({ landmarks: [...base.spatial.landmarks, charger] });
const around = (id: string, x: number): Contract["spatial"]["zones"][number] => ({
  id,
  kind: "work",
  polygon: [
    [x - 1, -1],
    [x + 1, -1],
    [x + 1, 1],
    [x - 1, 1],
  ],
});
const zones = (rule: Contract["constraints"]["zones"]): Contract => ({
  ...spatial({ zones: [around("at-rack", 4), around("elsewhere", 8)] }),
  constraints: { ...base.constraints, zones: rule },
});
const constrained = (constraints: Partial<Contract["constraints"]>): Contract =>
  exampleContract({ constraints: { ...base.constraints, ...constraints } });

// The situation is a minute after the acceptance; the drive of 4 m to the rack is estimated at 10 s, the metre at 1 %.
const ROWS: readonly { name: string; differs: Differs; code?: string; becomes?: string }[] = [
  { name: "nothing, when all is well", differs: {} },
  {
    name: "that the duration does not suffice",
    differs: { contract: constrained({ window: { maxDurationSeconds: 65 } }) },
    code: "time_short",
    becomes: "duration_exceeded",
  },
  {
    name: "nothing, when the duration just suffices",
    differs: { contract: constrained({ window: { maxDurationSeconds: 72 } }) },
  },
  {
    name: "that the window ends too early",
    differs: { contract: constrained({ window: { notAfter: "2026-01-05T08:01:05.000Z" } }) },
    code: "time_short",
    becomes: "window_passed",
  },
  {
    name: "nothing about a window by a clock that is not synced",
    differs: {
      contract: constrained({ window: { notAfter: "2026-01-05T08:01:05.000Z" } }),
      now: { monoMs: 60_000, wallMs: Date.parse("2026-01-05T08:01:00.000Z"), clock: "unsynced" },
    },
  },
  {
    name: "that the battery falls below the contract's floor on the way",
    differs: { robot: { battery: 0.24 }, drainPerMetre: 0.01 },
    code: "battery_short",
    becomes: "battery_low",
  },
  { name: "nothing, when the battery suffices", differs: { robot: { battery: 0.27 }, drainPerMetre: 0.01 } },
  {
    name: "that no charger can be reached afterwards",
    differs: {
      contract: { ...withCharger, constraints: { ...base.constraints, battery: { minimum: 0 } } },
      robot: { battery: 0.17 },
      drainPerMetre: 0.01,
    },
    code: "battery_short",
    becomes: "battery_low",
  },
  {
    name: "nothing, when a charger can just be reached",
    differs: {
      contract: { ...withCharger, constraints: { ...base.constraints, battery: { minimum: 0 } } },
      robot: { battery: 0.21 },
      drainPerMetre: 0.01,
    },
  },
  {
    name: "that the goal is in a forbidden zone",
    differs: { contract: zones({ forbidden: ["at-rack"] }) },
    code: "zone_forbidden",
    becomes: "zone_forbidden",
  },
  {
    name: "that the goal is outside of what is allowed",
    differs: { contract: zones({ allowed: ["elsewhere"] }) },
    code: "zone_forbidden",
    becomes: "zone_forbidden",
  },
  { name: "nothing about a goal that is allowed", differs: { contract: zones({ allowed: ["at-rack"] }) } },
  {
    name: "nothing about what the contract does not mind",
    differs: {
      contract: {
        ...constrained({ window: { maxDurationSeconds: 65 } }),
        failurePolicy: { ...base.failurePolicy, severities: { duration_exceeded: "trivial" } },
      },
    },
  },
];

describe("before a stage is begun", () => {
  it.each(ROWS)("foresees $name", ({ differs, code, becomes }) => {
    const situation = situationAfter(STARTED, { ...differs });
    const found = foreseeStage(situation, situation.contract.stages[0]!);
    expect([found?.code, found?.becomes]).toEqual([code, becomes]);
  });
});

describe("during a drive", () => {
  const driving = (remaining: number, battery: number): ReturnType<typeof foreseeDrive> =>
    foreseeDrive(
      situationAfter(DRIVING, {
        activity: { attempt: attemptAt("go-to-rack", "navigate") },
        robot: { remaining, battery },
        drainPerMetre: 0.01,
      }),
    );

  it("counts only what is left of the way", () => {
    expect(driving(4, 0.23)?.code).toBe("battery_short");
    expect(driving(2, 0.23)).toBeUndefined();
  });

  it("foresees nothing when nothing is driven", () => {
    expect(foreseeDrive(situationAfter(STARTED, { robot: { battery: 0.2 } }))).toBeUndefined();
  });
});
