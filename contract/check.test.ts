import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { checkContract, checkContractDraft, PROBLEMS_MAX } from "./check.ts";
import { exampleContract } from "./example.ts";
import type { Contract, Stage } from "./contract.ts";
import type { Zone } from "./spatial.ts";

type Json = Record<string, unknown>;

/** The example after `change` has had its way with a copy of it, as unparsed JSON. */
function changed(change: (contract: Contract) => void): Json {
  const contract = structuredClone(exampleContract());
  change(contract);
  return contract as unknown as Json;
}

/** As `path message`, to compare whole lists. */
function refusal(value: unknown): { reason: string; problems: string[] } | "ok" {
  const checked = checkContract(value);
  return checked.ok
    ? "ok"
    : { reason: checked.reason, problems: checked.problems.map(({ path, message }) => `${path} ${message}`) };
}

const SQUARE: Zone["polygon"] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

function withZone(zone: Partial<Zone>): Json {
  return changed((contract) => contract.spatial.zones.push({ id: "z", kind: "work", polygon: SQUARE, ...zone }));
}

function withStage(change: Partial<Stage>): Json {
  return changed((contract) => Object.assign(contract.stages[0]!, change));
}

function png(width: number, height: number): string {
  const data = new Uint8Array(width * height);
  return Buffer.from(encode({ width, height, data, channels: 1, depth: 8 })).toString("base64");
}

/** A PNG whose header claims another size than its pixels have. */
function pngClaiming(width: number, height: number): string {
  const bytes = Buffer.from(png(1, 1), "base64");
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString("base64");
}

function withPng(text: string): Json {
  return changed((contract) => (contract.spatial.occupancy!.png = text));
}

describe("checkContract", () => {
  it("accepts the example and hands it back", () => {
    expect(checkContract(exampleContract())).toEqual({ ok: true, contract: exampleContract() });
  });

  it("lists everything that is wrong at once, with path, value and expectation", () => {
    const value = changed((contract) => {
      contract.deviceId = "not a name";
      contract.constraints.battery.minimum = 20;
      contract.stages[0]!.inputs = { to: "nowhere" };
      contract.stages[1]!.timeoutSeconds = -1;
      contract.stages[1]!.validation[0]!.expr = "output.quantity ==";
      contract.assumptions[0]!.expr = "robt.battery > 1";
      delete (contract as Partial<Contract>).taskId;
    });
    const checked = checkContract(value);
    expect(checked).toEqual({
      ok: false,
      reason: "invalid",
      problems: [
        { path: "/taskId", message: "is missing", expected: "string" },
        {
          path: "/deviceId",
          message: "does not have the right form",
          value: "not a name",
          expected: "1 to 64 of A-Z a-z 0-9 . _ -",
        },
        { path: "/stages/1/timeoutSeconds", message: "is too small", value: -1, expected: "above 0" },
        { path: "/constraints/battery/minimum", message: "is too large", value: 20, expected: "at most 1" },
        {
          path: "/stages/0/inputs/to",
          message: "there is no such landmark",
          value: "nowhere",
          expected: "the id of one of spatial.landmarks, or [x, y, yaw]",
        },
        {
          path: "/stages/1/validation/0/expr",
          message: "Unexpected token: EOF (character 19)",
          value: "output.quantity ==",
          expected: "a CEL expression",
        },
        {
          path: "/assumptions/0/expr",
          message: "unknown variable robt, expected one of inputs, output, contract, robot, failure (character 1)",
          value: "robt.battery > 1",
          expected: "a CEL expression",
        },
      ],
    });
  });

  it.each([null, 1, "text", [], {}])("refuses %j as invalid", (value) => {
    expect(refusal(value)).toMatchObject({ reason: "invalid" });
  });

  it("escapes keys in paths (RFC 6901)", () => {
    expect(refusal({ ...exampleContract(), "a/b~c": 1 })).toEqual({
      reason: "unsupported",
      problems: ["/a~1b~0c unknown key"],
    });
  });

  it("lists a bounded number of problems and says how many are left", () => {
    const value = changed((contract) => {
      contract.spatial.landmarks = Array.from({ length: 300 }, () => ({ id: "no name", kind: "x", pose: [0, 0, 0] }));
    });
    const checked = checkContract(value);
    expect(checked.ok).toBe(false);
    const problems = checked.ok ? [] : checked.problems;
    expect(problems).toHaveLength(PROBLEMS_MAX + 1);
    expect(problems.at(-1)?.message).toMatch(/^and \d+ more problems$/);
  });
});

