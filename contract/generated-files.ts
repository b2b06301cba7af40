import { jsonSchemas } from "./json-schema.ts";
import { actionsPage, eventsPage, statusesPage } from "./reference-pages.ts";

/** Every file that is generated from this folder: path from the root of the repository, and text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const schemas = Object.entries(jsonSchemas()).map(
    ([name, schema]) => [`contract/schema/${name}.json`, `${formatJson(schema, "")}\n`] as const,
  );
  return new Map([
    ...schemas,
    ["docs/events.md", eventsPage()],
    ["docs/actions.md", actionsPage()],
    ["docs/statuses.md", statusesPage()],
  ]);
}

const WIDTH = 120;

/** As the formatter of this repository has it: lists of plain values on one line where they fit, the rest indented by two. */
function formatJson(value: unknown, indent: string): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const oneLine = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const isPlain = value.every((item) => item === null || typeof item !== "object");
    if (isPlain && inner.length + oneLine.length <= WIDTH) return oneLine;
    return `[\n${value.map((item) => inner + formatJson(item, inner)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${formatJson(item, inner)}`,
  );
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
}
