import { z } from "zod";
import { AgentError } from "#lib/errors";
import { nameHint, nearestName } from "#lib/nearest-name";
import { describeProblem, parseYaml, type YamlDocument } from "#lib/node/yaml-file";

/** The matrix of a scenario: what is varied, and the values that each takes. */
export const Matrix = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,31}$/, "a name of letters, digits and _, such as outage"),
    z.array(z.json()).min(1).max(100).meta({ description: "the values that it takes" }),
  )
  .meta({ description: "parameters; a value `$name` anywhere in the scenario stands for one" });

/** One value for each parameter of a matrix; empty for a scenario that has none. */
export type Parameters = Readonly<Record<string, z.infer<ReturnType<typeof z.json>>>>;

/** A scenario's document with its parameters put in. */
export interface Variant {
  readonly parameters: Parameters;
  readonly document: YamlDocument;
}

/** More runs than this are a mistake, or deserve several files. */
const VARIANTS_MAX = 1000;
const PLACEHOLDER = /^\$([A-Za-z_]\w*)$/;

/**
 * The scenarios that a document with a `matrix` stands for: every combination of its values, the last parameter changing
 * fastest. Throws `config.invalid` for a matrix that is none, for a `$name` without parameter and for one that is used nowhere.
 */
export function expandMatrix(document: YamlDocument): Variant[] {
  const { matrix } = parseYaml(document, z.looseObject({ matrix: Matrix.optional() }));
  const names = Object.keys(matrix ?? {});
  const used = placeholdersOf(document.value, []);
  const problems = [
    ...used
      .filter(({ name }) => !names.includes(name))
      .map(({ name, path }) => {
        const hint = names.length === 0 ? noMatrix(document) : nameHint(name, names);
        return describeProblem(document, path, `is "$${name}": no parameter of matrix has this name${hint}`);
      }),
    ...names
      .filter((name) => !used.some((placeholder) => placeholder.name === name))
      .map((name) =>
        describeProblem(document, ["matrix", name], `is used nowhere: write $${name} for the value it varies`),
      ),
  ];
  const count = Object.values(matrix ?? {}).reduce((product, values) => product * values.length, 1);
  if (count > VARIANTS_MAX) {
    problems.push(describeProblem(document, ["matrix"], `makes ${count} runs; expected at most ${VARIANTS_MAX}`));
  }
  if (problems.length > 0) throw new AgentError("config.invalid", problems.join("\n"));
  return combinations(Object.entries(matrix ?? {})).map((parameters) => ({
    parameters,
    document: { ...document, value: filled(document.value, parameters) },
  }));
}

function noMatrix({ value }: YamlDocument): string {
  const misspelt = Object.keys(value as object).find((key) => nearestName(key, ["matrix"]) !== undefined);
  return misspelt === undefined ? "; there is no matrix" : `; there is no matrix, but ${misspelt}`;
}

/** Parameters for people, such as `outage=90s speed=1.2`; empty where there are none. */
export function parametersText(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(" ");
}

/** A parameter's value as it is written on a command line. */
export function valueText(value: Parameters[string]): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function combinations(axes: readonly (readonly [string, readonly Parameters[string][]])[]): Parameters[] {
  return axes.reduce<Parameters[]>(
    (made, [name, values]) => made.flatMap((parameters) => values.map((value) => ({ ...parameters, [name]: value }))),
    [{}],
  );
}

/** The document's `$name`s; those in the matrix itself are values like any other. */
function placeholdersOf(value: unknown, path: readonly (string | number)[]): { name: string; path: typeof path }[] {
  if (typeof value === "string") {
    const name = PLACEHOLDER.exec(value)?.[1];
    return name === undefined ? [] : [{ name, path }];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => placeholdersOf(item, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => path.length > 0 || key !== "matrix")
    .flatMap(([key, item]) => placeholdersOf(item, [...path, key]));
}

function filled(value: unknown, parameters: Parameters): unknown {
  if (typeof value === "string") {
    const name = PLACEHOLDER.exec(value)?.[1];
    return name !== undefined && Object.hasOwn(parameters, name) ? parameters[name] : value;
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, parameters));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, parameters)]));
}
