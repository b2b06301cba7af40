import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import type { ContractState } from "#contract/state";
import { decideRecovery, type Candidate } from "./recovery.ts";

const CONTRACT = exampleContract();

function state(overrides: Partial<ContractState> = {}): ContractState {
  return {
    contractId: CONTRACT.contractId,
    taskId: "task-1",
    revision: 1,
    localRevision: 0,
    epoch: 1,
    status: "released",
    isStarted: true,
    stages: [],
    holds: [],
    load: {},
    distance: 0,
    batteryUsed: 0,
    replans: 0,
    drift: [],
    firstSeq: 1,
    lastSeq: 9,
    acceptedAt: "2026-01-05T08:00:00.000Z",
    ...overrides,
  };
}

const ACTIONS = ["navigate", "pick", "place"];
const near: Candidate = { deviceId: "near", mode: "live", isFree: true, actions: ACTIONS, pose: [3, 0, 0] };
const far: Candidate = { deviceId: "far", mode: "live", isFree: true, actions: ACTIONS, pose: [-9, 0, 0] };

describe("a released task", () => {
  it("goes to the nearest device to where the work begins", () => {
    expect(decideRecovery(CONTRACT, state(), [far, near])).toEqual({ kind: "reassign", deviceId: "near", distance: 1 });
  });

  it.each([
    ["is offline", { mode: "projected" as const }],
    ["is still reconciling", { mode: "reconciled" as const }],
    ["has work", { isFree: false }],
    ["cannot pick", { actions: ["navigate", "place"] }],
    ["let go of it", { deviceId: CONTRACT.deviceId }],
  ])("passes over a nearer one that %s", (_why, overrides) => {
    const nearer = { ...near, ...overrides };
    expect(decideRecovery(CONTRACT, state(), [nearer, far])).toMatchObject({ kind: "reassign", deviceId: "far" });
  });

  it("waits for a person when nobody is able", () => {
    expect(decideRecovery(CONTRACT, state(), [])).toEqual({ kind: "escalate", code: "no_able_device" });
  });

  it("goes on as well when its lease ended, if the policy ever hands on", () => {
    const contract = { ...CONTRACT, failurePolicy: { ...CONTRACT.failurePolicy, fallback: "reassign" as const } };
    const expired = state({ status: "expired" });
    expect(decideRecovery(contract, expired, [near])).toMatchObject({ kind: "reassign", deviceId: "near" });
    expect(decideRecovery(CONTRACT, expired, [near])).toEqual({ kind: "escalate", code: "contract_expired" });
  });

  it("is not done a second time after an effect that cannot be undone", () => {
    const picked = {
      stageId: "pick",
      action: "pick",
      isOptional: false,
      status: "completed" as const,
      attempts: 1,
      retries: 0,
      fixes: {},
    };
    const done = state({ stages: [{ ...picked, output: { sku: "SKU-7890", quantity: 1 } }] });
    expect(decideRecovery(CONTRACT, done, [near])).toEqual({ kind: "escalate", code: "effect_done" });
    expect(decideRecovery(CONTRACT, { ...done, load: { "SKU-7890": 1 } }, [near])).toMatchObject({
      code: "load_on_board",
    });
  });
});

it.each([
  ["completed", { kind: "none" }],
  ["cancelled", { kind: "none" }],
  ["failed", { kind: "escalate", code: "contract_failed" }],
  ["expired", { kind: "escalate", code: "contract_expired" }],
] as const)("a contract that is %s leads to %o", (status, recovery) => {
  expect(decideRecovery(CONTRACT, state({ status }), [near])).toEqual(recovery);
});
