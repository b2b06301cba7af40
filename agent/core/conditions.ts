import type { Assumption, Contract, Severity } from "#contract/contract";
import { compileExpression, evaluate } from "#contract/expression";
import type { z } from "zod";
import type { Failure } from "./failure-policy.ts";
import type { RobotView } from "./situation.ts";

/** What a condition of a contract came to; a condition that cannot be judged is neither true nor false. */
export type Judgement =
  | { readonly ok: true; readonly holds: boolean }
  | { readonly ok: false; readonly detail: string };

/** The values that an expression of a contract may speak of. */
export interface ExpressionContext {
  readonly contract: Contract;
  readonly robot: RobotView;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly failure?: Failure;
}

/** Evaluates a CEL expression that must come to true or false. */
export function judge(expression: string, context: ExpressionContext): Judgement {
  const compiled = compileExpression(expression);
  if (!compiled.ok) return { ok: false, detail: `${expression}: ${compiled.message}` };
  const result = evaluate(compiled.expression, variablesOf(context));
  if (!result.ok) return { ok: false, detail: `${expression}: ${result.message}` };
  if (typeof result.value === "boolean") return { ok: true, holds: result.value };
  return { ok: false, detail: `${expression}: is neither true nor false` };
}

/** Whether the expression is certainly true. */
export function isTrue(expression: string, context: ExpressionContext): boolean {
  const judgement = judge(expression, context);
  return judgement.ok && judgement.holds;
}

/** An assumption that no longer holds, or can no longer be judged. */
export interface Drift {
  readonly assumptionId: string;
  readonly expr: string;
  readonly severity: Severity;
  readonly detail: string;
}

/** The assumptions of the contract that do not hold now. */
export function findDrift(context: ExpressionContext): readonly Drift[] {
  return context.contract.assumptions.flatMap((assumption: z.infer<typeof Assumption>): Drift[] => {
    const judgement = judge(assumption.expr, context);
    if (judgement.ok && judgement.holds) return [];
    const detail = judgement.ok ? `${assumption.expr} no longer holds` : judgement.detail;
    return [{ assumptionId: assumption.id, expr: assumption.expr, severity: assumption.severity, detail }];
  });
}

function variablesOf(context: ExpressionContext): Record<string, unknown> {
  const { contract, robot, inputs = {}, output = {}, failure } = context;
  return {
    contract,
    inputs,
    output,
    robot: {
      pose: robot.pose,
      battery: robot.battery,
      zone: robot.zones[0] ?? "",
      speed: robot.speed,
      loaded: robot.isLoaded,
      online: robot.isOnline,
    },
    failure: failure && {
      code: failure.code,
      severity: failure.severity,
      stageId: failure.stageId,
      action: failure.action,
      attempt: failure.attempt,
    },
  };
}
