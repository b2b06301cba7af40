import type { z } from "zod";
import { jsonSchemaOf, type JsonSchema } from "./json-schema.ts";

/** A Markdown table of the members of an object's schema, or a sentence when it has none. */
export function schemaTable(schema: z.ZodType): string {
  const { properties, required } = jsonSchemaOf(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const rows = Object.entries(properties ?? {}).map(([name, member]) => {
    const isRequired = required?.includes(name) ?? false;
    const description = typeof member["description"] === "string" ? member["description"] : undefined;
    const meaning = [description, unitOf(member)].filter((part) => part !== undefined).join(", ");
    return `| \`${name}\`${isRequired ? "" : " (optional)"} | ${escaped(formOf(member))} | ${escaped(meaning)} |`;
  });
  if (rows.length === 0) return "No members.\n";
  return `| member | form | meaning |\n|---|---|---|\n${rows.join("\n")}\n`;
}

/** A form in a few words: type, words, limits, members. */
function formOf(schema: JsonSchema): string {
  const {
    const: constant,
    enum: words,
    anyOf,
    $ref,
  } = schema as {
    const?: unknown;
    enum?: readonly unknown[];
    anyOf?: readonly JsonSchema[];
    $ref?: string;
  };
  if ($ref !== undefined) return "any JSON";
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (words) return words.map((word) => `\`${String(word)}\``).join(" \\| ");
  if (anyOf) return anyOf.map(formOf).join(" or ");
  if (schema["type"] === "array") return arrayForm(schema);
  if (schema["type"] === "object") return objectForm(schema);
  return `${String(schema["format"] ?? schema["type"])}${rangeOf(schema)}`;
}

function arrayForm(schema: JsonSchema): string {
  const { prefixItems, items } = schema as { prefixItems?: readonly JsonSchema[]; items?: JsonSchema };
  if (prefixItems) return `[${prefixItems.map((item) => String(item["type"])).join(", ")}]`;
  return `list of ${items ? formOf(items) : "any JSON"}`;
}

function objectForm(schema: JsonSchema): string {
  const names = Object.keys((schema["properties"] as object | undefined) ?? {});
  return names.length === 0 ? "object" : `{${names.join(", ")}}`;
}

function rangeOf(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum } = schema as {
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
  };
  const low =
    exclusiveMinimum === undefined ? (minimum === undefined ? "" : ` from ${minimum}`) : ` above ${exclusiveMinimum}`;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`;
  return `${low}${high}`;
}

/** In the SI symbol; a share of one needs none. */
function unitOf(schema: JsonSchema): string | undefined {
  const unit = schema["unit"];
  if (typeof unit !== "string") return undefined;
  return unit === "1" ? "share of 1" : unit;
}

function escaped(text: string): string {
  return text.replaceAll(/(?<!\\)\|/g, "\\|");
}
