import { describe, expect, it } from "vitest";
import { decideRecovery, type EndedContract } from "./recovery.ts";

const RELEASED: EndedContract = { status: "released", stages: [], load: {} };

describe("a released task", () => {
  it("is handed on, whatever the policy says of other failures: its device has applied it", () => {
    expect(decideRecovery(RELEASED, "escalate")).toEqual({ kind: "hand-on" });
  });

  it("goes on as well when its lease ended, if the policy hands on then", () => {
    const expired = { ...RELEASED, status: "expired" as const };
    expect(decideRecovery(expired, "reassign")).toEqual({ kind: "hand-on" });
    expect(decideRecovery(expired, "abort")).toEqual({ kind: "escalate", code: "contract_expired" });
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
    const done = { ...RELEASED, stages: [{ ...picked, output: { sku: "SKU-7890", quantity: 1 } }] };
    expect(decideRecovery(done, "reassign")).toEqual({ kind: "escalate", code: "effect_done" });
    expect(decideRecovery({ ...done, load: { "SKU-7890": 1 } }, "reassign")).toMatchObject({ code: "load_on_board" });
  });
});

it.each([
  ["completed", { kind: "none" }],
  ["cancelled", { kind: "none" }],
  ["failed", { kind: "escalate", code: "contract_failed" }],
  ["aborted", { kind: "escalate", code: "contract_aborted" }],
] as const)("a contract that is %s leads to %o", (status, recovery) => {
  expect(decideRecovery({ ...RELEASED, status }, "reassign")).toEqual(recovery);
});
