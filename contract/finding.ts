import { z } from "zod";
import type { Problem, RejectReason } from "./event.ts";

/** One thing that a check of a contract found, and the word of refusal that it alone would earn. */
export interface Finding {
  readonly reason: Extract<RejectReason, "unsupported" | "out_of_scope" | "invalid">;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly value?: unknown;
  readonly expected?: string;
}

/** A finding whose only word is `invalid`. */
export function invalid(
  path: readonly PropertyKey[],
  message: string,
  more: { value?: unknown; expected?: string } = {},
): Finding {
  return { reason: "invalid", path, message, ...more };
}

/** The finding as it travels: the path as an RFC 6901 pointer, the value cut short. */
export function toProblem({ path, message, value, expected }: Finding): Problem {
  return {
    path: pointer(path),
    message,
    ...(value === undefined ? {} : { value: shortened(value) }),
    ...(expected === undefined ? {} : { expected }),
  };
}

/** The value at a path of own properties, or undefined. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The items of the array at a path that fit a schema by themselves, with their index; empty when there is no array. */
export function readableItems<Schema extends z.ZodType>(
  root: unknown,
  path: readonly PropertyKey[],
  schema: Schema,
): readonly { readonly item: z.output<Schema>; readonly at: number }[] {
  return itemsAt(root, path).flatMap((value, at) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? [{ item: parsed.data, at }] : [];
  });
}

/** The texts under `key` of the items of the array at a path, whether the items fit their schema or not. */
export function idsAt(root: unknown, path: readonly PropertyKey[], key: string): readonly (string | undefined)[] {
  return itemsAt(root, path).map((item) => {
    const id = valueAt(item, [key]);
    return typeof id === "string" ? id : undefined;
  });
}

/** What names the same thing as an earlier item does. */
export function repeatedIds(root: unknown, path: readonly PropertyKey[], key: string): Finding[] {
  const seen = new Map<string, number>();
  return idsAt(root, path, key).flatMap((id, at) => {
    if (id === undefined) return [];
    const first = seen.get(id);
    if (first === undefined) seen.set(id, at);
    return first === undefined
      ? []
      : [invalid([...path, at, key], `is the ${key} of item ${first} already`, { value: id, expected: "unique" })];
  });
}

const VALUE_LENGTH_MAX = 100;

function itemsAt(root: unknown, path: readonly PropertyKey[]): readonly unknown[] {
  const items = valueAt(root, path);
  return Array.isArray(items) ? items : [];
}

/** RFC 6901: `~` and `/` within a key are escaped. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function shortened(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}
