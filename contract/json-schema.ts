import { z } from "zod";
import { Contract, ContractDraft } from "./contract.ts";
import { EVENT_DATA } from "./event-data.ts";
import { Event } from "./event.ts";
import { Ack, Command, JournalBatch, Presence, ReplanRequest, Reply, Telemetry } from "./messages.ts";

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

interface Published {
  readonly title: string;
  readonly schema: z.ZodType;
}

const PUBLISHED: Readonly<Record<string, Published>> = {
  contract: { title: "Execution contract, payload of a JWS of type hf-contract+jws", schema: Contract },
  "contract-draft": { title: "Execution contract before the cloud has filled it in", schema: ContractDraft },
  presence: { title: "Presence of a device, and its last will", schema: Presence },
  reply: { title: "Answer of a device to a contract or command", schema: Reply },
  journal: { title: "Batch of journal events", schema: JournalBatch },
  ack: { title: "What the cloud has committed", schema: Ack },
  telemetry: { title: "Block of telemetry samples", schema: Telemetry },
  command: { title: "Command, payload of a JWS of type hf-command+jws", schema: Command },
  "replan-request": { title: "Request of a device for new remaining stages", schema: ReplanRequest },
};

/** The published schemas by name; rules that a schema can't say are in `checkContract`. */
export function jsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const schemas = Object.entries(PUBLISHED).map(([name, { title, schema }]) => [
    name,
    titled(title, jsonSchemaOf(schema)),
  ]);
  return { ...(Object.fromEntries(schemas) as Record<string, JsonSchema>), event: eventSchema() };
}

/** What a sender may write: keys that a reader drops are allowed, as in the schema itself. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
}

/**
 * An event with the `data` of its type; of an unknown type, with any. Definitions move to the root, which `$ref` counts from;
 * the only one there is, that of any JSON, is the same in every type.
 */
function eventSchema(): JsonSchema {
  const perType = Object.entries(EVENT_DATA).map(([type, schema]) => ({ type, ...split(jsonSchemaOf(schema)) }));
  const definitions = Object.assign({}, ...perType.map(({ $defs }) => $defs)) as object;
  return {
    ...titled("Event of a device's journal", jsonSchemaOf(Event)),
    allOf: perType.map(({ type, body }) => implication({ type: { const: type } }, { data: body })),
    $defs: definitions,
  };
}

/** "If these members are so, then those are": written without `then`, which would make the object look like a promise. */
function implication(condition: JsonSchema, consequence: JsonSchema): JsonSchema {
  return { anyOf: [{ not: { properties: condition } }, { properties: consequence }] };
}

function split({ $schema: _draft, $defs, ...body }: JsonSchema): { $defs: unknown; body: JsonSchema } {
  return { $defs, body };
}

function titled(title: string, { $schema: draft, ...schema }: JsonSchema): JsonSchema {
  return { $schema: draft, title, ...schema };
}
