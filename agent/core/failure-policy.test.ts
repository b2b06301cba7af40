import { describe, expect, it } from "vitest";
import type { Contract, FailureRule, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { decideFailure, type Failure, type PolicyInput } from "./failure-policy.ts";
import { PICKED, PICKING, ROBOT, stateAfter, type Told } from "./situation-fixture.ts";

interface Row {
  readonly name: string;
  readonly rules: readonly FailureRule[];
  readonly failure?: Partial<Failure>;
  readonly told?: readonly Told[];
  readonly stage?: Partial<Stage>;
  readonly policy?: Partial<Contract["failurePolicy"]>;
  readonly input?: Partial<PolicyInput>;
  readonly decision: object;
}

const retry = (attempts: number, when = "true"): FailureRule => ({
  when,
  strategy: "retry",
  retry: { attempts, backoffSeconds: 3 },
});
const failed: Told = [
  "stage.failed",
  "pick",
  { code: "driver_failed", severity: "moderate", detail: "", attempt: 1, strategy: "retry" },
];

const ROWS: readonly Row[] = [
  {
    name: "the first rule that matches decides",
    rules: [
      retry(1, "failure.code == 'timeout'"),
      { when: "failure.severity == 'moderate'", strategy: "hold" },
      retry(9),
    ],
    decision: { strategy: "hold", holdId: "policy:pick:1" },
  },
  {
    name: "a hold that would be over at once is passed over",
    rules: [
      { when: "true", strategy: "hold", hold: { until: "robot.battery > 0.1" } },
      { when: "true", strategy: "hold", hold: { until: "robot.battery > 2.0" } },
    ],
    decision: { strategy: "hold", holdId: "policy:pick:1" },
  },
  { name: "a retry says how long to wait", rules: [retry(1)], decision: { strategy: "retry", delayMs: 3000 } },
  {
    name: "a retry waits up to half as long again, by chance",
    rules: [retry(1)],
    input: { chance: 0.5 },
    decision: { strategy: "retry", delayMs: 3750 },
  },
  {
    name: "each further retry waits twice as long",
    rules: [retry(3)],
    told: [...PICKING, failed, failed],
    decision: { strategy: "retry", delayMs: 12_000 },
  },
  {
    name: "no retry waits longer than an hour",
    rules: [{ when: "true", strategy: "retry", retry: { attempts: 9, backoffSeconds: 3000 } }],
    told: [...PICKING, failed, failed],
    decision: { strategy: "retry", delayMs: 3_600_000 },
  },
  {
    name: "a moderate failure is planned around before the rules are asked",
    rules: [retry(1)],
    input: { replanning: "possible" },
    decision: { strategy: "replan" },
  },
  {
    name: "a major failure is planned around",
    rules: [],
    failure: { severity: "major" },
    input: { replanning: "possible" },
    decision: { strategy: "replan" },
  },
  {
    name: "a rule that comes after another that was tried in vain is asked without a new plan",
    rules: [
      { when: "true", strategy: "hold" },
      { when: "true", strategy: "escalate" },
    ],
    input: { replanning: "possible", after: 0 },
    decision: { strategy: "escalate" },
  },
  {
    name: "a critical failure is neither planned around nor the rules' business",
    rules: [retry(1)],
    failure: { severity: "critical" },
    input: { replanning: "possible" },
    decision: { strategy: "abort" },
  },
  {
    name: "a minor failure leaves an optional stage out",
    rules: [retry(1)],
    failure: { severity: "minor" },
    stage: { optional: true },
    decision: { strategy: "skip" },
  },
  {
    name: "a minor failure of work that must be done goes to the rules",
    rules: [retry(1)],
    failure: { severity: "minor" },
    input: { replanning: "possible" },
    decision: { strategy: "retry" },
  },
  {
    name: "a retry whose attempts are spent leaves it to the next rule",
    rules: [retry(1), { when: "true", strategy: "reassign" }],
    told: [...PICKING, failed],
    decision: { strategy: "reassign" },
  },
  {
    name: "a retry that is not spent goes on",
    rules: [retry(2), { when: "true", strategy: "reassign" }],
    told: [...PICKING, failed],
    decision: { strategy: "retry" },
  },
  { name: "without a rule the fallback decides", rules: [], decision: { strategy: "abort" } },
  {
    name: "a rule that can't be judged does not match",
    rules: [{ when: "robot.charge > 1", strategy: "hold" }],
    decision: { strategy: "abort" },
  },
  {
    name: "the stage's own rules come first",
    rules: [{ when: "true", strategy: "hold" }],
    stage: { onFailure: [{ when: "true", strategy: "escalate" }] },
    decision: { strategy: "escalate", holdId: "escalation:pick" },
  },
  {
    name: "an effect that happened is not repeated",
    rules: [retry(5), { when: "true", strategy: "escalate" }],
    failure: { effect: "happened" },
    decision: { strategy: "escalate" },
  },
  {
    name: "a task whose load is on board is not handed on",
    rules: [{ when: "true", strategy: "reassign" }],
    told: [
      ...PICKED,
      [
        "movement",
        "pick",
        {
          correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
          kind: "PICK",
          sku: "SKU-7890",
          qty: 1,
          uom: "EA",
          occurred_at: "2026-01-05T08:00:00.000Z",
          actor: { kind: "ROBOT", id: "amr-07" },
        },
      ],
    ],
    decision: { strategy: "escalate", holdId: "escalation:pick" },
  },
  {
    name: "the fallback may hand on a task without load",
    rules: [],
    policy: { fallback: "reassign" },
    decision: { strategy: "reassign" },
  },
  {
    name: "a critical failure aborts, whatever the rules say",
    rules: [retry(9)],
    failure: { severity: "critical" },
    decision: { strategy: "abort" },
  },
  {
    name: "an optional stage is skipped before the fallback",
    rules: [],
    stage: { optional: true },
    decision: { strategy: "skip" },
  },
  {
    name: "rules may count failures and speak of the stage's inputs",
    rules: [{ when: "failure.attempt == 2 && inputs.sku == 'SKU-7890' && robot.battery > 0.5", strategy: "hold" }],
    failure: { attempt: 2 },
    decision: { strategy: "hold" },
  },
];

describe("the failure policy", () => {
  it.each(ROWS)("$name", ({ rules, failure, told = PICKING, stage, policy, input, decision }) => {
    const base = exampleContract();
    const contract = { ...base, failurePolicy: { ...base.failurePolicy, rules: [...rules], ...policy } };
    const policyInput = {
      failure: {
        code: "driver_failed",
        severity: "moderate",
        detail: "slipped",
        stageId: "pick",
        action: "pick",
        attempt: 1,
        effect: "none",
        ...failure,
      } satisfies Failure,
      stage: { ...contract.stages[1]!, ...stage },
      contract,
      state: stateAfter(contract, told),
      context: { contract, robot: ROBOT },
      chance: 0,
      ...input,
    };
    expect(decideFailure(policyInput)).toMatchObject(decision);
  });
});
