import { readCode } from "#drivers/scanner/code";
import { hasCheckDigit, readElements } from "#drivers/scanner/gs1";

/** What a code on goods says, as a scanner or a person typing gives it. */
export interface GoodsCode {
  /** The whole code, without the identifier of its symbology. */
  readonly data: string;
  /** GTIN in fourteen digits. */
  readonly gtin?: string;
  readonly lot?: string;
  readonly serial?: string;
  /** The maker's or customer's own number of the product (AI 240 and 241). */
  readonly productIds: readonly string[];
  /** Number of a place (AI 254 and 414), where the code is of one. */
  readonly places: readonly string[];
}

/** What goods are expected. */
export interface ExpectedGoods {
  readonly sku: string;
  readonly gtin?: string | undefined;
}

/**
 * Reads a code with or without AIM identifier; undefined for one that was misread. Without an identifier, what begins like a
 * GS1 element string with a GTIN is read as one, as many keyboard-wedge scanners leave the identifier out.
 */
export function readGoodsCode(line: string): GoodsCode | undefined {
  const read = readCode(line.trim());
  if (!read.ok) return undefined;
  const { data, aim, elements } = read.code;
  if (elements) return ofElements(data, elements);
  const bare = aim === undefined && /^01\d{14}./.test(data) ? readElements(data) : undefined;
  if (bare?.ok) return ofElements(data, bare.elements);
  return { data, ...gtinOf(data), productIds: [], places: [] };
}

/** Whether the code is of the goods that are expected: by the GTIN, the SKU itself, or the product's own number. */
export function isOf({ data, gtin, productIds }: GoodsCode, expected: ExpectedGoods): boolean {
  const wanted = gtinOf(expected.gtin ?? expected.sku).gtin;
  if (gtin !== undefined && gtin === wanted) return true;
  return [data, ...productIds].some((text) => isSameText(text, expected.sku));
}

/** Labels are printed in capitals or not, and so are they typed. */
export function isSameText(a: string, b: string): boolean {
  return a.trim().toUpperCase() === b.trim().toUpperCase();
}

function ofElements(data: string, elements: Readonly<Record<string, string>>): GoodsCode {
  const gtin = elements["01"] ?? elements["02"];
  const [lot, serial] = [elements["10"], elements["21"]];
  return {
    data,
    ...(gtin !== undefined && { gtin }),
    ...(lot !== undefined && { lot }),
    ...(serial !== undefined && { serial }),
    productIds: [elements["240"], elements["241"]].filter((text) => text !== undefined),
    places: [elements["254"], elements["414"]].filter((text) => text !== undefined),
  };
}

/** GTIN-8, -12 and -13 are GTIN-14 with zeros in front. Source: GS1 General Specifications, 3.3.2. */
function gtinOf(digits: string): { gtin?: string } {
  const isGtin = /^(?:\d{8}|\d{12,14})$/.test(digits) && hasCheckDigit(digits);
  return isGtin ? { gtin: digits.padStart(14, "0") } : {};
}
