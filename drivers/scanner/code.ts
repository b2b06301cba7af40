import { hasCheckDigit, readElements } from "./gs1.ts";

/** What a scanner read. */
export interface ReadCode {
  /** The data without the identifier of the symbology, without control characters except the separator of GS1. */
  readonly data: string;
  /** AIM identifier, such as `]C1`, where the scanner sends one. */
  readonly aim?: string;
  readonly symbology?: string;
  /** Values by application identifier, of GS1 codes. */
  readonly elements?: Readonly<Record<string, string>>;
}

/** Why a line is no code: `empty`, `check_digit` wrong, or `elements` that GS1 does not know or that are cut off. */
export type CodeProblem = "empty" | "check_digit" | "elements";

/** The code in a line from a scanner. Source: ISO/IEC 15424 for the identifiers. */
export function readCode(line: string): { ok: true; code: ReadCode } | { ok: false; reason: CodeProblem } {
  const [, aim, rest] = /^(\][A-Za-z][0-9A-Za-z])(.*)$/s.exec(line) ?? [undefined, undefined, line];
  const data = Array.from(rest!).filter(isHarmless).join("");
  if (data === "") return { ok: false, reason: "empty" };
  if (aim === undefined) return { ok: true, code: { data } };
  const symbology = SYMBOLOGIES[aim] ?? FAMILIES[aim[1]!];
  const named = { data, aim, ...(symbology === undefined ? {} : { symbology }) };
  if (GS1_CARRIERS.has(aim)) {
    const read = readElements(data);
    return read.ok ? { ok: true, code: { ...named, elements: read.elements } } : read;
  }
  const isMisread = CHECKED[aim] !== undefined && !(CHECKED[aim].test(data) && hasCheckDigit(data));
  return isMisread ? { ok: false, reason: "check_digit" } : { ok: true, code: named };
}

/** Neither screen nor log obeys it; the separator of GS1 is kept to tell elements apart. */
function isHarmless(character: string): boolean {
  const code = character.charCodeAt(0);
  return code === 0x1d || (code >= 0x20 && code < 0x7f) || code >= 0xa0;
}

const SYMBOLOGIES: Readonly<Record<string, string>> = {
  "]C0": "Code 128",
  "]C1": "GS1-128",
  "]E0": "EAN-13",
  "]E4": "EAN-8",
  "]d1": "Data Matrix",
  "]d2": "GS1 DataMatrix",
  "]Q1": "QR",
  "]Q3": "GS1 QR",
  "]e0": "GS1 DataBar",
};
const FAMILIES: Readonly<Record<string, string>> = {
  A: "Code 39",
  C: "Code 128",
  E: "EAN/UPC",
  F: "Codabar",
  G: "Code 93",
  I: "Interleaved 2 of 5",
  L: "PDF417",
  Q: "QR",
  d: "Data Matrix",
  e: "GS1 DataBar",
  z: "Aztec",
};
const GS1_CARRIERS = new Set(["]C1", "]d2", "]Q3", "]e0"]);
const CHECKED: Readonly<Record<string, RegExp>> = { "]E0": /^\d{13}$/, "]E4": /^\d{8}$/ };
