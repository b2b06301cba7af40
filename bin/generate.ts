import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "#contract/generated-files";

/** Writes the JSON Schemas and the reference pages that are made from `contract/`; a unit test keeps them current. */
const root = join(import.meta.dirname, "..");
for (const [path, text] of generatedFiles()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
