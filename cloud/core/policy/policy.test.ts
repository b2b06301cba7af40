import { describe, expect, it } from "vitest";
import { compilePolicy, policyProblems } from "./compile.ts";
import { judge, type FailureFacts } from "./judgement.ts";
import { governingPolicy, rankedRules, type Policy, type PolicyMatch, type PolicyRule } from "./policy.ts";

function policy(id: string, match: PolicyMatch, overrides: Partial<Policy> = {}): Policy {
  const base = { id, origin: "operator", author: "Ada", rules: [], fallback: "escalate", replanBudget: 3 } as const;
  return { ...base, rules: [], offline: "finish", match, ...overrides };
}

function governing(facts: Parameters<typeof governingPolicy>[1], ...policies: Policy[]): string | undefined {
  const at = "2026-01-05T08:00:00.000Z";
  return governingPolicy(
    policies.map((entry) => ({ policy: entry, version: 1, at })),
    facts,
  )?.policy.id;
}

const FACTS = { application: "wms", account: "acme", deviceType: "amr", taskKind: "pick" } as const;
const EVERY = policy("every", {});

describe("the policy for a contract", () => {
  it("is the one that names most of what the contract is", () => {
    const kind = policy("kind", { taskKind: ["move", "pick"] });
    const both = policy("both", { taskKind: "pick", deviceType: "amr" });
    expect(governing(FACTS, EVERY, kind)).toBe("kind");
    expect(governing(FACTS, both, EVERY, kind)).toBe("both");
    expect(governing({ ...FACTS, deviceType: "agv" }, both, EVERY, kind)).toBe("kind");
    expect(governing({}, both, kind)).toBeUndefined();
  });

  it("of equally specific ones names the account before the application, the device type, the task kind", () => {
    const named = (["account", "application", "deviceType", "taskKind"] as const).map((name) =>
      policy(name, { [name]: FACTS[name] }),
    );
    expect(governing(FACTS, ...named.toReversed())).toBe("account");
    expect(governing(FACTS, ...named.slice(1).toReversed())).toBe("application");
    expect(governing(FACTS, ...named.slice(2).toReversed())).toBe("deviceType");
  });

  it("is made here rather than shipped, and one that is off is none", () => {
    expect(governing(FACTS, policy("a", {}, { origin: "preset" }), policy("b", {}))).toBe("b");
    expect(governing(FACTS, policy("a", {}, { enabled: false }))).toBeUndefined();
  });
});

const RULES: PolicyRule[] = [
  { strategy: "abort" },
  { action: "pick", strategy: "hold" },
  { action: "pick", code: ["slipped", "empty"], when: "failure.attempt > 1 || false", strategy: "reassign" },
  { severity: "minor", strategy: "escalate" },
];

function failure(overrides: Partial<FailureFacts> = {}): FailureFacts {
  const facts = {
    code: "slipped",
    severity: "moderate",
    stageId: "s",
    action: "pick",
    attempt: 1,
    retries: 0,
  } as const;
  return { ...facts, retrying: "possible", isLoaded: false, context: {}, ...overrides };
}

describe("the rule for a failure", () => {
  const book = { rules: RULES, fallback: "escalate" } as const;
  it.each([
    ["the most specific that matches", {}, "hold"],
    ["its expression", { attempt: 2 }, "reassign"],
    ["a list of codes", { attempt: 2, code: "torn" }, "hold"],
    ["the severity", { action: "place", severity: "minor" as const }, "escalate"],
    ["what is left", { action: "place" }, "abort"],
    ["critical, whatever rules say", { severity: "critical" as const, attempt: 2 }, "abort"],
    ["nobody else's load", { attempt: 2, isLoaded: true }, "escalate"],
  ])("decides by %s", (_why, overrides, strategy) => {
    expect(judge(book, failure(overrides)).strategy).toBe(strategy);
  });

  it("is the next one where a hold would be over at once", () => {
    const rules = [{ strategy: "hold" as const, hold: { until: "robot.battery > 0.8" } }];
    const told = (battery: number) => failure({ context: { robot: { battery } } });
    expect(judge({ rules, fallback: "abort" }, told(0.5)).strategy).toBe("hold");
    expect(judge({ rules, fallback: "abort" }, told(0.9)).strategy).toBe("abort");
  });

  it("is the next one once retries are spent, or make no sense", () => {
    const retry = { strategy: "retry", retry: { attempts: 2, backoffSeconds: 1 } } as const;
    const twice = { rules: [{ strategy: "abort" as const }, { action: "pick", ...retry }], fallback: "hold" as const };
    expect(judge(twice, failure({ retries: 1 })).strategy).toBe("retry");
    expect(judge(twice, failure({ retries: 2 })).strategy).toBe("abort");
    expect(judge(twice, failure({ retrying: "impossible" })).strategy).toBe("abort");
    expect(judge({ ...twice, rules: [] }, failure())).toEqual({ strategy: "hold", by: "fallback" });
  });
});

describe("a compiled policy", () => {
  it("names itself and its version, and lists its rules as they are tried, each condition one expression", () => {
    const compiled = compilePolicy({ policy: policy("p", {}, { rules: RULES }), version: 7 });
    expect(compiled.policy).toEqual({ id: "p", version: 7 });
    expect(compiled.rules.map(({ when, strategy }) => [when, strategy])).toEqual([
      [
        'failure.action == "pick" && failure.code in ["slipped", "empty"] && (failure.attempt > 1 || false)',
        "reassign",
      ],
      ['failure.action == "pick"', "hold"],
      ['failure.severity == "minor"', "escalate"],
      ["true", "abort"],
    ]);
    expect(rankedRules({ rules: RULES })[0]).toBe(RULES[2]);
  });

  it("is refused where an expression does not compile, with its place", () => {
    const rules: PolicyRule[] = [
      { when: "failure.attempt >", strategy: "abort" },
      { strategy: "hold", hold: { until: "robot.(" } },
      {
        when: `${"true && ".repeat(120)}true`,
        code: Array.from({ length: 50 }, (_, n) => `code-${n}`),
        strategy: "abort",
      },
    ];
    const problems = policyProblems(policy("p", {}, { rules }));
    expect(problems.map(({ path }) => path)).toEqual(["/rules/0/when", "/rules/1/hold/until", "/rules/2/when"]);
  });
});

it("a hold may not wait for something of its failure, which is over when the condition is looked at", () => {
  const rule: PolicyRule = { strategy: "hold", hold: { until: "failure.attempt > 1" } };
  const problems = policyProblems(policy("wait", {}, { rules: [rule] }));
  expect(problems).toMatchObject([
    { path: "/rules/0/hold/until", message: expect.stringContaining("failure") as string },
  ]);
});
