import { z } from "zod";
import { Contract, ContractDraft, Expression } from "./contract.ts";
import type { Problem, RejectReason } from "./event.ts";
import { compileExpression, CONTRACT_VARIABLES, HOLD_VARIABLES } from "./expression.ts";
import { invalid, readableItems, repeatedIds, toProblem, valueAt, type Finding } from "./finding.ts";
import { schemaFindings } from "./schema-findings.ts";
import { spatialFindings } from "./spatial-rules.ts";
import { stageFindings } from "./stage-rules.ts";

/** Problems that one answer lists; what is beyond them is counted in the last. */
export const PROBLEMS_MAX = 200;

export type Checked<Document> =
  | { readonly ok: true; readonly contract: Document }
  | { readonly ok: false; readonly reason: RejectReason; readonly problems: Problem[] };

/**
 * Whether a value is a contract that this version understands whole. Lists everything that is wrong with it, not only the
 * first thing; `reason` is `unsupported` if anything is not known here, else `out_of_scope` if a stage leaves the scope,
 * else `invalid`.
 */
export function checkContract(value: unknown): Checked<Contract> {
  return check(Contract, value);
}

/** The same for a contract whose identity, session, epoch, revision and lease the cloud has yet to fill in. */
export function checkContractDraft(value: unknown): Checked<ContractDraft> {
  return check(ContractDraft, value);
}

function check<Document>(schema: z.ZodType<Document>, value: unknown): Checked<Document> {
  const parsed = schema.safeParse(value);
  const findings = [
    ...(parsed.success ? [] : schemaFindings(value, parsed.error.issues)),
    ...stageFindings(value),
    ...spatialFindings(value),
    ...windowFindings(value),
    ...revisionFindings(value),
    ...repeatedIds(value, ["assumptions"], "id"),
    ...expressionFindings(value),
  ];
  if (parsed.success && findings.length === 0) return { ok: true, contract: parsed.data };
  return { ok: false, reason: reasonOf(findings), problems: problemsOf(findings) };
}

function reasonOf(findings: readonly Finding[]): RejectReason {
  const order = ["unsupported", "out_of_scope"] as const;
  return order.find((reason) => findings.some((finding) => finding.reason === reason)) ?? "invalid";
}

function problemsOf(findings: readonly Finding[]): Problem[] {
  const problems = findings.slice(0, PROBLEMS_MAX).map(toProblem);
  const left = findings.length - problems.length;
  return left === 0 ? problems : [...problems, { path: "", message: `and ${left} more problems` }];
}

function windowFindings(contract: unknown): Finding[] {
  const path = ["constraints", "window", "notAfter"];
  const notBefore = valueAt(contract, ["constraints", "window", "notBefore"]);
  const notAfter = valueAt(contract, path);
  if (typeof notBefore !== "string" || typeof notAfter !== "string") return [];
  // A time that can't be read is NaN, which is not before anything: the schema has found that already.
  return Date.parse(notAfter) <= Date.parse(notBefore)
    ? [invalid(path, "the window ends before it begins", { value: notAfter, expected: `after ${notBefore}` })]
    : [];
}

function revisionFindings(contract: unknown): Finding[] {
  const revision = valueAt(contract, ["revision"]);
  const replaced = valueAt(contract, ["replaces", "revision"]);
  if (typeof revision !== "number" || typeof replaced !== "number" || replaced < revision) return [];
  return [
    invalid(["replaces", "revision"], "only a higher revision replaces", {
      value: replaced,
      expected: `below ${revision}`,
    }),
  ];
}

function expressionFindings(contract: unknown): Finding[] {
  return expressionsOf(contract).flatMap(({ path, source, variables = CONTRACT_VARIABLES }) => {
    const compiled = compileExpression(source, { variables });
    if (compiled.ok) return [];
    return [
      invalid(path, `${compiled.message} (character ${compiled.position + 1})`, {
        value: source,
        expected: "a CEL expression",
      }),
    ];
  });
}

interface Located {
  readonly path: readonly PropertyKey[];
  readonly source: string;
  /** Names that it may use; those of every expression unless given. */
  readonly variables?: readonly string[];
}

/** Every expression of a contract, wherever what is around it can be read. */
function expressionsOf(contract: unknown): readonly Located[] {
  const stages = readableItems(contract, ["stages"], z.unknown());
  return [
    ...stages.flatMap(({ at }) => [
      ...expressionsIn(contract, ["stages", at, "validation"]),
      ...rulesOf(contract, ["stages", at, "onFailure"]),
    ]),
    ...rulesOf(contract, ["failurePolicy", "rules"]),
    ...expressionsIn(contract, ["assumptions"]),
  ];
}

/** The member `expr` of each item. */
function expressionsIn(contract: unknown, path: readonly PropertyKey[]): readonly Located[] {
  return readableItems(contract, path, z.object({ expr: Expression })).map(({ item, at }) => ({
    path: [...path, at, "expr"],
    source: item.expr,
  }));
}

/** The condition of each rule, and what its hold waits for. */
function rulesOf(contract: unknown, path: readonly PropertyKey[]): readonly Located[] {
  const when = readableItems(contract, path, z.object({ when: Expression }));
  const holds = readableItems(contract, path, z.object({ hold: z.object({ until: Expression }) }));
  return [
    ...when.map(({ item, at }) => ({ path: [...path, at, "when"], source: item.when })),
    ...holds.map(({ item, at }) => ({
      path: [...path, at, "hold", "until"],
      source: item.hold.until,
      variables: HOLD_VARIABLES,
    })),
  ];
}
