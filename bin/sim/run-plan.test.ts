import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planRuns, replayCommand, reportName } from "./run-plan.ts";

const DRIVE = `name: drive
map: { empty: [-5, -5, 5, 5] }
robots:
  - { id: amr-1, profile: amr-sim, pose: [0, 0, 0], navigate: { to: [1.5, 0, 0] } }
until: 60s
`;
const SWEEP = DRIVE.replace("drive", "sweep")
  .replace("60s", "$end")
  .replace("map:", "matrix: { end: [30s, 60s] }\nmap:");
const EVERYTHING = { seeds: [1], only: new Map<string, string>() };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plan-"));
  const files = {
    "drive.yaml": DRIVE,
    "sweep.yml": SWEEP,
    "notes.txt": "",
    "map.yaml": "image: x.png\nresolution: 0.05\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const labels = (choice: Partial<typeof EVERYTHING>): string[] =>
  planRuns(folder, { ...EVERYTHING, ...choice }).runs.map(({ label }) => label);

describe("planRuns", () => {
  it("takes every scenario of a folder, in every variant, and nothing that is no scenario", () => {
    expect(labels({})).toEqual(["drive", "sweep end=30s", "sweep end=60s"]);
  });

  it("takes only variants with the values that are asked for, with every seed", () => {
    expect(labels({ only: new Map([["end", "60s"]]), seeds: [4, 5] })).toEqual([
      "sweep end=60s seed 4",
      "sweep end=60s seed 5",
    ]);
    expect(() => labels({ only: new Map([["end", "1s"]]) })).toThrow(/no scenario has a variant with end=1s/);
  });

  it("tells what is wrong with a bad file and keeps the others", () => {
    const other = join(folder, "with-bad");
    mkdirSync(other);
    writeFileSync(join(other, "a.yaml"), `${SWEEP}colour: red\n`);
    writeFileSync(join(other, "b.yaml"), DRIVE);
    const { runs, bad } = planRuns(other, EVERYTHING);
    expect(runs.map(({ label }) => label)).toEqual(["drive"]);
    expect(bad.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^[^\n]*a\.yaml:7: colour is not known here[^\n]*$/),
    ]);
    expect(planRuns(other, { seeds: [1], only: new Map([["end", "1s"]]) })).toEqual({ runs: [], bad });
  });
});

it("says how a run is repeated, and names its report", () => {
  const run = { file: "my sites/dock.yaml", parameters: { end: "30s", to: [1, 2] }, seed: 7, untilSeconds: 1 };
  const label = "dock end=30s to=[1,2] seed 7";
  expect(replayCommand({ ...run, label })).toBe(
    "npx holdfast sim run 'my sites/dock.yaml' --seed 7 --only end=30s --only 'to=[1,2]'",
  );
  expect(reportName({ ...run, label })).toBe("dock_end=30s_to=_1_2__seed_7");
});
