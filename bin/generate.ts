import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "#contract/generated-files";
import { statesPage } from "./states-page.ts";

/** Writes the JSON Schemas and the reference pages that are made from code; unit tests keep them current. */
const root = join(import.meta.dirname, "..");
for (const [path, text] of [...generatedFiles(), ["docs/states.md", statesPage()] as const]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