describe("what is not understood is unsupported", () => {
  it.each<[string, Json, string]>([
    ["a key", { ...exampleContract(), priority: 1 }, "/priority unknown key"],
    [
      "a constraint",
      changed((contract) => Object.assign(contract.constraints, { noise: 1 })),
      "/constraints/noise unknown key",
    ],
    [
      "a kind of zone",
      withZone({ kind: "swamp" as Zone["kind"] }),
      "/spatial/zones/0/kind is not one of the known values",
    ],
    [
      "a version of the schema",
      { ...exampleContract(), schema: "hf.contract/2" },
      "/schema is not one of the known values",
    ],
    [
      "an action in the scope",
      changed((contract) => contract.scope.actions.push({ action: "fly" })),
      "/scope/actions/3/action unknown action",
    ],
    ["an action of a stage", withStage({ action: "fly", inputs: {} }), "/stages/0/action unknown action"],
    [
      "an action of an alternative",
      withStage({ alternatives: [{ action: "fly", inputs: {} }] }),
      "/stages/0/alternatives/0/action unknown action",
    ],
    ["an input", withStage({ inputs: { to: "rack", speed: 1 } }), "/stages/0/inputs/speed unknown key"],
    [
      "an action named like a member of every object",
      withStage({ action: "constructor", inputs: {} }),
      "/stages/0/action unknown action",
    ],
  ])("%s", (_name, value, problem) => {
    expect(refusal(value)).toEqual({ reason: "unsupported", problems: [problem] });
  });

  it("outweighs what is merely wrong", () => {
    expect(refusal({ ...exampleContract(), revision: 0, priority: 1 })).toMatchObject({ reason: "unsupported" });
  });
});

describe("the scope", () => {
  const narrow: Contract["scope"] = { actions: [{ action: "navigate" }, { action: "pick" }] };

  it("refuses a stage that leaves it", () => {
    expect(refusal(exampleContract({ scope: narrow }))).toEqual({
      reason: "out_of_scope",
      problems: ["/stages/3/action is not in scope.actions"],
    });
  });

  it("refuses an alternative that leaves it", () => {
    expect(refusal(withStage({ alternatives: [{ action: "wait", inputs: { seconds: 1 } }] }))).toEqual({
      reason: "out_of_scope",
      problems: ["/stages/0/alternatives/0/action is not in scope.actions"],
    });
  });
});

describe("rules of stages", () => {
  it.each<[string, Json, string[]]>([
    ["two stages of one id", withStage({ stageId: "pick" }), ["/stages/1/stageId is the stageId of item 0 already"]],
    ["after a stage that is not there", withStage({ after: ["x"] }), ["/stages/0/after/0 there is no such stage"]],
    [
      "after itself",
      withStage({ after: ["go-to-rack"] }),
      ["/stages/0/after stages wait for each other: go-to-rack after go-to-rack"],
    ],
    [
      "a cycle through stages that follow each other",
      withStage({ after: ["place"] }),
      [
        "/stages/0/after stages wait for each other: go-to-rack after place after go-to-station after pick after go-to-rack",
      ],
    ],
    ["an input that is missing", withStage({ inputs: {} }), ["/stages/0/inputs/to is missing"]],
    [
      "an input of a wrong type",
      withStage({ inputs: { to: 5 } }),
      ["/stages/0/inputs/to fits none of the possible forms"],
    ],
    [
      "an alternative to a place that is not there",
      withStage({ alternatives: [{ inputs: { to: "x" } }] }),
      ["/stages/0/alternatives/0/inputs/to there is no such landmark"],
    ],
    [
      "retry without a number of attempts",
      withStage({ onFailure: [{ when: "true", strategy: "retry" }] }),
      ["/stages/0/onFailure/0/retry is missing"],
    ],
    [
      "conditions that do not compile",
      withStage({ onFailure: [{ when: "(", strategy: "hold", hold: { until: ")" } }] }),
      [
        "/stages/0/onFailure/0/when Unexpected token: EOF (character 2)",
        "/stages/0/onFailure/0/hold/until Unexpected token: RPAREN (character 1)",
      ],
    ],
  ])("refuse %s", (_name, value, problems) => {
    expect(refusal(value)).toEqual({ reason: "invalid", problems });
  });

  it.each<[string, Json]>([
    [
      "side by side",
      changed((contract) => contract.stages.slice(1).forEach((stage) => (stage.after = ["go-to-rack"]))),
    ],
    ["no predecessors", withStage({ after: [] })],
    ["a pose as goal", withStage({ inputs: { to: [1, 2, 0], tolerance: 0.3 } })],
    ["another goal as alternative", withStage({ alternatives: [{ inputs: { to: "station" } }] })],
    ["a later stage first", withStage({ after: ["x-last"] })],
  ])("accept %s", (name, value) => {
    if (name === "a later stage first") {
      (value["stages"] as Stage[]).push({ ...exampleContract().stages[1]!, stageId: "x-last", after: [] });
    }
    expect(refusal(value)).toBe("ok");
  });
});

