import type { Entry } from "./entries.ts";

/** Entries that go in one message. */
export interface Pack {
  readonly entries: readonly Entry[];
  /** Values in all of them, which ThingsBoard counts. */
  readonly dataPoints: number;
}

/** What one message may hold. */
export interface PackLimits {
  /** Of the JSON array of entries, UTF-8. */
  readonly bytes: number;
  readonly dataPoints: number;
}

/**
 * Entries in as few messages as their order allows. An entry that is too large for one is split, its parts keeping the time;
 * a single value that is too large is left out and counted.
 */
export function packsOf(
  entries: readonly Entry[],
  limits: PackLimits,
): { readonly packs: readonly Pack[]; readonly leftOut: number } {
  const packs: Pack[] = [];
  let leftOut = 0;
  let open: Entry[] = [];
  let [bytes, dataPoints] = [BRACKETS, 0];
  const close = (): void => {
    if (open.length > 0) packs.push({ entries: open, dataPoints });
    open = [];
    [bytes, dataPoints] = [BRACKETS, 0];
  };
  for (const entry of entries) {
    const parts = partsOf(entry, limits);
    leftOut += pointsOf(entry) - parts.reduce((sum, part) => sum + pointsOf(part), 0);
    for (const part of parts) {
      const size = sizeOf(part) + COMMA;
      if (bytes + size > limits.bytes || dataPoints + pointsOf(part) > limits.dataPoints) close();
      open.push(part);
      bytes += size;
      dataPoints += pointsOf(part);
    }
  }
  close();
  return { packs, leftOut };
}

const BRACKETS = 2;
const COMMA = 1;
const UTF8 = new TextEncoder();

function partsOf(entry: Entry, limits: PackLimits): Entry[] {
  const isFitting = pointsOf(entry) <= limits.dataPoints && BRACKETS + COMMA + sizeOf(entry) <= limits.bytes;
  if (isFitting) return [entry];
  const values = Object.entries(entry.values);
  if (values.length <= 1) return [];
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)].flatMap((half) =>
    partsOf({ ts: entry.ts, values: Object.fromEntries(half) }, limits),
  );
}

function pointsOf({ values }: Entry): number {
  return Object.keys(values).length;
}

function sizeOf(entry: Entry): number {
  return UTF8.encode(JSON.stringify(entry)).length;
}
