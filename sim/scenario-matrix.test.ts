import { describe, expect, it } from "vitest";
import { messageOf } from "#lib/errors";
import { yamlDocument } from "#lib/node/yaml-file";
import { expandMatrix, parametersText } from "./scenario-matrix.ts";

const variantsOf = (text: string): ReturnType<typeof expandMatrix> => expandMatrix(yamlDocument(text, "sweep.yaml"));

function problemsOf(text: string): string[] {
  try {
    variantsOf(text);
  } catch (thrown) {
    return messageOf(thrown).split("\n");
  }
  return [];
}

describe("expandMatrix", () => {
  it("makes every combination, the last parameter changing fastest", () => {
    const variants = variantsOf("matrix: { a: [1, 2], b: [x, [0, 1]] }\none: $a\nother: [{ deep: $b }, $a, cost $a]\n");
    expect(variants.map(({ parameters }) => parametersText(parameters))).toEqual([
      "a=1 b=x",
      "a=1 b=[0,1]",
      "a=2 b=x",
      "a=2 b=[0,1]",
    ]);
    expect(variants[3]!.document.value).toMatchObject({ one: 2, other: [{ deep: [0, 1] }, 2, "cost $a"] });
  });

  it("leaves a scenario without matrix as it is", () => {
    const [only, ...others] = variantsOf("name: calm\nuntil: 5s\n");
    expect(others).toEqual([]);
    expect(only).toMatchObject({ parameters: {}, document: { value: { name: "calm", until: "5s" } } });
  });

  it.each([
    [
      "matrix: { outage: [1s] }\nfor: $outages\nat: $outage\n",
      /^sweep\.yaml:2: for is "\$outages".*did you mean outage\?$/,
    ],
    ["for: $outage\n", /^sweep\.yaml:1: for is "\$outage".*there is no matrix$/],
    ["matrx: { outage: [1s] }\nfor: $outage\n", /there is no matrix, but matrx$/],
    ["matrix:\n  speed: [1]\n  wind: [2]\nset: $speed\n", /^sweep\.yaml:3: matrix\.wind is used nowhere: write \$wind/],
    ["matrix: { speed: [] }\nset: $speed\n", /^sweep\.yaml:1: matrix\.speed is \[\]: .*1/],
    ["matrix: { 2nd: [1] }\n", /^sweep\.yaml:1: matrix\.2nd.*a name of letters/],
    [
      `matrix:\n${["a", "b"].map((name) => `  ${name}: [${Array.from({ length: 40 }, (_, at) => at).join(", ")}]`).join("\n")}\nset: [$a, $b]\n`,
      /^sweep\.yaml:1: matrix makes 1600 runs; expected at most 1000$/,
    ],
  ])("refuses %j", (text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
  });
});
