import { readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { assert } from "#lib/errors";

/** Where the compiled rollouts are kept. */
export const KERNEL_PATH = "edge-planner/local/rollout-kernel.ts";

const SOURCE = "edge-planner/local/rollout-kernel.as";
const OPTIONS = ["--runtime", "stub", "--importMemory", "--enable", "simd", "--noAssert", "-O3"];

/** Compiles the rollouts to WebAssembly and returns the module that holds them. */
export async function rolloutKernelModule(root: string): Promise<string> {
  const source = readFileSync(join(root, SOURCE), "utf8");
  let kernel: Uint8Array | undefined;
  const { error } = await asc.main(["kernel.ts", "--outFile", "kernel.wasm", ...OPTIONS], {
    readFile: (name) => (name === "kernel.ts" ? source : null),
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") kernel = contents;
    },
    listFiles: () => [],
  });
  assert(!error && kernel, `${SOURCE} does not compile: ${error?.message ?? "nothing came out"}`);
  const text = Buffer.from(kernel).toString("base64");
  return `/** \`rollout-kernel.as\`, compiled by \`npm run generate\` (base64). */\nexport const ROLLOUT_KERNEL =\n  "${text}";\n`;
}
