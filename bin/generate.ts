import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "#contract/generated-files";
import { KERNEL_PATH, rolloutKernelModule } from "./rollout-kernel.ts";
import { statesPage } from "./states-page.ts";

/** Writes the JSON Schemas, the reference pages and the WebAssembly that are made from code; unit tests keep them current. */
const root = join(import.meta.dirname, "..");
const kernel = [KERNEL_PATH, await rolloutKernelModule(root)] as const;
for (const [path, text] of [...generatedFiles(), ["docs/states.md", statesPage()] as const, kernel]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
