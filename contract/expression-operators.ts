import { boundedInt, ExpressionFault, fieldOf, isNumber, itemOf, typeOf, type Spend } from "./expression-values.ts";

/** What an operator makes of two evaluated operands. */
export type Operator = (a: unknown, b: unknown, spend: Spend) => unknown;

/** Every operator that evaluates both its operands. */
export const OPERATORS = {
  "==": isEqual,
  "!=": (a, b, spend) => !isEqual(a, b, spend),
  "<": (a, b, spend) => isOrdered("<", a, b, spend),
  "<=": (a, b, spend) => isOrdered("<=", a, b, spend),
  ">": (a, b, spend) => isOrdered(">", a, b, spend),
  ">=": (a, b, spend) => isOrdered(">=", a, b, spend),
  "+": (a, b, spend) => calculate("+", a, b, spend),
  "-": (a, b, spend) => calculate("-", a, b, spend),
  "*": (a, b, spend) => calculate("*", a, b, spend),
  "/": (a, b, spend) => calculate("/", a, b, spend),
  "%": (a, b, spend) => calculate("%", a, b, spend),
  in: isMember,
  "[]": itemOf,
} as const satisfies Readonly<Record<string, Operator>>;

/** Numbers compare by value whatever their type; values of different types are unequal, never a fault. */
function isEqual(a: unknown, b: unknown, spend: Spend): boolean {
  spend(1);
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b, spend) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => isEqual(item, b[at], spend));
  }
  if (typeOf(a) !== "map" || typeOf(b) !== "map") return a === b;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  spend(keys.length);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key], spend))
  );
}

type Ordering = "<" | "<=" | ">" | ">=";

/** Orders two numbers, strings (by UTF-16 unit) or booleans; NaN is in no order with anything. */
function isOrdered(ordering: Ordering, a: unknown, b: unknown, spend: Spend): boolean {
  const order = compare(a, b, spend);
  switch (ordering) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

type Arithmetic = "+" | "-" | "*" | "/" | "%";

/** Two ints give an int (64 bits, division towards zero), any other pair of numbers a double; `+` joins strings and lists. */
export function calculate(operator: Arithmetic, a: unknown, b: unknown, spend: Spend): unknown {
  if (typeof a === "bigint" && typeof b === "bigint") return calculateInt(operator, a, b);
  if (isNumber(a) && isNumber(b)) return calculateDouble(operator, Number(a), Number(b));
  if (operator === "+" && typeof a === "string" && typeof b === "string") {
    spend(a.length + b.length);
    return a + b;
  }
  if (operator === "+" && Array.isArray(a) && Array.isArray(b)) {
    spend(a.length + b.length);
    return [...(a as unknown[]), ...(b as unknown[])];
  }
  throw new ExpressionFault(`${typeOf(a)} ${operator} ${typeOf(b)} is not defined`);
}

/** Whether a list holds an equal item, or a map the key. */
function isMember(item: unknown, collection: unknown, spend: Spend): boolean {
  if (Array.isArray(collection)) return collection.some((other) => isEqual(item, other, spend));
  if (typeOf(collection) !== "map") throw new ExpressionFault(`${typeOf(collection)} has no members`);
  return typeof item === "string" && fieldOf(collection, item) !== undefined;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  // JS compares a bigint with a number exactly; only NaN is neither smaller, nor larger, nor equal.
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
}

function compareTexts(a: string, b: string, spend: Spend): number {
  spend(Math.min(a.length, b.length));
  return a < b ? -1 : a > b ? 1 : 0;
}

function compare(a: unknown, b: unknown, spend: Spend): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b, spend);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  throw new ExpressionFault(`${typeOf(a)} and ${typeOf(b)} are in no order`);
}

function calculateInt(operator: Arithmetic, a: bigint, b: bigint): bigint {
  switch (operator) {
    case "+":
      return boundedInt(a + b);
    case "-":
      return boundedInt(a - b);
    case "*":
      return boundedInt(a * b);
    case "/":
      if (b === 0n) throw new ExpressionFault("division by zero");
      return boundedInt(a / b);
    case "%":
      if (b === 0n) throw new ExpressionFault("division by zero");
      return a % b;
  }
}

function calculateDouble(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
  }
}
