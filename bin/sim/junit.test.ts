import { expect, it } from "vitest";
import { junitXml, type EndedRun } from "./junit.ts";

const run = { file: "a.yaml", parameters: {}, seed: 3, label: 'drive "fast"', untilSeconds: 60 };

function ended(expectations: { name: string; ok: boolean; detail: string }[]): EndedRun {
  const told = { digest: "d1", virtualSeconds: 12, wallSeconds: 0.5, realTimeFactor: 24, devices: [] };
  const result = { scenario: "drive", seed: 3, outcome: "failed" as const, expectations, ...told };
  return { run, outcome: { type: "ran", result: { ...result, cloud: { modes: [], reconciliations: [] } } } };
}

it("counts cases, failures and errors of suites and of all", () => {
  const wrong = { name: "far", ok: false, detail: "distance > 20 is false" };
  const runs = [ended([wrong, { name: "safe", ok: true, detail: "" }]), ended([])];
  const text = junitXml(
    [...runs, { run, outcome: { type: "died", message: "boom\nat x" } }],
    [{ file: "b.yaml", message: "b.yaml:1: x" }],
  );
  expect(text).toContain('<testsuites name="holdfast sim run" tests="5" failures="1" errors="2" time="1.000">');
  expect(text).toContain('<testsuite name="drive &quot;fast&quot;" tests="2" failures="1" errors="0"');
  expect(text).toContain('name="runs to its end"/>');
  expect(text).toContain('<failure message="distance &gt; 20 is false" type="failure">');
  expect(text).toContain("npx holdfast sim run a.yaml --seed 3");
  expect(text).toContain('<error message="b.yaml:1: x" type="error">');
});

it("writes nothing that XML cannot hold", () => {
  const text = junitXml([ended([{ name: "a\u0000b\u001b[31m", ok: false, detail: "<&>\ud800" }])], []);
  expect(text).toContain('name="a\uFFFDb\uFFFD[31m"');
  expect(text).toContain("&lt;&amp;&gt;\uFFFD");
});
