import type { Severity, Stage } from "#contract/contract";
import type { LighterMode } from "#contract/resource-hints";
import type { Drift } from "./conditions.ts";
import type { Violation } from "./constraints.ts";
import type { Decision, Failure } from "./failure-policy.ts";
import type { LocalRevision } from "./local-revision.ts";
import type { Shortage } from "./resources.ts";
import type { Interruption } from "./situation.ts";
import type { ContractPlanKind } from "./work-plan.ts";

/** What an action gave back. */
export type Output = Readonly<Record<string, unknown>>;

/** Why a stage failed, before the policy has looked at it. */
export interface Cause {
  readonly code: string;
  readonly detail: string;
}

/** An answer to a failure: what failed, what is done about it, and what was found on the way. */
export interface Recovery {
  readonly type: "recover";
  readonly failure: Failure;
  readonly decision: Decision;
  readonly drift: readonly Drift[];
  /** The constraint that did not hold, where that is the failure. */
  readonly violation?: Violation;
  /** What the action did although the stage failed. */
  readonly output?: Output;
  /** The hold of the policy that ends with this decision. */
  readonly endsHold?: string;
  /** The request for a new plan that nothing came of. */
  readonly endsReplan?: string;
  /** Whether replanning was tried as often as it may be, so that only the fallback is left. */
  readonly isBudgetSpent?: boolean;
}

/** One thing to do next; `step-events.ts` says what the journal is told, `executor.ts` acts. */
export type Step =
  | { readonly type: "start-contract" }
  | { readonly type: "start-stage"; readonly stageId: string; readonly drift: readonly Drift[] }
  /** The stage waits for something that it needs, at most this long. */
  | {
      readonly type: "await-resource";
      readonly stageId: string;
      readonly n: number;
      readonly shortage: Shortage;
      readonly limitSeconds: number;
    }
  /** The stage is done with less from now on. */
  | { readonly type: "go-lighter"; readonly stageId: string; readonly shortage: Shortage; readonly mode: LighterMode }
  | { readonly type: "attempt"; readonly stageId: string; readonly n: number }
  | { readonly type: "interrupt"; readonly stageId: string; readonly cause: Interruption }
  /** The attempt under way is settled, or what is left of it is asked for later. */
  | { readonly type: "forget-attempt"; readonly stageId: string }
  | { readonly type: "verify"; readonly stageId: string; readonly n: number; readonly cause?: Cause }
  | { readonly type: "note-not-done"; readonly stageId: string; readonly n: number }
  /** Whether the effect happened cannot be known: a human must look. */
  | { readonly type: "give-up-doubt"; readonly stageId: string; readonly n: number; readonly detail: string }
  | {
      readonly type: "complete-stage";
      readonly stageId: string;
      readonly output: Output;
      readonly drift: readonly Drift[];
      /** Whether a tool's `verify`, not the action itself, said so. */
      readonly isVerified: boolean;
      /** What was wrong with it, and mattered little. */
      readonly tolerated?: Failure;
    }
  | { readonly type: "note-violation"; readonly violation: Violation; readonly severity: Severity }
  | Recovery
  /** Sends the open request for a new plan. */
  | { readonly type: "ask-for-plan"; readonly requestId: string }
  | { readonly type: "adopt-revision"; readonly requestId: string; readonly revision: LocalRevision }
  /** The stage that a new plan was asked for is gone. */
  | { readonly type: "drop-replan"; readonly requestId: string }
  /** The world is as the journal left it. */
  | { readonly type: "trust-environment" }
  | {
      readonly type: "hold";
      readonly holdId: string;
      readonly by: "policy" | "constraint" | "safety";
      readonly reason: string;
    }
  | { readonly type: "resume"; readonly holdId: string; readonly by: "policy" | "constraint" | "safety" }
  | { readonly type: "wind-down" }
  /** Begins the plan that the contract waits for; without stages it has ended already. */
  | { readonly type: "start-plan"; readonly kind: ContractPlanKind; readonly stages: readonly Stage[] }
  | { readonly type: "abort"; readonly reason: string; readonly detail: string }
  | { readonly type: "expire" }
  | { readonly type: "fail"; readonly reason: string; readonly detail: string }
  | { readonly type: "report-progress"; readonly stageId: string }
  | { readonly type: "report-estimate"; readonly stageId: string }
  | { readonly type: "finish" };
