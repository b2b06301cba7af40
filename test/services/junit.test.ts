import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { holdfast } from "../integration/command-run.ts";
import { findService } from "./service.ts";

const xmllint = findService({ program: "xmllint", install: "apt-get install libxml2-utils" });
const DTD = join(import.meta.dirname, "../fixtures/junit/junit.dtd");

const SCENARIO = `name: drive
map: { empty: [-5, -5, 5, 5] }
matrix: { x: [1, 1.5] }
robots:
  - { id: amr-1, profile: amr-sim, pose: [0, 0, 0], navigate: { to: [$x, 0, 0] } }
until: 60s
expect:
  - { name: "arrived & <well>", that: "contract('drive-amr-1').status == 'completed'" }
  - { name: far, that: "robot('amr-1').distance > 1.2" }
`;

describe.skipIf(xmllint === undefined)("the JUnit file of sim run", () => {
  it("is valid by what Jenkins and GitLab have in common, with runs that hold, fail, and cannot run", async () => {
    const folder = mkdtempSync(join(tmpdir(), "junit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "a.yaml"), SCENARIO);
    writeFileSync(join(folder, "b.yaml"), "name: nothing\n");
    const junit = join(folder, "results/junit.xml");
    const { code } = await holdfast(["sim", "run", folder, "--junit", junit]);
    expect(code).toBe(2);
    const { status, stderr } = spawnSync(xmllint!, ["--noout", "--dtdvalid", DTD, junit], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});
