import { chmodSync, copyFileSync, cpSync, lutimesSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./command.ts";
import { prune } from "./prune.ts";

export interface TreeOptions {
  /** The checkout. */
  readonly root: string;
  /** Where the tree goes; what was there is removed. */
  readonly into: string;
  /** The time that every file gets, s since 1970: equal sources make equal bytes. */
  readonly epochSeconds: number;
}

/** What `npm ci` reads. */
const LOCK = ["package.json", "package-lock.json", ".npmrc"];

/**
 * Makes what runs on a board with 64-bit ARM: the files of the npm package, its production dependencies with their binaries
 * for Linux on arm64, the pinned Node, and a launcher. Throws `config.invalid` when npm fails.
 */
export function buildTree({ root, into, epochSeconds }: TreeOptions): void {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  for (const file of packedFiles(root)) copy(join(root, file), join(into, file));
  for (const file of LOCK) copyFileSync(join(root, file), join(into, file));
  const target = ["--omit=dev", "--cpu=arm64", "--os=linux", "--libc=glibc"];
  run("npm", ["ci", ...target, "--ignore-scripts", "--prefer-offline", "--no-fund", "--no-audit"], { cwd: into });
  for (const file of LOCK.slice(1)) rmSync(join(into, file));
  prune(join(into, "node_modules"));
  copy(join(import.meta.dirname, "holdfast.sh"), join(into, "holdfast"));
  for (const program of ["holdfast", "bin/holdfast.js"]) chmodSync(join(into, program), 0o755);
  normalize(into, epochSeconds);
}

/** The files that `npm pack` would take: `files` of package.json, and what npm always adds. */
function packedFiles(root: string): string[] {
  const [packed] = JSON.parse(run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root })) as {
    files: { path: string }[];
  }[];
  return packed!.files.map(({ path }) => path);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { preserveTimestamps: true });
}

const EXECUTABLE = 0o100;

/** Gives what is below a folder one time and two modes, whatever the umask and the clock of whoever builds. */
export function normalize(path: string, epochSeconds: number): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) normalize(inner, epochSeconds);
    else {
      if (entry.isFile()) chmodSync(inner, (statSync(inner).mode & EXECUTABLE) === 0 ? 0o644 : 0o755);
      lutimesSync(inner, epochSeconds, epochSeconds);
    }
  }
  chmodSync(path, 0o755);
  lutimesSync(path, epochSeconds, epochSeconds);
}
