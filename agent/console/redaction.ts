/** Keys whose values are nobody's business. */
const SECRET = /pass|secret|token|pin\b|authorization|credential|private|^d$/i;

/** The same value with every secret replaced, and passwords in URLs taken out. */
export function redacted(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/(\w+:\/\/[^:/?#\s]*):[^@/?#\s]+@/g, "$1:[redacted]@");
  if (Array.isArray(value)) return value.map(redacted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET.test(key) ? "[redacted]" : redacted(inner)]),
  );
}
