import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

/** An empty project into which the tarball of `npm pack` was installed, as a user does. */
export interface InstalledPackage extends Disposable {
  readonly folder: string;
  /** Runs lines of a shell in the project, as a CI runner does: it stops at the first that fails. */
  run(script: string): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Copies files of this repository into the project. */
  copy(from: string, to: string): void;
}

const ROOT = join(import.meta.dirname, "../..");

/** Packs the project and installs it, and `others` beside it; takes what it can from npm's cache. */
export function installPackage(others: readonly string[]): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-installed-"));
  const env = runnerEnvironment(folder);
  const npm = (args: readonly string[], cwd: string): string =>
    execFileSync("npm", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const tarball = npm(["pack", "--silent", "--pack-destination", folder], ROOT).trim();
  npm(["init", "-y"], folder);
  npm(["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`, ...others], folder);
  return {
    folder,
    async run(script) {
      const child = spawn("bash", ["-eo", "pipefail", "-c", script], {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      return { code, output: `${stdout}${stderr}` };
    },
    copy: (from, to) => cpSync(join(ROOT, from), join(folder, to), { recursive: true }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The environment without what this project's own `npm run` put into it, and with caches of its own. */
function runnerEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_|VITEST)/.test(name));
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.endsWith("node_modules/.bin"));
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    XDG_CACHE_HOME: join(folder, ".cache"),
    CI: "true",
  };
}
