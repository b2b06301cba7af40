import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLocalJWKSet, compactVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { startCloudRig, type CloudRig } from "./cloud-rig.ts";
import { holdfast } from "./command-run.ts";
import { draftFor } from "./draft.ts";

const CONFIRM_TIMEOUT_MS = 3000;

let rig: CloudRig;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-contract-"));
  rig = await startCloudRig({ confirmTimeoutMs: CONFIRM_TIMEOUT_MS });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, stringify(content));
  return path;
}

const push = (path: string, ...options: string[]): ReturnType<typeof holdfast> =>
  holdfast(["contract", "push", path, "--url", rig.url, ...options]);

describe("holdfast contract validate", () => {
  it("says what a valid file is about", async () => {
    const { code, stdout } = await holdfast(["contract", "validate", file("good.yaml", draftFor("amr-1"))]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("task task-of-amr-1 for amr-1, 4 stages")]);
  });

  it("lists every problem with path, value and expectation, for people and as JSON, and ends with 1", async () => {
    const path = file("bad.yaml", { ...draftFor("amr-1"), deviceId: "no name", colour: "red" });
    const told = await holdfast(["contract", "validate", path]);
    expect([told.code, told.stdout]).toEqual([1, ""]);
    expect(told.stderr).toMatch(/\/deviceId: .*"no name"/);
    expect(told.stderr).toMatch(/\/colour: unknown key, found "red"/);
    const asJson = await holdfast(["contract", "validate", path, "--json"]);
    expect(asJson.code).toBe(1);
    const { valid, problems } = JSON.parse(asJson.stdout) as { valid: boolean; problems: { path: string }[] };
    expect(valid).toBe(false);
    expect(problems.map((problem) => problem.path).toSorted()).toEqual(["/colour", "/deviceId"]);
  });
});

describe("holdfast contract plan", () => {
  const pick = fileURLToPath(new URL("../../config/contracts/pick-4521.yaml", import.meta.url));

  it("shows stages, times, battery and margins, and draws the route", async () => {
    const svg = join(folder, "plan.svg");
    const { code, stdout, stderr } = await holdfast(["contract", "plan", pick, "--svg", svg]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/Pick order #4521: amr-07 from amr-staging/);
    expect(stdout).toMatch(/1\. go-to-rack +\d+ s ± \d+ s +\d+\.\d m +battery 99\.\d %/);
    expect(stdout).toMatch(/maximal duration +\d+ s +\d+ s/);
    expect(readFileSync(svg, "utf8")).toMatch(/<svg[\s\S]*Navigate to Rack B-12/);
  });

  it("ends with 1 and says why when a limit can't be kept, also as JSON", async () => {
    const { constraints, ...rest } = draftFor("amr-1");
    const path = file("hurry.yaml", { ...rest, constraints: { ...constraints, window: { maxDurationSeconds: 2 } } });
    const told = await holdfast(["contract", "plan", path, "--from", "0,0,0"]);
    expect(told.code).toBe(1);
    expect(told.stderr).toMatch(/the contract can't be kept:\n +the maximal duration can't be kept: \d+ s are missing/);
    const asJson = await holdfast(["contract", "plan", path, "--from", "0,0,0", "--json"]);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ canHold: false, from: { x: 0, y: 0, yaw: 0 } });
  });

  it("refuses a goal that the map shows no way to, and a battery that is too low", async () => {
    const walled = await holdfast(["contract", "plan", pick, "--from", "90,0,0"]);
    expect([walled.code, walled.stderr]).toEqual([1, expect.stringContaining("go-to-rack: the map shows no way")]);
    const empty = await holdfast(["contract", "plan", pick, "--battery", "0.2"]);
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining("/constraints/battery/minimum")]);
  });

  it.each([
    [["--from", "here"], /expected X,Y,YAW/],
    [["--battery", "80"], /expected a share from 0 to 1/],
    [["--profile", "no-such-robot"], /no-such-robot\.yaml: cannot be read/],
  ])("refuses %j as wrong usage", async (options, message) => {
    const { code, stderr } = await holdfast(["contract", "plan", pick, ...options]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("holdfast contract sign", () => {
  it("prints a compact JWS for the session, which the platform's public key verifies", async () => {
    const key = join(rig.folder, "keys", "platform.jwk");
    const path = file("sign.yaml", draftFor("amr-1"));
    const { code, stdout } = await holdfast([
      "contract",
      "sign",
      path,
      "--session",
      "s-1",
      "--epoch",
      "3",
      "--key",
      key,
    ]);
    expect(code).toBe(0);
    const { payload, protectedHeader } = await compactVerify(stdout.trim(), createLocalJWKSet(rig.trustedKeys()));
    expect(protectedHeader.typ).toBe("hf-contract+jws");
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
      session: "s-1",
      epoch: 3,
      revision: 1,
      taskId: "task-of-amr-1",
      lease: { durationSeconds: 1800, windDownSeconds: 60 },
    });
  });
});

describe("holdfast contract push", () => {
  it("ends with 0 and prints what the cloud answered when the device has stored it", async () => {
    await using device = await rig.liveDevice("amr-push");
    const path = file("push.yaml", draftFor("amr-push"));
    const first = await push(path, "--idempotency-key", "k");
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(JSON.parse(first.stdout)).toMatchObject({ status: "accepted", epoch: 1 });
    expect(await push(path, "--idempotency-key", "k")).toEqual(first);
    expect(device.contracts.items).toHaveLength(1);
    expect(await push(path)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^holdfast: 409 /) as string });
  });

  it("ends with 1 and the cloud's reason: a device that was never heard, one that has gone, one that keeps silent", async () => {
    const unheard = await push(file("unheard.yaml", draftFor("amr-nobody")));
    expect(unheard).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/404 .*amr-nobody was never heard/) as string,
    });
    const device = await rig.liveDevice("amr-left");
    await device[Symbol.asyncDispose]();
    await rig.mode("amr-left", "projected");
    const gone = await push(file("gone.yaml", draftFor("amr-left")));
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringMatching(/409 .*amr-left cannot be heard/) as string });
    await using _silent = await rig.liveDevice("amr-silent", "stays-silent");
    const silent = await push(file("silent.yaml", draftFor("amr-silent")));
    expect(silent).toMatchObject({ code: 1, stderr: expect.stringMatching(/504 .*did not confirm/) as string });
  });

  it("ends with 1 and every problem when the device refuses", async () => {
    await using _device = await rig.liveDevice("amr-refuses", "refuses");
    const { code, stderr } = await push(file("refused.yaml", draftFor("amr-refuses")));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/422 [^]*\/stages\/0\/inputs\/to: no way to the rack/)]);
  });

  it("ends with 1 and names the address where no cloud answers", async () => {
    const path = file("nowhere.yaml", draftFor("amr-1"));
    const { code, stderr } = await holdfast(["contract", "push", path, "--url", "http://127.0.0.1:9"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("no cloud answers at http://127.0.0.1:9")]);
  });
});

describe("holdfast cloud", () => {
  it.each(["--http", "--mqtt"])("ends with 2 and names the address when the port of %s is in use", async (option) => {
    const taken = new URL(option === "--http" ? rig.url : rig.brokerUrl).host;
    const other = option === "--http" ? "--mqtt" : "--http";
    const args = ["cloud", option, taken, other, "127.0.0.1:0", "--data", join(folder, "data")];
    const { code, stderr } = await holdfast(args, { cwd: folder });
    expect(stderr).toContain(taken);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});
