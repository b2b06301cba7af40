import { asciiJson, duration, folded, printable, table } from "./text.ts";

/** What a program is given: one of these makes one line of `--json`. */
export type Facts = Readonly<Record<string, unknown>>;

/** Where what keeps coming is written. */
export interface Stream {
  readonly start: (emit: (news: Told) => void) => () => void;
}

/** The same thing for people, as lines, and for programs, as records. */
export interface Told {
  readonly records: readonly Facts[];
  readonly lines: readonly string[];
  /** The lines as cells, where they are a table; the first of each row names what the others say. */
  readonly table?: Table;
}

export interface Table {
  readonly head?: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What comes of a command. */
export type Reply = (Told & { readonly kind: "ok"; readonly follow?: Stream; readonly end?: true }) | Refusal;

/** A word for programs and a sentence for people. */
export interface Refusal {
  readonly kind: "error";
  readonly code: string;
  readonly text: string;
}

/** A value as it is shown, and as a program reads it. */
export interface Shown {
  readonly text: string;
  readonly json: unknown;
}

export function ok(told: Partial<Told> = {}, extra: { readonly follow?: Stream; readonly end?: true } = {}): Reply {
  return { kind: "ok", ...told, records: told.records ?? [], lines: told.lines ?? [], ...extra };
}

/** A reply of one sentence. */
export function said(sentence: string, record: Facts = {}): Reply {
  return ok({ lines: [sentence], records: [{ ...record, text: sentence }] });
}

export function refused(code: string, text: string): Refusal {
  return { kind: "error", code, text };
}

/** A plain word or sentence; unknown is `?`, and `null` for programs. */
export function word(value: string | undefined): Shown {
  return { text: value ?? "?", json: value ?? null };
}

/** A number with its unit and, where it was measured, its age. `text` says it otherwise than by its digits. */
export function measured(
  value: number | undefined,
  unit: string,
  { digits = 2, ageMs, text }: { digits?: number; ageMs?: number | undefined; text?: string } = {},
): Shown {
  if (value === undefined) return { text: "?", json: null };
  const shown = text ?? `${value.toFixed(digits)} ${unit}`;
  const rounded = Number(value.toFixed(Math.max(digits, 3)));
  const json = { value: rounded, unit, ...(ageMs === undefined ? {} : { ageSeconds: seconds(ageMs) }) };
  return { text: ageMs === undefined ? shown : `${shown}  ${duration(ageMs)} ago`, json };
}

/** A share from 0 to 1, in percent for people. */
export function share(value: number | undefined, ageMs?: number): Shown {
  return measured(value, "1", {
    digits: 3,
    ageMs,
    ...(value !== undefined && { text: `${Math.round(value * 100)} %` }),
  });
}

/** Seconds for programs. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

/** Named values: a line each, and one record of all. */
export function told(values: Readonly<Record<string, Shown>>): Told {
  const entries = Object.entries(values);
  const width = Math.max(...entries.map(([name]) => name.length));
  return {
    lines: entries.map(([name, { text }]) => `${name.padEnd(width)}  ${text}`),
    records: [Object.fromEntries(entries.map(([name, { json }]) => [name, json]))],
    table: { rows: entries.map(([name, { text }]) => [name, text]) },
  };
}

/** A table with a heading: a line each, and a record each. */
export function listed(columns: readonly string[], rows: readonly Readonly<Record<string, Shown>>[]): Told {
  const cells = rows.map((row) => columns.map((column) => row[column]?.text ?? "?"));
  return {
    lines: rows.length === 0 ? ["none"] : table([columns, ...cells]),
    records: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, { json }]) => [name, json]))),
    table: { head: columns, rows: cells },
  };
}

/** The lines of what is told, safe to print; JSON is not folded, because programs read it by the line. */
export function rendered({ lines, records }: Told, isJson: boolean): string[] {
  return isJson ? records.map(asciiJson) : lines.flatMap((line) => folded(printable(line)));
}

/** The lines of a whole reply, its last one `OK` or `ERR code text`. */
export function renderedReply(reply: Reply, isJson: boolean): string[] {
  return reply.kind === "ok" ? [...rendered(reply, isJson), "OK"] : [errorLine(reply)];
}

/** On one line whatever its length, so that a program finds it. */
export function errorLine({ code, text }: Refusal): string {
  return printable(`ERR ${code} ${text}`);
}
