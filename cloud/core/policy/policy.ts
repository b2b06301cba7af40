import { z } from "zod";
import { Expression, FailurePolicy, FailureRule, Severity, type Contract } from "#contract/contract";
import { Name } from "#contract/identifiers";
import { DivergenceSizes } from "../divergence.ts";

/** One value, or any of several. */
const oneOrMore = <Value extends z.ZodType>(value: Value) => z.union([value, z.array(value).min(1).max(50)]);

const Code = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "a failure code: 1 to 64 of A-Z a-z 0-9 . _ -");

/** Which contracts a policy is for; what is left out does not matter. Each member that is there makes it more specific. */
export const PolicyMatch = z.strictObject({
  application: oneOrMore(Name).optional(),
  account: oneOrMore(Name).optional(),
  deviceType: oneOrMore(z.string().min(1).max(64)).optional().meta({ description: "`profile.kind` of the device" }),
  taskKind: oneOrMore(z.enum(["pick", "move", "clean", "inspect", "charge", "count", "custom"])).optional(),
});
export type PolicyMatch = z.infer<typeof PolicyMatch>;

/** What is done about which failures; `when` may look at `failure.attempt` and everything else that a contract's rules may. */
export const PolicyRule = z
  .strictObject({
    action: oneOrMore(Name).optional(),
    code: oneOrMore(Code).optional(),
    severity: oneOrMore(Severity).optional(),
    when: Expression.optional(),
    strategy: FailureRule.shape.strategy,
    retry: FailureRule.shape.retry,
    hold: FailureRule.shape.hold,
  })
  .refine((rule) => rule.strategy !== "retry" || rule.retry !== undefined, {
    path: ["retry"],
    message: "the strategy retry needs retry: {attempts, backoffSeconds}",
  });
export type PolicyRule = z.infer<typeof PolicyRule>;

/** A recovery policy as it is written (`config/policies/*.yaml`, `PUT /policies/{id}`). */
export const Policy = z.strictObject({
  id: Name,
  title: z.string().min(1).max(200).optional(),
  origin: z.enum(["preset", "operator", "agent"]).meta({ description: "who made it: it ships, a person, a program" }),
  author: z.string().min(1).max(200),
  enabled: z.boolean().optional().meta({ description: "false: it is kept, and applies to nothing; default true" }),
  match: PolicyMatch,
  rules: z.array(PolicyRule).max(50),
  fallback: FailurePolicy.shape.fallback,
  replanBudget: FailurePolicy.shape.replanBudget,
  offline: FailurePolicy.shape.offline,
  severities: FailurePolicy.shape.severities,
  divergence: DivergenceSizes.optional().meta({
    description: "from which differences on a reconciliation is minor, material or critical",
  }),
});
export type Policy = z.infer<typeof Policy>;

/** A policy in one of its versions; versions count from 1 and are never changed. */
export interface VersionedPolicy {
  readonly version: number;
  /** When it was stored, RFC 3339. */
  readonly at: string;
  readonly policy: Policy;
}

/** What decides which policy is for a contract. */
export interface ContractFacts {
  readonly application?: string | undefined;
  readonly account?: string | undefined;
  readonly deviceType?: string | undefined;
  readonly taskKind?: Contract["task"]["kind"] | undefined;
}

const ATTRIBUTES = ["account", "application", "deviceType", "taskKind"] as const satisfies (keyof ContractFacts)[];

/** The policy for a contract: of those that match the most specific, or undefined when none does. */
export function governingPolicy(
  policies: readonly VersionedPolicy[],
  facts: ContractFacts,
): VersionedPolicy | undefined {
  return policies.filter((entry) => matches(entry.policy, facts)).toSorted(bySpecificity)[0];
}

/** Whether a policy is for a contract. */
export function matches({ enabled = true, match }: Policy, facts: ContractFacts): boolean {
  return enabled && ATTRIBUTES.every((name) => isAmong(match[name], facts[name]));
}

/** Whether a value is the one that is wanted, or among them; where nothing is wanted, everything is. */
export function isAmong(wanted: string | readonly string[] | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true;
  return value !== undefined && (typeof wanted === "string" ? wanted === value : wanted.includes(value));
}

/**
 * More attributes first; of equally many the one that names the account, then the application, the device type, the task
 * kind; then what was made here before what ships; then the id, so that there is always one answer.
 */
function bySpecificity({ policy: a }: VersionedPolicy, { policy: b }: VersionedPolicy): number {
  const named = ({ match }: Policy): boolean[] => ATTRIBUTES.map((name) => match[name] !== undefined);
  const count = (policy: Policy): number => named(policy).filter(Boolean).length;
  if (count(a) !== count(b)) return count(b) - count(a);
  const firstDifference = named(a).findIndex((isNamed, at) => isNamed !== named(b)[at]);
  if (firstDifference >= 0) return named(a)[firstDifference] ? -1 : 1;
  const shipped = (policy: Policy): number => (policy.origin === "preset" ? 1 : 0);
  return shipped(a) - shipped(b) || (a.id < b.id ? -1 : 1);
}

/** A policy's rules as they are tried: the most specific first, of equals the one that stands first. */
export function rankedRules(policy: Pick<Policy, "rules">): readonly PolicyRule[] {
  return policy.rules.toSorted((a, b) => specificity(b) - specificity(a));
}

function specificity({ action, code, severity, when }: PolicyRule): number {
  return [action, code, severity, when].filter((part) => part !== undefined).length;
}
