import type { ExpressionContext } from "./conditions.ts";
import { decideFailure, type Failure } from "./failure-policy.ts";
import { canReplan, isBudgetSpent } from "./replan-budget.ts";
import { isMild } from "./severity.ts";
import type { Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";
import type { Recovery } from "./step.ts";

/** The answer of the failure policy to a failure. */
export function recover(
  situation: Situation,
  view: StageView,
  failure: Failure,
  found: Partial<Omit<Recovery, "type" | "failure" | "decision">> & { after?: number } = {},
): Recovery {
  const { contract, state, chance, policies } = situation;
  const { after, ...rest } = found;
  // What lies ahead is only that of the stage that would bring it about.
  const isContractWide = rest.violation !== undefined && rest.violation.becomes === undefined;
  const context = contextOf(situation);
  const input = { failure, stage: view.stage, contract, state, context, chance, isContractWide };
  // What came to nothing once is not tried again for the same failure: then the contract's own rules decide.
  const isTried = rest.endsReplan !== undefined || after !== undefined;
  const own = isTried ? {} : { localFixes: policies.localFixes, replanning: replanningOf(situation) };
  const decision = decideFailure({ ...input, ...own, ...(after === undefined ? {} : { after }) });
  const isSpent = own.replanning === "spent" && !isMild(failure.severity);
  return { type: "recover", failure, decision, drift: [], ...rest, ...(isSpent && { isBudgetSpent: true }) };
}

/** What expressions of the contract may speak of now. */
export function contextOf({ contract, robot }: Situation): ExpressionContext {
  return { contract, robot };
}

function replanningOf(situation: Situation): "possible" | "impossible" | "spent" {
  if (isBudgetSpent(situation)) return "spent";
  return canReplan(situation) ? "possible" : "impossible";
}
