import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { installPackage, type InstalledPackage } from "./installed-package.ts";

const ROOT = join(import.meta.dirname, "../..");
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  devDependencies: Record<string, string>;
};

let installed: InstalledPackage;
beforeAll(() => {
  const tools = ["vitest", "typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
  installed = installPackage(tools);
  for (const file of ["1-drive.yaml", "3-outage.yaml", "contracts", "maps"]) {
    installed.copy(`docs/examples/${file}`, `scenarios/${file}`);
  }
}, 300_000);
afterAll(() => installed[Symbol.dispose]());

describe("the package, installed from its tarball into an empty project", () => {
  it("brings what is needed, and no tests", async () => {
    const { output } = await installed.run(
      "cd node_modules/holdfast && find . -name '*.test.ts' -not -path './node_modules/*'",
    );
    expect(output).toBe("");
  });

  it("runs a scenario, silently stripping its types", async () => {
    const { code, output } = await installed.run("npx holdfast sim run scenarios/1-drive.yaml");
    expect(output).toMatch(/PASSED drive/);
    expect(output).not.toMatch(/Warning/);
    expect(code).toBe(0);
  });

  it("runs the demo with its processes and threads, from another folder", async () => {
    const { code, output } = await installed.run("mkdir -p elsewhere && cd elsewhere && npx holdfast demo --speed 8");
    expect(output).toMatch(/The contract was kept\./);
    expect(code).toBe(0);
    expect(existsSync(join(installed.folder, "elsewhere/reports/warehouse-pick/report.html"))).toBe(true);
  });

  it("is a test helper for vitest, with types", async () => {
    writeFileSync(join(installed.folder, "drive.test.ts"), TEST);
    const { code, output } = await installed.run("npx vitest run --reporter=verbose drive.test.ts");
    expect(output).toMatch(/arrives, whatever the seed/);
    expect(code, output).toBe(0);
    const flags = "--noEmit --strict --skipLibCheck --target esnext --module nodenext --types node";
    const types = await installed.run(`npx tsc ${flags} drive.test.ts`);
    expect(types.output).toBe("");
  });
});

const TEST = `import { expect, test } from "vitest";
import { scenario, type SimulationResult } from "holdfast/vitest";

test.each([1, 2])("arrives, whatever the seed (%i)", async (seed) => {
  const result: SimulationResult = await scenario("scenarios/1-drive.yaml").run({ seed });
  expect(result).toHavePassed();
  expect(result).toHaveFulfilled("drive-amr-1");
  expect(result).not.toHaveCollided();
});
`;

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}
type Pipeline = Readonly<Record<string, { readonly script?: readonly string[] }>>;

const github = parse(readFileSync(join(ROOT, "deploy/ci/github-actions.yml"), "utf8")) as Workflow;
const gitlab = parse(readFileSync(join(ROOT, "deploy/ci/gitlab-ci.yml"), "utf8")) as Pipeline;

describe("the CI files", () => {
  it.each([
    ["GitHub Actions", Object.values(github.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))],
    ...Object.entries(gitlab).map(([job, { script = [] }]) => [`GitLab ${job}`, [...script]] as [string, string[]]),
  ])("%s: every step runs in a project with scenarios", async (_system, steps) => {
    expect(steps.length).toBeGreaterThanOrEqual(2);
    for (const step of steps) {
      const { code, output } = await installed.run(step);
      expect(code, `${step}\n${output}`).toBe(0);
    }
    expect(readFileSync(join(installed.folder, "results/junit.xml"), "utf8")).toMatch(/<testsuites .*failures="0"/);
  });
});
