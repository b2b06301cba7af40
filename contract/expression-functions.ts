import { boundedInt, ExpressionFault, typeOf, type Spend } from "./expression-values.ts";

/** A function or method of the language: given evaluated values (the receiver first), it faults on wrong types. */
export interface Builtin {
  readonly arity: number;
  call(args: readonly unknown[], spend: Spend): unknown;
}

/** `name(value)`. */
export const FUNCTIONS: Readonly<Record<string, Builtin>> = {
  size: { arity: 1, call: ([value], spend) => sizeOf(value, spend) },
  int: { arity: 1, call: ([value]) => toInt(value) },
  double: { arity: 1, call: ([value]) => toDouble(value) },
  string: { arity: 1, call: ([value]) => toText(value) },
  dyn: { arity: 1, call: ([value]) => value },
  type: { arity: 1, call: ([value]) => typeOf(value) },
};

/** `receiver.name(…)`. Regular expressions are left out: their cost has no bound in JS. */
export const METHODS: Readonly<Record<string, Builtin>> = {
  size: { arity: 0, call: ([value], spend) => sizeOf(value, spend) },
  startsWith: onTexts((text, part) => text.startsWith(part)),
  endsWith: onTexts((text, part) => text.endsWith(part)),
  contains: onTexts((text, part) => text.includes(part)),
};

function onTexts(test: (text: string, part: string) => boolean): Builtin {
  return {
    arity: 1,
    call([text, part], spend) {
      if (typeof text !== "string" || typeof part !== "string") {
        throw new ExpressionFault(`a string is searched for a string, not ${typeOf(text)} for ${typeOf(part)}`);
      }
      spend(text.length);
      return test(text, part);
    },
  };
}

function sizeOf(value: unknown, spend: Spend): bigint {
  if (typeof value === "string") {
    spend(value.length);
    return BigInt(Array.from(value).length);
  }
  if (Array.isArray(value)) return BigInt(value.length);
  if (typeOf(value) === "map") return BigInt(Object.keys(value as object).length);
  throw new ExpressionFault(`${typeOf(value)} has no size`);
}

function toInt(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isFinite(value)) return boundedInt(BigInt(Math.trunc(value)));
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) return boundedInt(BigInt(value));
  throw new ExpressionFault(`${typeOf(value)} is no int`);
}

function toDouble(value: unknown): number {
  if (typeof value === "bigint" || typeof value === "number") return Number(value);
  if (typeof value === "string" && /^-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/.test(value)) return Number(value);
  throw new ExpressionFault(`${typeOf(value)} is no double`);
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new ExpressionFault(`${typeOf(value)} has no text`);
}
