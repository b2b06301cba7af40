import { describe, expect, it } from "vitest";
import { decideFailure, type Failure } from "#agent/core/failure-policy";
import { DEFAULT_SEVERITY_POLICY, severityOf } from "#agent/core/severity";
import { ROBOT, stateAfter, type Told } from "#agent/core/situation-fixture";
import { compilePolicy } from "#cloud/core/policy/compile";
import { judge } from "#cloud/core/policy/judgement";
import type { Policy } from "#cloud/core/policy/policy";
import { loadPolicy, SHIPPED_POLICIES } from "#cloud/io/policy-file";
import type { Contract, Strategy } from "#contract/contract";
import { exampleContract } from "#contract/example";

const PRESETS = SHIPPED_POLICIES.map(loadPolicy);
/** Every code that devices know, those that only presets name, and one that nobody knows. */
const CODES = [
  ...new Set([
    ...Object.keys(DEFAULT_SEVERITY_POLICY.severities),
    ...PRESETS.flatMap(({ rules }) => rules.flatMap(({ code = [] }) => code)),
    "never_heard_of",
  ]),
];
const STAGES = ["go-to-rack", "pick"];

interface Case {
  readonly stageId: string;
  readonly code: string;
  readonly retries: number;
  readonly effect: Failure["effect"];
  readonly isLoaded: boolean;
}

const CASES: readonly Case[] = STAGES.flatMap((stageId) =>
  CODES.flatMap((code) =>
    [0, 1, 2, 3, 4].flatMap((retries) =>
      (["none", "happened"] as const).flatMap((effect) =>
        [false, true].map((isLoaded) => ({ stageId, code, retries, effect, isLoaded })),
      ),
    ),
  ),
);

describe.each(PRESETS.map((policy) => [policy.id, policy] as const))("the preset %s", (_id, policy) => {
  const contract = exampleContract({ failurePolicy: compilePolicy({ policy, version: 1 }) });

  it("has devices decide from the contract as the Policy Service would, for every failure", () => {
    const differences = CASES.filter((failed) => onDevice(contract, failed) !== inCloud(policy, contract, failed));
    expect(differences).toEqual([]);
  });

  it("is exercised by these failures in every strategy that it names", () => {
    const named = new Set<string>([policy.fallback, ...policy.rules.map(({ strategy }) => strategy)]);
    const decided = new Set(CASES.map((failed) => inCloud(policy, contract, failed)));
    expect([...named].filter((strategy) => !decided.has(strategy as Strategy))).toEqual([]);
  });
});

/** What the device decides offline, with nothing left to fix or to plan anew. */
function onDevice(contract: Contract, failed: Case): string {
  const { stageId, retries, isLoaded } = failed;
  const stage = contract.stages.find((candidate) => candidate.stageId === stageId)!;
  const failure: Failure = { ...factsOf(contract, failed), detail: "", effect: failed.effect };
  const data = { code: failed.code, severity: failure.severity, detail: "", attempt: 1, strategy: "retry" };
  const told: Told[] = [
    ["contract.started"],
    ["stage.started", stageId, { action: stage.action }],
    ...Array.from({ length: retries }, (): Told => ["stage.failed", stageId, data]),
  ];
  const state = stateAfter(contract, told);
  const context = { contract, robot: { ...ROBOT, isLoaded } };
  return decideFailure({ failure, stage, contract, state, context, chance: 0, replanning: "impossible" }).strategy;
}

/** What the Policy Service says of the same failure, by the policy as it is written. */
function inCloud(policy: Policy, contract: Contract, failed: Case): string {
  const { retries, isLoaded, effect } = failed;
  const retrying = effect === "none" ? "possible" : "impossible";
  const context = { contract, robot: { battery: 0.8, speed: 0, zone: "", loaded: isLoaded, online: false } };
  return judge(policy, { ...factsOf(contract, failed), retries, retrying, isLoaded, context }).strategy;
}

function factsOf(contract: Contract, { stageId, code, retries }: Case) {
  const { action } = contract.stages.find((candidate) => candidate.stageId === stageId)!;
  const severity = severityOf(code, DEFAULT_SEVERITY_POLICY, contract);
  return { stageId, code, action, severity, attempt: retries + 1 };
}
