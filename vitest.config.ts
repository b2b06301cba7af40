import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.ts";

const beside = ["lib", "contract", "feed", "edge-planner", "drivers", "agent", "cloud", "sim", "bin"];
const long = process.env["HOLDFAST_LONG"] === "1";

/**
 * One project a layer of tests; `docs/testing.md` says what belongs where. The layers run one after the other: what runs in
 * real time gets the machine to itself, what runs in virtual time takes all of it.
 */
export default defineConfig({
  test: {
    reporters: ["default", new ClosingLine()],
    projects: [
      {
        test: {
          name: "unit",
          include: [...beside.map((folder) => `${folder}/**/*.test.ts`), "test/*.test.ts"],
          testTimeout: 20_000,
          // Nothing here keeps state of its own in a module, so files may share a process: a third of the time.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      layer("sim", { order: 1, workers: 2, timeoutMs: long ? 1_200_000 : 300_000 }),
      layer("integration", { order: 2, workers: 1, timeoutMs: long ? 1_200_000 : 300_000 }),
      layer("services", { order: 3, workers: 1, timeoutMs: 300_000 }),
      layer("conformance", { order: 4, workers: 1, timeoutMs: 120_000 }),
    ],
  },
});

function layer(name: string, run: { order: number; workers: number; timeoutMs: number }): object {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: run.timeoutMs,
      hookTimeout: 60_000,
      passWithNoTests: true,
      maxWorkers: run.workers,
      sequence: { groupOrder: run.order },
    },
  };
}
