import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulationResult } from "#sim/result";
import { holdfast } from "./command-run.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const run = (...args: string[]): ReturnType<typeof holdfast> => holdfast(args, { cwd: folder });

const SCENARIO = `name: short-drive
map: { empty: [-5, -5, 5, 5] }
robots:
  - { id: amr-1, profile: amr-sim, pose: [0, 0, 0], navigate: { to: [1.5, 0, 0] } }
until: 60s
expect:
  - { name: arrived, that: "contract('drive-amr-1').status == 'completed'" }
`;

describe("a command line that is wrong", () => {
  it.each([
    [
      ["fly"],
      /unknown command 'fly'; holdfast knows demo, agent, cloud, sim, contract, drivers, console, doctor, keys/,
    ],
    [["cloud", "--colour", "red"], /unknown option '--colour'; holdfast cloud knows --config, --http, --mqtt/],
    [
      ["cloud", "--http", "here"],
      /'--http <host:port>' argument 'here' is invalid.*HOST:PORT, such as 127\.0\.0\.1:8080/,
    ],
    [["demo", "--seed", "x"], /'--seed <n>' argument 'x' is invalid.*a whole number from 0 to 2147483647/],
    [["sim", "run", ".", "--seeds", "9..1"], /'--seeds <a\.\.b>' argument '9\.\.1' is invalid.*such as 1\.\.20/],
    [["sim", "run", ".", "--only", "outage"], /argument 'outage' is invalid.*NAME=VALUE/],
    [["demo", "--scenario", "none"], /argument 'none' is invalid.*one of warehouse-pick/],
    [["agent"], /required option '--config <file>' not specified/],
    [["keys", "enrol"], /missing required argument 'deviceId'/],
    [["agent", "--config", "gone.yaml"], /gone\.yaml: cannot be read/],
    [["cloud", "--config", "gone.yaml"], /gone\.yaml: cannot be read/],
    [["sim", "run", "gone.yaml"], /gone\.yaml: cannot be read/],
    [["contract", "validate", "gone.yaml"], /gone\.yaml: cannot be read/],
    [["contract", "push", "gone.yaml"], /gone\.yaml: cannot be read/],
  ])("is answered by one line and exit 2: %j", async (args, line) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("a configuration that is wrong", () => {
  const AGENT = "deviceId: amr-1\nbroker: { url: mqtt://127.0.0.1:1 }\nprofile: amr-sim\ntrustedKeys: k\n";

  it.each([
    [
      "agent",
      `${AGENT}drivers: { kind: simulated, socket: s }\ncolour: red\n`,
      /bad\.yaml:6: colour is not known here/,
    ],
    ["agent", `${AGENT}drivers: { kind: simulated, socket: 7 }\n`, /bad\.yaml:5: drivers\.socket is 7: .*string/],
    ["agent", "deviceId: [amr\n", /bad\.yaml:[12]: /],
    ["cloud", "http: 127.0.0.1:0\nsilenceMs: soon\n", /bad\.yaml:2: silenceMs is "soon": .*number/],
  ])("of the %s is named by file, line, path, value and expectation", async (command, text, line) => {
    const { code, stderr } = await run(command, "--config", file("bad.yaml", text));
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  });
});

describe("--help and --version", () => {
  it.each([[[]], [["demo"]], [["agent"]], [["cloud"]], [["sim", "run"]], [["contract", "push"]], [["keys", "init"]]])(
    "are known to holdfast %j",
    async (command: string[]) => {
      const [help, version] = await Promise.all([run(...command, "--help"), run(...command, "--version")]);
      expect(help).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^Usage: holdfast/) as string });
      expect(version).toEqual({ code: 0, stderr: "", stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
    },
  );
});

describe("an older Node", () => {
  it("is told in plain words what is needed, before anything else is loaded", async () => {
    const pretend = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } })';
    const nodeOptions = ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`];
    const { code, stdout, stderr } = await holdfast(["demo"], { nodeOptions });
    expect(stderr).toMatch(/^holdfast needs Node 24 or newer, and this is Node 20\.19\.0\..*npm ci/);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("holdfast keys", () => {
  it("init writes a private key for its owner only, a set to trust, and never over another key", async () => {
    const dir = join(folder, "keys");
    expect((await run("keys", "init", "--dir", dir)).code).toBe(0);
    const path = join(dir, "platform.jwk");
    const key = readFileSync(path, "utf8");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(key)).toMatchObject({ kty: "OKP", crv: "Ed25519", d: expect.any(String) as string });
    const set = readFileSync(join(dir, "trusted.jwks.json"), "utf8");
    const { kid } = JSON.parse(key) as { kid: string };
    expect(JSON.parse(set)).toMatchObject({ keys: [{ kid }] });
    expect(set).not.toContain('"d"');
    const again = await run("keys", "init", "--dir", dir);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("platform.jwk: not written") as string });
    expect(readFileSync(path, "utf8")).toBe(key);
  });

  it("enrol writes a device's key for its owner only", async () => {
    const dir = join(folder, "devices");
    expect((await run("keys", "enrol", "amr-07", "--dir", dir)).code).toBe(0);
    expect(statSync(join(dir, "amr-07.jwk")).mode & 0o777).toBe(0o600);
    expect((await run("keys", "enrol", "amr-07", "--dir", dir)).code).toBe(2);
  });
});

describe("holdfast sim explore", () => {
  it("ends with 2 when it should keep a trouble that the seed does not draw", async () => {
    const { code, stdout, stderr } = await run("sim", "explore", "--seeds", "2..2", "--keep", "0,999");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^holdfast: --keep 999: this seed draws \d+ troubles, counted from 0$/m);
  });
});

describe("holdfast sim run", () => {
  it("ends with 0 when all expectations hold, and prints exactly one JSON object", async () => {
    const scenario = file("holds.yaml", SCENARIO);
    const { code, stdout, stderr } = await run("sim", "run", scenario, "--seed", "7", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      scenario: "short-drive",
      seed: 7,
      digest: expect.stringMatching(/^[0-9a-f]+$/) as string,
      outcome: "passed",
      expectations: [{ name: "arrived", ok: true }],
      devices: [{ id: "amr-1", collisions: 0, contracts: [{ status: "completed" }] }],
    });
    const again = await run("sim", "run", scenario, "--seed", "7", "--json");
    const digestOf = (text: string): unknown => (JSON.parse(text) as { digest: string }).digest;
    expect(digestOf(again.stdout)).toBe(digestOf(stdout));
  });

  it("ends with 1 when one does not, and says so in JUnit's words and in a report", async () => {
    const scenario = file("fails.yaml", SCENARIO.replace("'completed'", "'failed'"));
    const [junit, report] = [join(folder, "junit.xml"), join(folder, "report")];
    const { code, stdout } = await run("sim", "run", scenario, "--junit", junit, "--report", report);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^FAILED short-drive seed 1/)]);
    expect(readFileSync(junit, "utf8")).toMatch(/<testsuite .*tests="1" failures="1".*[^]*<failure message="/);
    expect(existsSync(join(report, "report.svg"))).toBe(true);
  });

  it.each([["--report"], ["--junit"]])("runs nothing when %s names a place that cannot be", async (option) => {
    const place = join(file("no-folder", ""), "below");
    const { code, stdout, stderr } = await run("sim", "run", file("holds.yaml", SCENARIO), option, join(place, "x"));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /^holdfast: .*below.*: cannot be made, though the (?:report|JUnit file) goes there: ENOTDIR/,
    );
  });

  it("paced by the clock on the wall it is the same run, told line by line", async () => {
    const scenario = file("paced.yaml", SCENARIO);
    const [paced, free] = await Promise.all([
      run("sim", "run", scenario, "--realtime", "--json"),
      run("sim", "run", scenario, "--json"),
    ]);
    const [slow, fast] = [paced, free].map(({ stdout }) => JSON.parse(stdout) as SimulationResult) as [
      SimulationResult,
      SimulationResult,
    ];
    expect(slow.digest).toBe(fast.digest);
    expect(slow.wallSeconds).toBeGreaterThanOrEqual(slow.virtualSeconds - 0.5);
    expect((await run("sim", "run", scenario, "--realtime")).stdout).toMatch(/^ +\d+\.\d s {2}amr-1 /m);
  });

  it("runs the good scenarios of a folder, tells the bad one, and prints one JSON object", async () => {
    const scenarios = join(folder, "scenarios");
    mkdirSync(scenarios);
    const matrix = SCENARIO.replace("map:", "matrix: { x: [1, 1.5] }\nmap:").replace("[1.5,", "[$x,");
    writeFileSync(join(scenarios, "sweep.yaml"), matrix);
    writeFileSync(join(scenarios, "wrong.yaml"), `${SCENARIO}colour: red\n`);
    const { code, stdout, stderr } = await run("sim", "run", scenarios, "--json", "--seeds", "1..2", "--jobs", "2");
    expect(stderr).toMatch(/wrong\.yaml:8: colour is not known here/);
    expect(stderr).toMatch(/4 passed, 0 failed, 1 bad file/);
    const told = JSON.parse(stdout) as { outcome: string; runs: SimulationResult[]; bad: unknown[] };
    expect(told.runs.map(({ matrix: own, seed }) => [own?.["x"], seed])).toEqual([
      [1, 1],
      [1, 2],
      [1.5, 1],
      [1.5, 2],
    ]);
    expect([code, told.outcome, told.bad.length]).toEqual([2, "failed", 1]);
    const alone = await run("sim", "run", join(scenarios, "sweep.yaml"), "--json", "--seed", "2", "--only", "x=1.5");
    expect((JSON.parse(alone.stdout) as SimulationResult).digest).toBe(told.runs[3]!.digest);
  });

  it.each([
    ["unknown keys", `${SCENARIO}colour: red\n`, /bad-scenario\.yaml:8: colour is not known here/],
    ["what is no YAML", "name: [x\n", /bad-scenario\.yaml:[12]: /],
    [
      "an expectation that is no expression",
      SCENARIO.replace("== ", "=== "),
      /bad-scenario\.yaml:7: expect\[0\]\.that/,
    ],
  ])("ends with 2 at a scenario with %s", async (_what, text, line) => {
    const { code, stdout, stderr } = await run("sim", "run", file("bad-scenario.yaml", text), "--json");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(line);
  });
});
