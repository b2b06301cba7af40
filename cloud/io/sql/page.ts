import type { z } from "zod";
import type { Page, PageQuery } from "../store.ts";

/** Runs a query and reads every row of it by a schema. */
export type All = <Schema extends z.ZodType>(
  schema: Schema,
  sql: string,
  values?: object,
) => Promise<z.infer<Schema>[]>;

/** Runs a query with named values. */
export type Read = (sql: string, values?: object) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** One row more than asked for was read: it says whether there is a next page. */
export function page<Row extends { readonly id: number }>(
  query: Pick<PageQuery, "limit">,
  rows: readonly Row[],
): Page<Row> {
  const shown = rows.slice(0, query.limit);
  return { rows: shown, ...(rows.length > shown.length ? { cursor: String(shown.at(-1)!.id) } : {}) };
}

/** The id that the rows of a page lie below. */
export function before(query: Pick<PageQuery, "cursor">): number {
  return query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
}
