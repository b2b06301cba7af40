import { describe, expect, it } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { planStages } from "./plan-stages.ts";
import { situationAfter, STARTED } from "./situation-fixture.ts";
import type { ContractPlanKind } from "./work-plan.ts";

type Zone = Contract["spatial"]["zones"][number];
type Landmark = Contract["spatial"]["landmarks"][number];
type Differs = NonNullable<Parameters<typeof situationAfter>[1]>;

const base = exampleContract();
const zone = (kind: Zone["kind"], x: number, y: number, id: string = kind): Zone => ({
  id,
  kind,
  polygon: [
    [x - 1, y - 1],
    [x + 1, y - 1],
    [x + 1, y + 1],
    [x - 1, y + 1],
  ],
});
const landmark = (id: string, kind: string, x: number, y: number): Landmark => ({ id, kind, pose: [x, y, 0] });
const at = (zones: Zone[], landmarks: Landmark[] = [], more: Partial<Contract> = {}): Contract =>
  exampleContract({
    spatial: { ...base.spatial, zones, landmarks: [...base.spatial.landmarks, ...landmarks] },
    ...more,
  });
const loaded: Differs = { robot: { isLoaded: true } };

/** Where the plan goes and what it does there. */
function wayOf(kind: ContractPlanKind, differs: Differs, except?: string): string[] {
  return planStages(kind, situationAfter(STARTED, differs), except).map(
    ({ action, inputs }) => `${action} ${inputs["to"] as string}`,
  );
}

describe("a wind-down", () => {
  it.each<[what: string, differs: Differs, stages: string[]]>([
    ["has nothing to do for a robot that stands in nobody's way", { contract: at([]) }, []],
    [
      "leaves an aisle for the nearest place that is in nobody's way",
      { contract: at([zone("work", 0, 0), zone("work", 4, 0)]) },
      ["navigate station"],
    ],
    ["does not stay in a place where nobody may stop", { contract: at([zone("no-stop", 0, 0)]) }, ["navigate rack"]],
    [
      "does not stop at a landmark where nobody may stop",
      { contract: at([zone("no-stop", 0, 0), zone("no-stop", 4, 0)]) },
      ["navigate station"],
    ],
    [
      "does not stop where the contract forbids to be",
      {
        contract: at([zone("no-stop", 0, 0), zone("speed-limit", 4, 0, "slow")], [], {
          constraints: { ...base.constraints, zones: { forbidden: ["slow"] } },
        }),
      },
      ["navigate station"],
    ],
    [
      "stays where it is when no place is clear",
      { contract: at([zone("no-stop", 0, 0), zone("work", 4, 0), zone("work", -4, 3)]) },
      [],
    ],
    [
      "puts the load down where the contract takes it from or brings it to",
      { contract: at([]), ...loaded },
      ["navigate rack", "place rack.shelf-3"],
    ],
    [
      "turns to the rack before it puts the load down there",
      { contract: at([]), robot: { isLoaded: true, pose: { x: 4, y: 0, yaw: 2 } } },
      ["navigate rack", "place rack.shelf-3"],
    ],
    [
      "puts the load down where it stands when that is the place",
      { contract: at([]), robot: { isLoaded: true, pose: { x: 4, y: 0, yaw: 0 } } },
      ["place rack.shelf-3"],
    ],
    [
      "leaves the aisle when the load is down",
      { contract: at([zone("work", 4, 0)]), ...loaded },
      ["navigate rack", "place rack.shelf-3", "navigate station"],
    ],
    [
      "keeps a load that may be put down nowhere",
      { contract: at([], [], { scope: { actions: [{ action: "navigate" }] } }), ...loaded },
      [],
    ],
    [
      "drives nowhere when the contract does not allow to",
      { contract: at([zone("no-stop", 0, 0)], [], { scope: { actions: [{ action: "pick" }] } }) },
      [],
    ],
  ])("%s", (_what, differs, stages) => {
    expect(wayOf("wind-down", differs)).toEqual(stages);
  });

  it("does not try again to put the load down where that has just failed", () => {
    expect(wayOf("wind-down", { contract: at([]), ...loaded }, "pick")).toEqual(["navigate station", "place station"]);
  });

  it("puts nothing down at a landmark of another kind", () => {
    const spatial = { ...base.spatial, landmarks: base.spatial.landmarks.map((mark) => ({ ...mark, kind: "door" })) };
    expect(wayOf("wind-down", { contract: exampleContract({ spatial }), ...loaded })).toEqual([]);
  });
});

describe("a recharge", () => {
  it("goes to the nearest charger", () => {
    const contract = at([], [landmark("far", "charger", 9, 9), landmark("near", "charger", 1, 1)]);
    expect(wayOf("recharge", { contract })).toEqual(["navigate near"]);
  });

  it("stays where it is when the contract knows no charger", () => {
    expect(wayOf("recharge", { contract: at([]) })).toEqual([]);
  });
});

describe("a return home", () => {
  it.each<[what: string, differs: Differs, stages: string[]]>([
    [
      "goes home",
      { contract: at([], [landmark("dock", "charger", 1, 1), landmark("base", "home", 9, 9)]) },
      ["navigate base"],
    ],
    [
      "goes to the nearest of several",
      { contract: at([], [landmark("far", "staging", 9, 9), landmark("near", "staging", 1, 1)]) },
      ["navigate near"],
    ],
    [
      "goes to a charger when there is nothing else",
      { contract: at([], [landmark("dock", "charger", 1, 1)]) },
      ["navigate dock"],
    ],
    ["stays when it is there", { contract: at([], [landmark("base", "home", 0.1, 0)]) }, []],
    ["stays where it is when the contract knows no such place", { contract: at([]) }, []],
  ])("%s", (_what, differs, stages) => {
    expect(wayOf("return-home", differs)).toEqual(stages);
  });
});
