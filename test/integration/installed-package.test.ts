import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPackage, type InstalledPackage } from "./installed-package.ts";

let installed: InstalledPackage;
beforeAll(() => {
  installed = installPackage();
}, 300_000);
afterAll(() => installed[Symbol.dispose]());

describe("the package, installed from its tarball into an empty project", () => {
  it("brings no tests along", () => {
    const { output } = installed.run(
      "find node_modules/holdfast -name '*.test.ts' -not -path '*/node_modules/holdfast/node_modules/*'",
    );
    expect(output).toBe("");
  });

  it("runs a scenario", () => {
    const shipped = "node_modules/holdfast/config/scenarios/warehouse-pick.yaml";
    const { code, output } = installed.run(`npx holdfast sim run ${shipped}`);
    expect(output).toMatch(/PASSED warehouse-pick/);
    expect(output).not.toMatch(/Warning/);
    expect(code).toBe(0);
  });

  it("runs the demo with its processes and threads, from another folder", () => {
    const { code, output } = installed.run("mkdir -p elsewhere && cd elsewhere && npx holdfast demo --speed 8");
    expect(output).toMatch(/The contract was kept\./);
    expect(code).toBe(0);
    expect(existsSync(join(installed.folder, "elsewhere/reports/warehouse-pick/report.svg"))).toBe(true);
  });
});
