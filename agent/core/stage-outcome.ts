import { ACTIONS } from "#contract/actions";
import type { Stage } from "#contract/contract";
import { findDrift, judge, type Drift, type ExpressionContext } from "./conditions.ts";
import type { Failure } from "./failure-policy.ts";
import { isMild, severityOf } from "./severity.ts";
import type { Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";

/** Whether a stage may go on, and the assumptions that were found not to hold on the way. */
export type Outcome =
  /** `tolerated`: something is wrong with the output, but so little that work goes on with it. */
  | { readonly ok: true; readonly drift: readonly Drift[]; readonly tolerated?: Failure }
  | { readonly ok: false; readonly drift: readonly Drift[]; readonly failure: Failure };

type Output = Readonly<Record<string, unknown>>;

/** Steps five and six of the stage loop: validates what the action gave back, then checks the assumptions again. */
export function judgeOutput(view: StageView, output: Output, basis: Basis): Outcome {
  const effect: Failure["effect"] = ACTIONS[view.stage.action]?.isIrreversible ? "happened" : "none";
  const fault = findFault(view.stage, output, { ...basis, inputs: view.stage.inputs, output });
  const failure: Failure | undefined = fault && { ...failureOf(basis, view, fault.code, fault.detail), effect };
  if (failure && !isMild(failure.severity)) return { ok: false, drift: [], failure };
  const outcome = judgeAssumptions(view, basis, output, effect);
  return outcome.ok && failure ? { ...outcome, tolerated: failure } : outcome;
}

/** What outcomes are judged by. */
export type Basis = Pick<Situation, "contract" | "robot" | "policies">;

/**
 * Steps two and six: a trivial or minor drift is noted and work goes on; one that is worse fails the stage, with the
 * worst severity that was found.
 */
export function judgeAssumptions(
  view: StageView,
  basis: Basis,
  output: Output = {},
  effect: Failure["effect"] = "none",
): Outcome {
  const drift = findDrift({ ...basis, inputs: view.stage.inputs, output });
  const worst = WORSE_FIRST.flatMap((severity) => drift.filter((entry) => entry.severity === severity)).at(0);
  if (!worst) return { ok: true, drift };
  const failure = failureOf(basis, view, "assumption_drifted", `${worst.assumptionId}: ${worst.detail}`);
  return { ok: false, drift, failure: { ...failure, severity: worst.severity, effect } };
}

/** A failure of the stage, as the policy and the journal see it. */
export function failureOf(
  { contract, policies }: Pick<Situation, "contract" | "policies">,
  { stage, known }: StageView,
  code: string,
  detail: string,
): Failure {
  return {
    code,
    severity: severityOf(code, policies.severity, contract),
    detail,
    stageId: stage.stageId,
    action: stage.action,
    // Every failure but the last was answered by a retry.
    attempt: known.retries + 1,
    effect: "none",
  };
}

const WORSE_FIRST = ["critical", "major", "moderate"] as const;

interface Fault {
  readonly code: "output_invalid" | "validation_failed";
  readonly detail: string;
}

function findFault(stage: Stage, output: Output, context: ExpressionContext): Fault | undefined {
  const parsed = ACTIONS[stage.action]?.output.safeParse(output);
  if (parsed && !parsed.success) return { code: "output_invalid", detail: parsed.error.issues[0]?.message ?? "" };
  for (const [name, expected] of Object.entries(stage.expectedOutput ?? {})) {
    if (!isSame(output[name], expected)) {
      const detail = `${name} is ${JSON.stringify(output[name])}, expected was ${JSON.stringify(expected)}`;
      return { code: "validation_failed", detail };
    }
  }
  for (const { expr, message } of stage.validation) {
    const judgement = judge(expr, context);
    if (!judgement.ok) return { code: "validation_failed", detail: `${message} (${judgement.detail})` };
    if (!judgement.holds) return { code: "validation_failed", detail: message };
  }
  return undefined;
}

/** Equal as JSON values: the order of keys does not matter. */
function isSame(actual: unknown, expected: unknown): boolean {
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) {
    return actual === expected;
  }
  const [left, right] = [actual as Record<string, unknown>, expected as Record<string, unknown>];
  const keys = Object.keys(right);
  return (
    Array.isArray(left) === Array.isArray(right) &&
    keys.length === Object.keys(left).length &&
    keys.every((key) => isSame(left[key], right[key]))
  );
}
