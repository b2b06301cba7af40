import { CONTRACT_VARIABLES, EXPRESSION_LENGTH_MAX, HOLD_VARIABLES, compileExpression } from "#contract/expression";
import type { FailurePolicy } from "#contract/contract";
import type { Problem } from "#contract/event";
import { rankedRules, type Policy, type PolicyRule, type VersionedPolicy } from "./policy.ts";

/**
 * A policy as a contract carries it, so that a device decides by it without the cloud: the rules in the order in which they
 * are tried, each condition one CEL expression, and which policy in which version it was.
 */
export function compilePolicy({ policy, version }: Pick<VersionedPolicy, "policy" | "version">): FailurePolicy {
  const { id, fallback, replanBudget, offline, severities } = policy;
  return {
    rules: rankedRules(policy).map(({ strategy, retry, hold, ...conditions }) => ({
      when: conditionOf(conditions),
      strategy,
      ...(retry ? { retry } : {}),
      ...(hold ? { hold } : {}),
    })),
    fallback,
    replanBudget,
    offline,
    ...(severities ? { severities } : {}),
    policy: { id, version },
  };
}

/** What is wrong with a policy besides its shape: expressions that do not compile, or are too long once compiled. */
export function policyProblems(policy: Policy): Problem[] {
  return policy.rules.flatMap((rule, at) => [
    ...problemsOf(`/rules/${at}/when`, [rule.when, conditionOf(rule)], CONTRACT_VARIABLES),
    ...problemsOf(`/rules/${at}/hold/until`, [rule.hold?.until], HOLD_VARIABLES),
  ]);
}

/** The first that is wrong; as it is written comes first, because a position in the compiled text would point at nothing. */
function problemsOf(path: string, texts: readonly (string | undefined)[], variables: readonly string[]): Problem[] {
  for (const text of texts) {
    const compiled = text === undefined ? undefined : compileExpression(text, { variables });
    if (!compiled || compiled.ok) continue;
    const expected = `a CEL expression, at most ${EXPRESSION_LENGTH_MAX} characters with the rule's other conditions`;
    return [{ path, message: `${compiled.message} (character ${compiled.position + 1})`, value: text!, expected }];
  }
  return [];
}

type Conditions = Pick<PolicyRule, "action" | "code" | "severity" | "when">;

function conditionOf({ action, code, severity, when }: Conditions): string {
  const parts = [
    comparison("failure.action", action),
    comparison("failure.code", code),
    comparison("failure.severity", severity),
    when === undefined ? undefined : `(${when})`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "true" : parts.join(" && ");
}

/** Names and codes hold no character that a CEL string would have to escape. */
function comparison(variable: string, wanted: string | readonly string[] | undefined): string | undefined {
  if (wanted === undefined) return undefined;
  if (typeof wanted === "string") return `${variable} == "${wanted}"`;
  return `${variable} in [${wanted.map((value) => `"${value}"`).join(", ")}]`;
}
