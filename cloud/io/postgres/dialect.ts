import type { Values } from "../sql/writing.ts";

/** A statement as PostgreSQL takes it: numbered values, and a name by which a connection knows it prepared. */
export interface PostgresText {
  readonly text: string;
  readonly name: string;
  /** Names of the values, in the order of their numbers. */
  readonly order: readonly string[];
}

/** Translates a shared statement (`sql/statements.ts`, `sql/queries.ts`); the same text always gives the same answer. */
export function createDialect(): (sql: string) => PostgresText {
  const known = new Map<string, PostgresText>();
  return (sql) => {
    const translated = known.get(sql) ?? translate(sql, `hf${known.size}`);
    known.set(sql, translated);
    return translated;
  };
}

/** The values of a statement in their order; absent ones are null. */
export function valuesOf({ order }: PostgresText, values: Values): unknown[] {
  return order.map((name) => values[name] ?? null);
}

function translate(sql: string, name: string): PostgresText {
  const order: string[] = [];
  const text = sql
    .replaceAll(/->> '\$\.(\w+)'/g, "->> '$1'")
    .replaceAll(/-> '\$\.(\w+)'/g, "-> '$1'")
    .replaceAll(/SELECT value FROM json_each\(@(\w+)\)/g, "SELECT json_array_elements_text(CAST(@$1 AS json))")
    // Alone, a value that is only compared with NULL has no type that could be told.
    .replaceAll(/@(\w+) IS NULL/g, "CAST(@$1 AS text) IS NULL")
    .replaceAll(/@(\w+)/g, (_whole, value: string) => {
      if (!order.includes(value)) order.push(value);
      return `$${order.indexOf(value) + 1}`;
    });
  return { text, name, order };
}
