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
    const tests = await installed.run("npx vitest run --reporter=verbose --testTimeout=60000 drive.test.ts");
    expect(tests).toMatchObject({ code: 0, output: expect.stringMatching(/arrives, whatever the seed/) as string });
    const flags = "--noEmit --strict --skipLibCheck --target esnext --module nodenext --types node";
    const types = await installed.run(`npx tsc ${flags} drive.test.ts`);
    expect(types).toMatchObject({ code: 0 });
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

const steps = new Set([
  ...Object.values(github.jobs).flatMap((job) => job.steps.flatMap(({ run }) => run ?? [])),
  ...Object.values(gitlab).flatMap(({ script = [] }) => script),
]);

describe("the CI files", () => {
  it("have steps", () => expect(steps.size).toBeGreaterThanOrEqual(3));

  it.each([...steps])("have a step that runs in a project with scenarios: %s", async (step) => {
    expect(await installed.run(step)).toMatchObject({ code: 0 });
  });

  it("leave results that hold", () => {
    const junit = readFileSync(join(installed.folder, "results/junit.xml"), "utf8");
    expect(junit).toMatch(/<testsuites [^>]*failures="0" errors="0"/);
    expect(existsSync(join(installed.folder, "results/reports/1-drive/report.html"))).toBe(true);
  });
});
