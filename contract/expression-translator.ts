import type { ASTNode } from "@marcbachmann/cel-js";
import { FUNCTIONS, METHODS } from "./expression-functions.ts";
import { MACROS, type Macro } from "./expression-macros.ts";
import { OPERATORS, type Operator } from "./expression-operators.ts";
import {
  attempt,
  boundedInt,
  expectBool,
  ExpressionFault,
  fieldOf,
  toPlain,
  typeOf,
  type Spend,
} from "./expression-values.ts";

/** Where an evaluation stands: the given context, the variables of enclosing macros, and what it may still do. */
export interface Frame {
  readonly context: Readonly<Record<string, unknown>>;
  readonly spend: Spend;
  readonly local?: { readonly name: string; readonly value: unknown; readonly outer: Frame["local"] };
}

export type Evaluator = (frame: Frame) => unknown;

/** A function that the caller of `compileExpression` brings along. */
export type ForeignFunction = (...args: unknown[]) => unknown;

/** The names that an expression may use. */
export interface Names {
  readonly variables: readonly string[];
  readonly functions: Readonly<Record<string, ForeignFunction>>;
}

/** Turns a syntax tree into an evaluator. Faults, with the position, on names that are not there and on wrong calls. */
export function translate(node: ASTNode, names: Names): Evaluator {
  const evaluator = translateNode(node, names);
  return (frame) => {
    frame.spend(1);
    return located(node, () => evaluator(frame));
  };
}

function translateNode(node: ASTNode, names: Names): Evaluator {
  if (isBinary(node)) return translateBinary(node, names);
  const translator = TRANSLATORS[node.op] as ((node: ASTNode, names: Names) => Evaluator) | undefined;
  if (!translator) throw new ExpressionFault(`${node.op} is not supported`, node.pos);
  return translator(node, names);
}

type NodeOf<Op extends ASTNode["op"]> = Extract<ASTNode, { op: Op }>;

const TRANSLATORS: { readonly [Op in ASTNode["op"]]?: (node: NodeOf<Op>, names: Names) => Evaluator } = {
  value: translateLiteral,
  id: translateVariable,
  ".": translateField,
  call: translateCall,
  rcall: translateMethod,
  list: translateList,
  map: translateMap,
  "?:": translateChoice,
  "&&": translateLogical,
  "||": translateLogical,
  "!_": translateNot,
  "-_": translateMinus,
};

function isBinary(node: ASTNode): node is NodeOf<keyof typeof OPERATORS> {
  return Object.hasOwn(OPERATORS, node.op);
}

function translateBinary({ op, args: [left, right] }: NodeOf<keyof typeof OPERATORS>, names: Names): Evaluator {
  const apply: Operator = OPERATORS[op];
  const [a, b] = [translate(left, names), translate(right, names)];
  return (frame) => apply(a(frame), b(frame), frame.spend);
}

function translateNot({ args }: NodeOf<"!_">, names: Names): Evaluator {
  const operand = translate(args, names);
  return (frame) => !expectBool(operand(frame));
}

function translateMinus({ args }: NodeOf<"-_">, names: Names): Evaluator {
  const operand = translate(args, names);
  return (frame) => OPERATORS["-"](0n, operand(frame), frame.spend);
}

function translateLiteral({ args: value, pos }: NodeOf<"value">): Evaluator {
  const type = typeOf(value);
  if (type === "map" || type === "unsupported") throw new ExpressionFault("bytes and uint are not supported", pos);
  if (typeof value === "bigint") boundedInt(value);
  return () => value;
}

function translateVariable({ args: name, pos }: NodeOf<"id">, names: Names): Evaluator {
  if (!names.variables.includes(name)) {
    throw new ExpressionFault(`unknown variable ${name}, expected one of ${names.variables.join(", ")}`, pos);
  }
  return (frame) => {
    for (let local = frame.local; local; local = local.outer) if (local.name === name) return local.value;
    const value = fieldOf(frame.context, name);
    if (value === undefined) throw new ExpressionFault(`${name} is not known here`);
    return value;
  };
}

function translateField({ args: [of, field] }: NodeOf<".">, names: Names): Evaluator {
  const holder = translate(of, names);
  return (frame) => {
    const value = fieldOf(holder(frame), field);
    if (value === undefined) throw new ExpressionFault(`no such key: ${field}`);
    return value;
  };
}

function translateCall(node: NodeOf<"call">, names: Names): Evaluator {
  const [name, args] = node.args;
  if (name === "has") return translateHas(args, node.pos, names);
  const operands = args.map((arg) => translate(arg, names));
  if (Object.hasOwn(names.functions, name)) return callForeign(name, names.functions[name]!, operands);
  const builtin = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!builtin) throw new ExpressionFault(`unknown function ${name}`, node.pos);
  expectArity(name, builtin.arity, args.length, node.pos);
  return (frame) =>
    builtin.call(
      operands.map((operand) => operand(frame)),
      frame.spend,
    );
}

