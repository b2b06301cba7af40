import { z } from "zod";
import { Contract, ContractDraft } from "#contract/contract";
import type { Problem } from "#contract/event";
import { Name } from "#contract/identifiers";

const PARAMETER_TYPES = {
  name: Name,
  text: z.string().min(1).max(200),
  number: z.number(),
  integer: z.number().int(),
  /** A landmark's id, or `[x, y, yaw]`. */
  place: z.union([Name, z.tuple([z.number(), z.number(), z.number()])]),
} as const;

const Parameter = z.strictObject({
  type: z.enum(["name", "text", "number", "integer", "place"]),
  default: z.json().optional(),
  description: z.string().max(300).optional(),
});

/**
 * A kind of task as it is written (`config/tasks/*.yaml`): its parameters, and the contract that they make. In any text of `contract`
 * and in the title `{name}` stands for a parameter; a text that is nothing else becomes its value, with its type.
 */
export const TaskTemplate = z.strictObject({
  id: Name,
  title: z.string().min(1).max(200),
  kind: Contract.shape.task.shape.kind,
  parameters: z.record(Name, Parameter),
  contract: z.record(z.string(), z.json()),
});
export type TaskTemplate = z.infer<typeof TaskTemplate>;

type Json = z.infer<ReturnType<typeof z.json>>;
type Values = Readonly<Record<string, Json>>;

export type Formed =
  | { readonly ok: true; readonly draft: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The parts of a contract that a template makes of parameters, unchecked; or what is wrong with the parameters. */
export function formTask(template: TaskTemplate, given: Values): Formed {
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(template.parameters, name))
    .map((name) => ({
      path: `/parameters/${name}`,
      message: `template ${template.id} has no such parameter`,
      expected: Object.keys(template.parameters).join(", ") || "none",
    }));
  const values: Record<string, Json> = {};
  for (const [name, { type, default: fallback }] of Object.entries(template.parameters)) {
    const value = given[name] ?? fallback;
    const read = PARAMETER_TYPES[type].safeParse(value);
    if (read.success) values[name] = value!;
    else problems.push({ path: `/parameters/${name}`, message: "is missing or of another type", expected: type });
  }
  if (problems.length > 0) return { ok: false, problems };
  const { documentRef, ...contract } = fill(template.contract, values) as Record<string, Json>;
  const task = {
    kind: template.kind,
    title: fillText(template.title, values),
    ...(documentRef && { documentRef }),
  };
  return { ok: true, draft: { schema: ContractDraft.shape.schema.value, task, ...contract } };
}

/** Every `{name}` in a value, whose value is put in its place. */
function fill(value: Json, values: Values): Json {
  if (typeof value === "string") return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
}

function fillText(text: string, values: Values): Json {
  const whole = /^\{([\w.-]+)\}$/.exec(text)?.[1];
  if (whole !== undefined && Object.hasOwn(values, whole)) return values[whole]!;
  return text.replaceAll(/\{([\w.-]+)\}/g, (braced: string, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return typeof value === "string" || typeof value === "number" ? String(value) : braced;
  });
}
