/**
 * Values of expressions: what JSON has, and integers. A number of JSON is CEL's `double` (a JS number); an integer
 * literal and a size are CEL's `int` (a bigint). Where the two meet the result is a double, which plain CEL refuses.
 */
export type ValueType = "null" | "bool" | "int" | "double" | "string" | "list" | "map" | "unsupported";

/** An expression that can't be compiled or evaluated; thrown and caught within the expression files only. */
export class ExpressionFault extends Error {
  /** `exhausted` ends the evaluation; others may be outweighed by the other side of `&&` and `||`. */
  readonly kind: "failed" | "exhausted";
  /** Offset in the source, from 0, where it is known. */
  readonly position: number | undefined;

  constructor(message: string, position?: number, kind: "failed" | "exhausted" = "failed") {
    super(message);
    this.name = "ExpressionFault";
    this.kind = kind;
    this.position = position;
  }
}

/** Takes `cost` off what the evaluation may still do; faults when nothing is left. */
export type Spend = (cost: number) => void;

export function typeOf(value: unknown): ValueType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return TYPES[typeof value] ?? "unsupported";
}

const TYPES: Readonly<Record<string, ValueType>> = {
  boolean: "bool",
  bigint: "int",
  number: "double",
  string: "string",
  object: "map",
};

/** The value as a truth; nothing else than a bool is one. */
export function expectBool(value: unknown): boolean {
  if (typeof value !== "boolean") throw new ExpressionFault(`expected a bool, got ${typeOf(value)}`);
  return value;
}

/** The result, or the fault in its place, unless that ends the whole evaluation. */
export function attempt<Result>(run: () => Result): Result | ExpressionFault {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFault) || thrown.kind === "exhausted") throw thrown;
    return thrown;
  }
}

/** An own field of a map, or undefined: what a prototype holds is not there. */
export function fieldOf(map: unknown, key: string): unknown {
  if (typeOf(map) !== "map" || !Object.hasOwn(map as object, key)) return undefined;
  return (map as Record<string, unknown>)[key];
}

/** An item of a list (by whole number) or of a map (by key). */
export function itemOf(collection: unknown, index: unknown): unknown {
  if (Array.isArray(collection)) {
    const at = isNumber(index) ? Number(index) : Number.NaN;
    if (!Number.isInteger(at))
      throw new ExpressionFault(`a list is indexed by a whole number, not by ${typeOf(index)}`);
    if (at < 0 || at >= collection.length) throw new ExpressionFault(`index ${at} is outside of the list`);
    return collection[at];
  }
  if (typeOf(collection) !== "map") throw new ExpressionFault(`${typeOf(collection)} has no items`);
  const item = typeof index === "string" ? fieldOf(collection, index) : undefined;
  if (item === undefined) throw new ExpressionFault(`no such key: ${String(index)}`);
  return item;
}

/** The value as plain JSON-like data: ints become numbers. */
export function toPlain(value: unknown, spend: Spend): unknown {
  spend(1);
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map((item) => toPlain(item, spend));
  if (typeOf(value) !== "map") return value;
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, toPlain(item, spend)]));
}

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** Faults unless the int fits 64 bits. */
export function boundedInt(value: bigint): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new ExpressionFault("integer overflow");
  return value;
}

export function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
