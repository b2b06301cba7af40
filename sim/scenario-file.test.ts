import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadScenario, scenarioVariants } from "./scenario-file.ts";

const BASE = `name: drive
map: { empty: [-5, -5, 5, 5] }
robots:
  - id: amr-07
    profile: amr-sim
    pose: [0, 0, 0]
    navigate: { to: [2.0, 1.0, 0.0], tolerance: 0.2 }
until: 60s
`;

function fileOf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "scenario-")), "drive.yaml");
  writeFileSync(path, text);
  return path;
}

const failureOf = (text: string): string => {
  try {
    loadScenario(fileOf(text));
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return "";
};

describe("loadScenario", () => {
  it("reads the shipped scenario with its map, contract and profile", () => {
    const path = new URL("../config/scenarios/warehouse-pick.yaml", import.meta.url).pathname;
    const { contracts, profiles, map } = loadScenario(path);
    expect(contracts.map(({ draft, atMs }) => [draft.name, atMs])).toEqual([["pick-4521", 2000]]);
    expect(profiles.get("amr-07")?.kind).toBe("amr-sim");
    expect(map).toHaveProperty("png");
  });

  it("leaves the excerpt to the cloud where a contract only names the map, and knows its places", () => {
    const config = new URL("../config/", import.meta.url).pathname;
    const contract = readFileSync(`${config}contracts/pick-4521.yaml`, "utf8");
    const from = contract.indexOf("\nspatial:") + 1;
    const to = contract.slice(from).search(/\n\w/) + from;
    const named = (mapId: string): string => {
      const file = fileOf(`${contract.slice(0, from)}spatial: { mapId: ${mapId} }${contract.slice(to)}`);
      return BASE.replace("{ empty: [-5, -5, 5, 5] }", `${config}maps/warehouse.yaml`)
        .replace("pose: [0, 0, 0]\n    navigate: { to: [2.0, 1.0, 0.0], tolerance: 0.2 }", "pose: [-5.5, -1, 0]")
        .concat(`contracts: [{ file: ${file}, at: 1s }]\n`);
    };
    const [pick] = loadScenario(fileOf(named("warehouse"))).contracts;
    expect(pick!.reference).toEqual({ mapId: "warehouse" });
    expect(pick!.draft.spatial.landmarks.map(({ id }) => id)).toContain("rack-b-12");
    expect(failureOf(named("depot"))).toMatch(/spatial\/mapId is "depot": the scenario's is warehouse/);
  });

  it("refuses two tasks of one id", () => {
    const task = "{ taskId: leg, template: move, parameters: { to: [1, 0, 0] }, at: 1s }";
    expect(failureOf(`${BASE}tasks: [${task}, ${task}]\n`)).toMatch(
      /tasks\[?\.?1\]?\.taskId.*another task has this id/,
    );
  });

  it("makes a one-stage contract of the navigate shorthand", () => {
    const [drive] = loadScenario(fileOf(BASE)).contracts;
    expect(drive!.draft.stages).toMatchObject([{ action: "navigate", inputs: { to: [2, 1, 0], tolerance: 0.2 } }]);
  });

  it("overrides values of the profile by path", () => {
    const text = BASE.replace("pose:", "set: { limits.maxSpeed: 0.7, lidar.rangeSigma: 0.05 }\n    pose:");
    const profile = loadScenario(fileOf(text)).profiles.get("amr-07")!;
    expect([profile.limits.maxSpeed, profile.lidar.rangeSigma]).toEqual([0.7, 0.05]);
  });

  it("reads each variant of a matrix with its own values", () => {
    const text = BASE.replace("map:", "matrix: { x: [1, 2] }\nmap:").replace("[2.0,", "[$x,");
    const path = fileOf(text);
    const goals = scenarioVariants(path).map(
      (parameters) => loadScenario(path, parameters).scenario.robots[0]!.navigate,
    );
    expect(goals).toMatchObject([{ to: [1, 1, 0] }, { to: [2, 1, 0] }]);
    expect(() => loadScenario(path)).toThrow(/drive\.yaml: has a matrix.*\[x=1\], \[x=2\]/);
  });

  it.each([
    ["an unknown key", BASE.replace("until:", "wind: strong\nuntil:"), /drive\.yaml:8.*wind/],
    [
      "a misspelt key",
      BASE.replace("until:", "obstacle: []\nuntil:"),
      /drive\.yaml:8: obstacle .*did you mean obstacles\?/,
    ],
    [
      "a value of set that does not fit",
      BASE.replace("pose:", "set: { limits.maxSpeed: fast }\n    pose:"),
      /drive\.yaml:6: robots\.0\.set: limits\.maxSpeed is "fast": expected number$/,
    ],
    [
      "a mask for a map that has no size",
      BASE.replace("until:", "maskKeepout: mask.yaml\nuntil:"),
      /drive\.yaml:8: maskKeepout needs a map/,
    ],
    [
      "a variant's own value",
      BASE.replace("map:", "matrix: { t: [soon] }\nmap:").replace("60s", "$t"),
      /drive\.yaml:9: until is "soon"/,
    ],
    ["a bad duration", BASE.replace("60s", "one minute"), /drive\.yaml:8.*until.*90s/],
    [
      "a profile that is not there",
      BASE.replace("amr-sim", "amr-gone"),
      /drive\.yaml:5: robots\.0\.profile: no profile amr-gone ships; /,
    ],
    [
      "a path that the profile does not have",
      BASE.replace("pose:", "set: { limits.warp: 9 }\n    pose:"),
      /drive\.yaml:6: robots\.0\.set: limits\.warp is not known here; there is maxSpeed/,
    ],
    [
      "an expectation that does not compile",
      `${BASE}expect:\n  - { name: x, that: "robots('a')" }\n`,
      /drive\.yaml:10.*robots/,
    ],
    [
      "a fault without its moment",
      `${BASE}faults:\n  - { do: kill-agent, device: amr-07 }\n`,
      /drive\.yaml:10.*at and after/,
    ],
    [
      "a file that is not there",
      BASE.replace("until:", "contracts: [{ file: gone.yaml, at: 1s }]\nuntil:"),
      /drive\.yaml:8: contracts\.0\.file: .*gone\.yaml/,
    ],
    [
      "two robots of one id",
      BASE.replace("until:", "  - { id: amr-07, profile: amr-sim, pose: [2, 2, 0] }\nuntil:"),
      /drive\.yaml:8: robots\.1\.id is "amr-07": amr-07 is not unique/,
    ],
    [
      "a partition of no robot",
      `${BASE}network:\n  - { at: 1s, for: 2s, partition: amr-70 }\n`,
      /drive\.yaml:10: network\.0\.partition is "amr-70": no robot has this name; did you mean amr-07\?$/,
    ],
    [
      "a disturbed link of no robot",
      `${BASE}network:\n  - { at: 1s, for: 2s, loss: 0.1, device: amr-70 }\n`,
      /drive\.yaml:10: network\.0\.device is "amr-70".*amr-07\?$/,
    ],
    [
      "a fault of no robot",
      `${BASE}faults:\n  - { at: 1s, do: kill-agent, device: amr-70 }\n`,
      /drive\.yaml:10: faults\.0\.device is "amr-70".*amr-07\?$/,
    ],
    [
      "an order for no contract",
      `${BASE}faults:\n  - { at: 1s, do: hold, contract: pick }\n`,
      /drive\.yaml:10: faults\.0\.contract is "pick": no contract has this name; there is drive-amr-07$/,
    ],
    [
      "a moment of no contract",
      `${BASE}faults:\n  - do: kill-cloud\n    after: { contract: pick, stage: drive }\n`,
      /drive\.yaml:11: faults\.0\.after\.contract is "pick".*drive-amr-07$/,
    ],
    [
      "a moment of no stage",
      `${BASE}network:\n  - for: 2s\n    loss: 1\n    after: { contract: drive-amr-07, stage: pick }\n`,
      /drive\.yaml:12: network\.0\.after\.stage is "pick": no stage of drive-amr-07 has this name; there is drive$/,
    ],
    [
      "an expectation of no robot",
      `${BASE}expect:\n  - { name: x, that: "robot('amr-70').collisions == 0" }\n`,
      /drive\.yaml:10: expect\.0\.that is "amr-70": no robot has this name; did you mean amr-07\?$/,
    ],
    [
      "an expectation of no contract",
      `${BASE}expect:\n  - { name: x, that: "contract('pick').status == 'completed'" }\n`,
      /drive\.yaml:10: expect\.0\.that is "pick": no contract has this name; there is drive-amr-07$/,
    ],
    [
      "a robot in an obstacle",
      BASE.replace("robots:", "obstacles: [{ circle: [3, 3, 1] }, { circle: [0.5, 0, 0.3] }]\nrobots:"),
      /drive\.yaml:7: robots\.0\.pose is \[0,0,0\]: amr-07 stands in obstacles\.1$/,
    ],
    [
      "an empty map without extent",
      BASE.replace("[-5, -5, 5, 5]", "[5, 5, -5, -5]"),
      /drive\.yaml:2: map\.empty is \[5,5,-5,-5\]: expected xMin < xMax and yMin < yMax$/,
    ],
    [
      "an empty map that fits into no memory",
      BASE.replace("[-5, -5, 5, 5]", "[-5000, -5000, 5000, 5000]"),
      /drive\.yaml:2: map\.empty is .*: expected at most 60000 m²$/,
    ],
    [
      "an end at the start",
      BASE.replace("60s", "0s"),
      /drive\.yaml:8: until is "0s": expected a time after the start$/,
    ],
    [
      "two expectations of one name",
      `${BASE}expect:\n  - { name: x, that: "true" }\n  - { name: x, that: "true" }\n`,
      /drive\.yaml:11: expect\.1\.name is "x": another expectation has this name$/,
    ],
    [
      "a fault after the end",
      `${BASE}faults:\n  - { at: 90s, do: kill-agent, device: amr-07 }\n`,
      /drive\.yaml:10: faults\.0\.at is "90s": would never happen: the run ends after 60 s \(until\)$/,
    ],
  ])("names what is wrong with %s", (_what, text, message) => {
    expect(failureOf(text)).toMatch(message);
  });

  it("tells of every file that cannot be read, and of the expectations, at once", () => {
    const text = `${BASE.replace("{ empty: [-5, -5, 5, 5] }", "gone.yaml").replace("amr-sim", "amr-gone")}expect:
  - { name: x, that: "robot('amr-07').colisions == 0" }
`;
    const problems = failureOf(text).split("\n");
    expect(problems.map((line) => /:(\d+): /.exec(line)![1])).toEqual(["2", "5", "10"]);
  });
});
