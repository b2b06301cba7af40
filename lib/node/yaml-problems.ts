import { z } from "zod";
import { nameHint, nearestName } from "../nearest-name.ts";

/** Keys and indices from the root of a document. */
export type DocumentPath = readonly PropertyKey[];

/** One thing that is wrong with a document, in words that go after its path. */
export interface DocumentProblem {
  readonly path: DocumentPath;
  readonly text: string;
}

/** What `schema` finds wrong with `value`, for people: the value, what was expected, and the name that was probably meant. */
export function problemsOf(error: z.ZodError, schema: z.ZodType, value: unknown): DocumentProblem[] {
  return error.issues.flatMap((issue) => tell(issue, [], { schema, value }));
}

interface Document {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

function tell(issue: z.core.$ZodIssue, above: DocumentPath, document: Document): DocumentProblem[] {
  const path = [...above, ...issue.path];
  const found = valueAt(document.value, path);
  const say = (text: string): DocumentProblem[] => [
    { path, text: found === undefined ? `is missing: ${text}` : `is ${show(found)}: ${text}` },
  ];
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(document, path);
    return issue.keys.map((key) => ({ path: [...path, key], text: `is not known here${nameHint(key, known)}` }));
  }
  if (issue.code === "invalid_key") {
    return [{ path, text: `is no name for this: ${issue.issues.map(({ message }) => message).join(", ")}` }];
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) return tellUnion(issue, path, document, say);
  if (issue.code === "invalid_union" && "options" in issue) return say(oneOf(issue.options as unknown[], found));
  return say(issue.code === "invalid_value" ? oneOf(issue.values, found) : plain(issue.message));
}

/** Of the forms that a value may have, tells what is wrong with the one that it comes nearest to. */
function tellUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: DocumentPath,
  document: Document,
  say: (text: string) => DocumentProblem[],
): DocumentProblem[] {
  const ranked = issue.errors.map((issues) => ({ issues, cost: sum(issues.map(costOf)) }));
  const least = Math.min(...ranked.map(({ cost }) => cost));
  const nearest = ranked.filter(({ cost }) => cost === least);
  if (least >= OTHER_TYPE) return say(ranked.map(({ issues }) => plain(issues[0]!.message)).join(", or "));
  const [{ issues }] = nearest as [(typeof nearest)[number]];
  // Which form was meant is open: what is missing in either would mislead.
  const unknown = issues.filter(({ code }) => code === "unrecognized_keys");
  const told = nearest.length > 1 && unknown.length > 0 ? unknown : issues;
  return told.flatMap((inner) => tell(inner, path, document));
}

const OTHER_TYPE = 100;

function costOf(issue: z.core.$ZodIssue): number {
  if (issue.path.length === 0 && issue.code === "invalid_type") return OTHER_TYPE;
  return issue.code === "unrecognized_keys" ? 10 * issue.keys.length : 1;
}

function oneOf(options: readonly unknown[], found: unknown): string {
  const names = options.map(String);
  const nearest = typeof found === "string" ? nearestName(found, names) : undefined;
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return `expected ${names.length === 1 ? "" : "one of "}${names.join(", ")}`;
}

/** Without zod's preamble, and without what was received: that is shown already. */
function plain(message: string): string {
  return message.replace(/^(Invalid input|Too small|Too big): /, "").replace(/, received [\w ]+$/, "");
}

type Node = z.core.JSONSchema.BaseSchema;

/** The keys that the schema has for the value at `path`. */
function knownKeys({ schema, value }: Document, path: DocumentPath): string[] {
  let nodes = variantsOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), value);
  for (const [depth, key] of path.entries()) {
    const inside = valueAt(value, path.slice(0, depth + 1));
    nodes = nodes.flatMap((node) => childOf(node, key)).flatMap((node) => variantsOf(node, inside));
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}

function childOf(node: Node, key: PropertyKey): Node[] {
  const child =
    typeof key === "number"
      ? ((node.prefixItems?.[key] ?? node.items) as Node | undefined)
      : ((node.properties?.[String(key)] ?? node.additionalProperties) as Node | undefined);
  return typeof child === "object" ? [child] : [];
}

/** The forms of a union that the value may have: those whose fixed values are its own. */
function variantsOf(node: Node, value: unknown): Node[] {
  const variants = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])] as Node[];
  if (variants.length > 0) return variants.flatMap((variant) => variantsOf(variant, value));
  const fixed = Object.entries(node.properties ?? {}).filter(([, property]) =>
    Object.hasOwn(property as Node, "const"),
  );
  return fixed.every(([key, property]) => (property as Node).const === valueAt(value, [key])) ? [node] : [];
}

const SHOWN_LENGTH = 60;

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}

function valueAt(value: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
