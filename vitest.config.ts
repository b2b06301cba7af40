import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.ts";

const beside = ["lib", "contract", "edge-planner", "drivers", "agent", "cloud", "sim", "bin"];
const long = process.env["HOLDFAST_LONG"] === "1";

/** One project a layer of tests; `docs/testing.md` says what belongs where. */
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
        },
      },
      project("sim", long ? 1_200_000 : 300_000),
      project("integration", long ? 1_200_000 : 300_000),
      project("services", 300_000),
      project("conformance", 120_000),
    ],
  },
});

function project(name: string, timeoutMs: number): object {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: timeoutMs,
      hookTimeout: 60_000,
      passWithNoTests: true,
    },
  };
}
