/** Separates elements of variable length: FNC1 as scanners send it. */
const SEPARATOR = "\x1d";
const VALUE_CHARACTERS_MAX = 90;

/**
 * The elements of a GS1 code: `01095060001343521725010110ABC<GS>21SN42` is 01, 17, 10 and 21. Source: GS1 General
 * Specifications, sections 3.2 (identifiers) and 7.8 (element strings).
 */
export function readElements(
  data: string,
): { ok: true; elements: Record<string, string> } | { ok: false; reason: "elements" | "check_digit" } {
  const elements: Record<string, string> = {};
  let at = 0;
  while (at < data.length) {
    if (data[at] === SEPARATOR) {
      at++;
      continue;
    }
    const element = elementAt(data, at);
    if (!element) return { ok: false, reason: "elements" };
    const { identifier, value, end } = element;
    if (CHECKED.test(identifier) && !hasCheckDigit(value)) return { ok: false, reason: "check_digit" };
    elements[identifier] = value;
    at = end;
  }
  return Object.keys(elements).length === 0 ? { ok: false, reason: "elements" } : { ok: true, elements };
}

/** Whether the last of these digits is the check digit of the others. Source: GS1 General Specifications, 7.9. */
export function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) sum += Number(digits.at(-1 - at)) * (at % 2 === 0 ? 1 : 3);
  return sum % 10 === 0;
}

interface Element {
  readonly identifier: string;
  readonly value: string;
  readonly end: number;
}

function elementAt(data: string, at: number): Element | undefined {
  const prefix = data.slice(at, at + 2);
  const digits = IDENTIFIER_DIGITS.find(([pattern]) => pattern.test(prefix))?.[1];
  if (digits === undefined) return undefined;
  const identifier = data.slice(at, at + digits);
  const start = at + digits;
  // A separator before the end of a fixed length means that digits are missing.
  const separator = data.indexOf(SEPARATOR, start);
  const limit = separator < 0 ? data.length : separator;
  const fixed = FIXED_LENGTHS.find(([pattern]) => pattern.test(prefix))?.[1];
  const end = fixed === undefined ? limit : start + fixed;
  const value = data.slice(start, end);
  const isWhole = /^\d+$/.test(identifier) && end <= limit && value !== "" && value.length <= VALUE_CHARACTERS_MAX;
  if (!isWhole || (fixed !== undefined && !/^\d+$/.test(value))) return undefined;
  return { identifier, value, end };
}

/** How many digits the identifiers have that begin so. */
const IDENTIFIER_DIGITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:0[0-4]|1[0-9]|2[0-2]|3[07]|9[0-9])$/, 2],
  [/^(?:2[3-5]|4[0-2]|71)$/, 3],
  [/^(?:3[1-69]|43|7[0-9]|8[0-2])$/, 4],
];
/** Characters of values that need no separator after them, by the first two digits of the identifier. */
const FIXED_LENGTHS: readonly (readonly [RegExp, number])[] = [
  [/^00$/, 18],
  [/^0[1-3]$/, 14],
  [/^04$/, 16],
  [/^1[1-9]$/, 6],
  [/^20$/, 2],
  [/^3[1-6]$/, 6],
  [/^41$/, 13],
];
/** Identifiers whose values end with a check digit. */
const CHECKED = /^(?:0[0-3]|41[0-7])$/;
