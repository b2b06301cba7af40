import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./command.ts";
import { normalize } from "./tree.ts";

export interface DebOptions {
  readonly root: string;
  /** What `buildTree` made. */
  readonly tree: string;
  /** Debian's notation; the package's own version. */
  readonly version: string;
  readonly file: string;
  /** As for the tree. */
  readonly epochSeconds: number;
}

/** Where the tree is on the board. */
const HOME = "usr/lib/holdfast";

/** Files of `deploy/` and where Debian wants them; those below /etc are the administrator's (conffiles). */
const PLACES: readonly (readonly [from: string, to: string, mode: number])[] = [
  ["systemd/holdfast.service", "lib/systemd/system/holdfast.service", 0o644],
  ["systemd/holdfast-first-boot.service", "lib/systemd/system/holdfast-first-boot.service", 0o644],
  ["udev/60-holdfast.rules", "lib/udev/rules.d/60-holdfast.rules", 0o644],
  ["first-boot/first-boot.sh", "usr/libexec/holdfast/first-boot", 0o755],
  ["debian/holdfast-console.sh", "usr/bin/holdfast-console", 0o755],
  ["first-boot/seed/agent.yaml", "usr/share/doc/holdfast/examples/agent.yaml", 0o644],
  ["../config/devices/amr-serial.yaml", "etc/holdfast/profile.yaml", 0o644],
  ["debian/environment", "etc/default/holdfast", 0o644],
  ["../LICENSE", "usr/share/doc/holdfast/copyright", 0o644],
];

const SCRIPTS = ["postinst", "prerm", "postrm", "config", "templates"];

/**
 * Makes the Debian package for arm64: the tree, unit, udev rules, first-boot files and a sample profile. The same tree and time
 * make the same bytes. Throws `config.invalid` where `dpkg-deb` is missing or fails.
 */
export function buildDeb({ root, tree, version, file, epochSeconds }: DebOptions): void {
  const staging = `${file}.staging`;
  rmSync(staging, { recursive: true, force: true });
  cpSync(tree, join(staging, HOME), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  for (const [from, to, mode] of PLACES) place(join(root, "deploy", from), join(staging, to), mode);
  mkdirSync(join(staging, "usr/bin"), { recursive: true });
  symlinkSync(`../lib/holdfast/holdfast`, join(staging, "usr/bin/holdfast"));
  const control = join(root, "deploy/debian");
  const files = contentOf(staging);
  const text = readFileSync(join(control, "control"), "utf8");
  write(staging, "control", text.replace("@VERSION@", version).replace("@INSTALLED_KB@", kilobytes(staging, files)));
  write(staging, "conffiles", linesOf(files.filter((path) => path.startsWith("etc/")).map((path) => `/${path}`)));
  write(staging, "md5sums", linesOf(files.map((path) => `${md5(join(staging, path))}  ${path}`)));
  for (const name of SCRIPTS)
    place(join(control, name), join(staging, "DEBIAN", name), name === "templates" ? 0o644 : 0o755);
  normalize(staging, epochSeconds);
  // More threads cut the data into other blocks, so the bytes would depend on the machine.
  const settings = ["--root-owner-group", "-Zxz", "-z3", "--threads-max=1"];
  run("env", [`SOURCE_DATE_EPOCH=${epochSeconds}`, "dpkg-deb", ...settings, "--build", staging, file]);
  rmSync(staging, { recursive: true });
}

function place(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
  chmodSync(to, mode);
}

function write(staging: string, name: string, text: string): void {
  mkdirSync(join(staging, "DEBIAN"), { recursive: true });
  writeFileSync(join(staging, "DEBIAN", name), text, { mode: 0o644 });
}

function contentOf(staging: string): string[] {
  const isFile = (path: string): boolean => lstatSync(join(staging, path)).isFile();
  return globSync("**", { cwd: staging, exclude: ["DEBIAN"] })
    .filter(isFile)
    .toSorted();
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function md5(path: string): string {
  return createHash("md5").update(readFileSync(path)).digest("hex");
}

function kilobytes(staging: string, files: readonly string[]): string {
  const bytes = files.reduce((sum, path) => sum + lstatSync(join(staging, path)).size, 0);
  return String(Math.ceil(bytes / 1024));
}