function callForeign(name: string, call: ForeignFunction, operands: readonly Evaluator[]): Evaluator {
  return (frame) => {
    const values = operands.map((operand) => toPlain(operand(frame), frame.spend));
    const result = call(...values);
    if (result === undefined) throw new ExpressionFault(`there is no ${name}(${values.join(", ")})`);
    return result;
  };
}

/** `has(a.b)`: whether the map `a` has the field; a fault when `a` itself is not there. */
function translateHas(args: readonly ASTNode[], pos: number, names: Names): Evaluator {
  const [only] = args;
  if (only?.op !== "." || args.length !== 1) throw new ExpressionFault("has() takes one field, such as a.b", pos);
  const [of, field] = only.args;
  const holder = translate(of, names);
  return (frame) => fieldOf(holder(frame), field) !== undefined;
}

function translateMethod(node: NodeOf<"rcall">, names: Names): Evaluator {
  const [name, of, args] = node.args;
  const receiver = translate(of, names);
  const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined;
  if (macro) return translateMacro(macro, receiver, node, names);
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (!method) throw new ExpressionFault(`unknown method ${name}, expected one of ${METHOD_NAMES}`, node.pos);
  expectArity(name, method.arity, args.length, node.pos);
  const operands = [receiver, ...args.map((arg) => translate(arg, names))];
  return (frame) =>
    method.call(
      operands.map((operand) => operand(frame)),
      frame.spend,
    );
}

function translateMacro(macro: Macro, receiver: Evaluator, node: NodeOf<"rcall">, names: Names): Evaluator {
  const [name, , [variable, ...bodies]] = node.args;
  if (variable?.op !== "id" || !macro.bodies.includes(bodies.length)) {
    throw new ExpressionFault(`${name}() takes a variable and ${macro.bodies.join(" or ")} expressions`, node.pos);
  }
  const inner = { ...names, variables: [...names.variables, variable.args] };
  const evaluators = bodies.map((body) => translate(body, inner));
  return (frame) => {
    const items = itemsOf(receiver(frame));
    frame.spend(items.length);
    const turns = items.map((value) => ({
      item: value,
      frame: { ...frame, local: { name: variable.args, value, outer: frame.local } },
    }));
    return macro.run(turns, evaluators);
  };
}

function itemsOf(collection: unknown): readonly unknown[] {
  if (Array.isArray(collection)) return collection;
  if (typeOf(collection) === "map") return Object.keys(collection as object);
  throw new ExpressionFault(`${typeOf(collection)} has no items`);
}

function translateList({ args: items }: NodeOf<"list">, names: Names): Evaluator {
  const operands = items.map((item) => translate(item, names));
  return (frame) => operands.map((operand) => operand(frame));
}

function translateMap({ args: entries }: NodeOf<"map">, names: Names): Evaluator {
  const operands = entries.map(([key, value]) => [translate(key, names), translate(value, names)] as const);
  return (frame) =>
    Object.fromEntries(
      operands.map(([key, value]) => {
        const name = key(frame);
        if (typeof name !== "string") throw new ExpressionFault(`a key is a string, not ${typeOf(name)}`);
        return [name, value(frame)];
      }),
    );
}

function translateChoice({ args: [condition, yes, no] }: NodeOf<"?:">, names: Names): Evaluator {
  const [test, one, other] = [translate(condition, names), translate(yes, names), translate(no, names)];
  return (frame) => (expectBool(test(frame)) ? one(frame) : other(frame));
}

/** Either side may decide alone, whatever the other does, even fault (CEL specification, "Logical Operators"). */
function translateLogical(node: NodeOf<"&&" | "||">, names: Names): Evaluator {
  const deciding = node.op === "||";
  const [left, right] = [translate(node.args[0], names), translate(node.args[1], names)];
  return (frame) => {
    const first = attempt(() => expectBool(left(frame)));
    if (first === deciding) return deciding;
    if (expectBool(right(frame)) === deciding) return deciding;
    if (first instanceof ExpressionFault) throw first;
    return !deciding;
  };
}

const METHOD_NAMES = [...Object.keys(METHODS), ...Object.keys(MACROS)].join(", ");

function expectArity(name: string, wanted: number, given: number, pos: number): void {
  if (wanted !== given) throw new ExpressionFault(`${name}() takes ${wanted} arguments, not ${given}`, pos);
}

/** Runs, and tells a fault of a node that did not say where it is. */
function located(node: ASTNode, run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFault) || thrown.position !== undefined) throw thrown;
    throw new ExpressionFault(thrown.message, node.pos, thrown.kind);
  }
}