describe("rules of places", () => {
  it.each<[string, Json, string[]]>([
    [
      "a polygon on a line",
      withZone({
        polygon: [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
      }),
      ["/spatial/zones/0/polygon encloses no area"],
    ],
    ["a speed limit without a speed", withZone({ kind: "speed-limit" }), ["/spatial/zones/0/maxSpeed is missing"]],
    ["a one-way zone without a direction", withZone({ kind: "one-way" }), ["/spatial/zones/0/direction is missing"]],
    [
      "constraints on zones that are not there",
      changed((contract) => (contract.constraints.zones = { allowed: ["a"], forbidden: ["b"] })),
      ["/constraints/zones/allowed/0 there is no such zone", "/constraints/zones/forbidden/0 there is no such zone"],
    ],
    [
      "two landmarks of one id",
      changed((contract) => contract.spatial.landmarks.push(contract.spatial.landmarks[0]!)),
      ["/spatial/landmarks/2/id is the id of item 0 already"],
    ],
    [
      "thresholds the wrong way round",
      changed((contract) => (contract.spatial.occupancy!.free_thresh = 0.7)),
      ["/spatial/occupancy/free_thresh is not below occupied_thresh"],
    ],
    ["an image that is none", withPng("AAAA"), ["/spatial/occupancy/png occupancy.png: not a readable PNG"]],
    [
      "an image cut short",
      withPng(png(40, 40).slice(0, 64)),
      ["/spatial/occupancy/png occupancy.png: not a readable PNG"],
    ],
    [
      "an image that claims more cells than a map may have",
      withPng(pngClaiming(5001, 5000)),
      ["/spatial/occupancy/png occupancy.png: 25005000 cells are more than 25000000"],
    ],
  ])("refuse %s", (_name, value, problems) => {
    expect(refusal(value)).toEqual({ reason: "invalid", problems });
  });

  it("accept zones that are named by the constraints", () => {
    const value = withZone({ id: "aisle" });
    (value["constraints"] as Contract["constraints"]).zones = { allowed: ["aisle"] };
    expect(refusal(value)).toBe("ok");
  });
});

describe("rules of time and revision", () => {
  it("refuse a window that ends before it begins", () => {
    const window = { notBefore: "2026-01-05T09:00:00.000Z", notAfter: "2026-01-05T08:00:00.000Z" };
    expect(refusal(changed((contract) => (contract.constraints.window = window)))).toEqual({
      reason: "invalid",
      problems: ["/constraints/window/notAfter the window ends before it begins"],
    });
  });

  it("refuse a window without an end", () => {
    expect(refusal(changed((contract) => (contract.constraints.window = {})))).toEqual({
      reason: "invalid",
      problems: ["/constraints/window one of notAfter and maxDurationSeconds is required"],
    });
  });

  it("refuse to replace a revision that is not lower", () => {
    const replaces = { revision: 2, localRevision: 0, journalSeq: 5 };
    expect(refusal(exampleContract({ revision: 2, replaces }))).toEqual({
      reason: "invalid",
      problems: ["/replaces/revision only a higher revision replaces"],
    });
    expect(refusal(exampleContract({ revision: 3, replaces }))).toBe("ok");
  });
});

describe("checkContractDraft", () => {
  const {
    contractId: _id,
    session: _session,
    epoch: _epoch,
    issuedAt: _at,
    revision: _rev,
    lease: _lease,
    ...draft
  } = exampleContract();

  it("accepts what the cloud will fill in, which a contract must have", () => {
    expect(checkContractDraft(draft)).toEqual({ ok: true, contract: draft });
    expect(refusal(draft)).toEqual({
      reason: "invalid",
      problems: ["contractId", "session", "lease", "revision", "epoch", "issuedAt"].map((key) => `/${key} is missing`),
    });
  });

  it("holds a draft to the same rules", () => {
    expect(checkContractDraft({ ...draft, stages: [], priority: 1 })).toMatchObject({
      ok: false,
      reason: "unsupported",
      problems: [{ path: "/stages" }, { path: "/priority" }],
    });
  });
});
