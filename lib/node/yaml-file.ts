import { readFileSync } from "node:fs";
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { AgentError, messageOf } from "../errors.ts";
import { problemsOf, type DocumentPath } from "./yaml-problems.ts";

/** A YAML (or JSON) document that still knows where each value stands. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Line of the value at `path`, counted from 1; of its nearest ancestor where there is none. */
  lineOf(path: DocumentPath): number;
}

/**
 * The document of a YAML file as `schema` reads it. Throws `config.invalid` that names, for every problem, file and line,
 * path, value, and what was expected.
 */
export function loadYaml<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  return parseYaml(readYaml(file), schema);
}

/** Reads a YAML 1.2 file, unparsed by any schema. Throws `config.invalid` when it cannot be read or is no YAML. */
export function readYaml(file: string): YamlDocument {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw new AgentError("config.invalid", `${file}: cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
  return yamlDocument(text, file);
}

/** The YAML 1.2 document of a text; `file` is what messages call it. */
export function yamlDocument(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) {
    throw new AgentError("config.invalid", `${file}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`);
  }
  return {
    file,
    value: document.toJS(),
    lineOf: (path) => lines.linePos(offsetOf(document, path)).line,
  };
}

/** A read document as `schema` reads it; throws `config.invalid` with every problem on a line of its own. */
export function parseYaml<Schema extends z.ZodType>(document: YamlDocument, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(document.value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, schema, document.value)
    .toSorted((a, b) => document.lineOf(a.path) - document.lineOf(b.path))
    .map(({ path, text }) => describeProblem(document, path, text));
  throw new AgentError("config.invalid", problems.join("\n"), { cause: parsed.error });
}

/** One line that names file, line and path of a problem. */
export function describeProblem(document: YamlDocument, path: DocumentPath, problem: string): string {
  const name = path.length === 0 ? "the document" : path.map(String).join(".");
  return `${document.file}:${document.lineOf(path)}: ${name} ${problem}`;
}

/** Of a value in a mapping, where its key stands: a nested value begins on another line. */
function offsetOf(document: Document, path: DocumentPath): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const pair = isMap(parent) && parent.items.find(({ key }) => isScalar(key) && key.value === path[depth - 1]);
    const node = pair ? pair.key : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
