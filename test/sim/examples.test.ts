import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { scenario } from "holdfast/vitest";

/** The examples of `docs/scenarios.md`, the scenarios that ship, and one with every key, run as a user of the package runs them. */
const root = join(import.meta.dirname, "../..");
const files = globSync(["docs/examples/*.yaml", "config/scenarios/*.yaml", "test/sim/scenarios/every-key.yaml"], {
  cwd: root,
});

describe.each(files.toSorted())("%s", (file) => {
  const example = scenario(join(root, file));
  it.each(example.variants())("holds with %j", async (parameters) => {
    expect(await example.run({ with: parameters })).toHavePassed();
  });
});

describe("the test helper of the package", () => {
  it("runs a scenario from a seed and judges its result", async () => {
    const outage = scenario(new URL("../../docs/examples/3-outage.yaml", import.meta.url));
    const result = await outage.run({ seed: 2 });
    expect(result).toHaveFulfilled("fetch-part");
    expect(result).toHaveReconciled("amr-1");
    expect(result).not.toHaveCollided();
    expect(result).toHold("robot('amr-1').distance > 8.0");
    expect(() => expect(result).toHold("robot('amr-1').distance > 800.0")).toThrow(
      /outage with seed 2: .*robot\('amr-1'\)\.distance is \d+/,
    );
  });

  it("names what is wrong with a file", async () => {
    await expect(scenario("gone.yaml").run()).rejects.toThrow(/gone\.yaml: cannot be read/);
  });

  it("has an example for every number", () => {
    expect(files.filter((file) => /^[1-5]-/.test(basename(file)))).toHaveLength(5);
  });
});
