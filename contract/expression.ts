import { Environment, ParseError, type ASTNode } from "@marcbachmann/cel-js";
import { translate, type Evaluator, type ForeignFunction } from "./expression-translator.ts";
import { ExpressionFault, toPlain } from "./expression-values.ts";

/** What an expression of a contract may name (`failure` is there only where something failed). */
export const CONTRACT_VARIABLES = ["inputs", "output", "contract", "robot", "failure"] as const;

/** What a condition that ends a hold may name: it is looked at long after the failure, which is no longer there to ask about. */
export const HOLD_VARIABLES = ["inputs", "output", "contract", "robot"] as const;

/** Characters of an expression's source. */
export const EXPRESSION_LENGTH_MAX = 1000;

/** What one evaluation may do: a node or a compared value costs 1, a joined or searched text or list its length. */
export const EVALUATION_STEPS_MAX = 100_000;

/** A compiled expression; immutable, to be evaluated as often as wanted. */
export interface Expression {
  readonly source: string;
  readonly run: Evaluator;
}

export type Compiled =
  | { readonly ok: true; readonly expression: Expression }
  /** `position` is an offset in the source, from 0. */
  | { readonly ok: false; readonly message: string; readonly position: number };

export type Evaluated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

export interface ExpressionScope {
  /** Names that the context of `evaluate` will have; those of a contract unless given. */
  readonly variables?: readonly string[];
  /** Pure functions, called with plain values; `undefined` says that there is no such thing. */
  readonly functions?: Readonly<Record<string, ForeignFunction>>;
}

/**
 * Compiles CEL (Common Expression Language, cel.dev): syntax, names, and the shape of calls are checked here, types when it
 * is evaluated. The parser is a library's, the evaluation ours, because only so is its work bounded
 * (`docs/decisions/0002-cel-library.md`).
 */
export function compileExpression(source: string, scope: ExpressionScope = {}): Compiled {
  if (source.length > EXPRESSION_LENGTH_MAX) {
    return { ok: false, message: `longer than ${EXPRESSION_LENGTH_MAX} characters`, position: EXPRESSION_LENGTH_MAX };
  }
  const parsed = parse(source);
  if (!parsed.ok) return parsed;
  try {
    const names = { variables: scope.variables ?? CONTRACT_VARIABLES, functions: scope.functions ?? {} };
    return { ok: true, expression: { source, run: translate(parsed.tree, names) } };
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFault)) throw thrown;
    return { ok: false, message: thrown.message, position: thrown.position ?? 0 };
  }
}

/** Evaluates over JSON-like values, without side effects and within `EVALUATION_STEPS_MAX`; ints come back as numbers. */
export function evaluate(expression: Expression, context: Readonly<Record<string, unknown>>): Evaluated {
  let left = EVALUATION_STEPS_MAX;
  const spend = (cost: number): void => {
    left -= cost;
    if (left < 0) throw new ExpressionFault("the evaluation takes too many steps", undefined, "exhausted");
  };
  try {
    return { ok: true, value: toPlain(expression.run({ context, spend }), spend) };
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFault)) throw thrown;
    const where = thrown.position === undefined ? "" : ` (character ${thrown.position + 1})`;
    return { ok: false, message: `${thrown.message}${where}` };
  }
}

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 500, maxDepth: 40, maxListElements: 250, maxMapEntries: 100, maxCallArguments: 8 },
});

type Parsed = { readonly ok: true; readonly tree: ASTNode } | Extract<Compiled, { ok: false }>;

function parse(source: string): Parsed {
  try {
    return { ok: true, tree: environment.parse(source).ast };
  } catch (thrown) {
    if (!(thrown instanceof ParseError)) throw thrown;
    const start = thrown.range?.start ?? 0;
    return { ok: false, message: thrown.summary, position: Math.min(start, source.length) };
  }
}
