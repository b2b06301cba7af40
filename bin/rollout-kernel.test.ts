import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KERNEL_PATH, rolloutKernelModule } from "./rollout-kernel.ts";

const root = join(import.meta.dirname, "..");

it("the compiled rollouts are those of their source", async () => {
  expect(readFileSync(join(root, KERNEL_PATH), "utf8")).toBe(await rolloutKernelModule(root));
});
