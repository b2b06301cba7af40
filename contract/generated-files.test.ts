import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EVENT_DATA } from "./event-data.ts";
import { completed } from "./example-journal.ts";
import { exampleContract } from "./example.ts";
import { generatedFiles } from "./generated-files.ts";
import { jsonSchemas, type JsonSchema } from "./json-schema.ts";

interface Consequence {
  readonly properties: { readonly data: JsonSchema };
}

const root = join(import.meta.dirname, "..");

describe("generated files", () => {
  it.each([...generatedFiles()])("%s is current (npm run generate)", (path, text) => {
    expect(readFileSync(join(root, path), "utf8")).toBe(text);
  });
});

describe("published schemas", () => {
  const schemas = jsonSchemas();

  it.each(Object.entries(schemas))("%s refers to nothing outside of itself", (_name, schema) => {
    const references = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map((match) => match[1]!);
    const definitions = Object.keys((schema["$defs"] as object | undefined) ?? {});
    expect(definitions).toEqual(expect.arrayContaining(references));
  });

  it("read back, accept the example contract and refuse an unknown key", () => {
    const schema = z.fromJSONSchema(schemas["contract"]!);
    expect(schema.safeParse(exampleContract()).success).toBe(true);
    expect(schema.safeParse({ ...exampleContract(), priority: 1 }).success).toBe(false);
  });

  it("of events hold each type to its data", () => {
    const { allOf } = schemas["event"] as { allOf: readonly { anyOf: readonly [JsonSchema, Consequence] }[] };
    const [, { properties }] = allOf[Object.keys(EVENT_DATA).indexOf("stage.completed")]!.anyOf;
    const data = z.fromJSONSchema(properties.data);
    expect(data.safeParse(completed("go").data).success).toBe(true);
    expect(data.safeParse({ output: 1 }).success).toBe(false);
  });

  it("of events know every type", () => {
    const text = JSON.stringify(schemas["event"]);
    expect(Object.keys(EVENT_DATA).filter((type) => !text.includes(`{"const":"${type}"}`))).toEqual([]);
  });
});
