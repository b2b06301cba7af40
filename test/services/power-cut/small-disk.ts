import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert } from "#lib/errors";
import { findService } from "../service.ts";

const LOAD = fileURLToPath(new URL("./load.main.ts", import.meta.url));

/** Exit codes up to this say that nothing is left to mend (e2fsck(8)). */
const E2FSCK_MENDED_MAX = 2;

/**
 * Whether disks can be made, filled and cut here. Where they can't, one sentence says why: nobody can install root or loop
 * devices, so that is never a failure; a program that is missing is one when `HOLDFAST_REQUIRE_SERVICES` is 1.
 */
export function canCutPower(): boolean {
  const impossible = whyImpossible();
  if (impossible !== undefined) {
    process.stderr.write(`skipped: ${impossible}\n`);
    return false;
  }
  const services = [
    { program: "gcc", install: "apt-get install gcc libc6-dev" },
    { program: "mkfs.ext4", install: "apt-get install e2fsprogs" },
    { program: "losetup", install: "apt-get install mount" },
  ];
  return services.every((service) => findService(service) !== undefined);
}

function whyImpossible(): string | undefined {
  if (process.getuid?.() !== 0) return "power cuts need root, for loop devices and mounts; run these tests as root";
  if (!existsSync("/dev/loop-control")) return "this machine has no loop devices; run these tests where losetup works";
  if (!existsSync("/dev/fuse")) return "this machine has no FUSE; run these tests where /dev/fuse is";
  if (mayMount()) return undefined;
  return "this machine lets nobody mount (a container without CAP_SYS_ADMIN); run these tests where mount works";
}

/** Compiles one of the helpers beside this file. */
export function compileHelper(name: "block-log" | "shut-down", folder: string): string {
  const program = `${folder}/${name}`;
  execFileSync("gcc", ["-O2", "-o", program, fileURLToPath(new URL(`./${name}.c`, import.meta.url))]);
  return program;
}

/** Makes an empty ext4 file system in a file. */
export function makeDisk(path: string, megabytes: number): void {
  const file = openSync(path, "w");
  ftruncateSync(file, megabytes * 1_048_576);
  closeSync(file);
  execFileSync("mkfs.ext4", ["-q", "-F", "-b", "4096", path]);
}

/** Mounts a file system; disposing of it unmounts it. */
export function mountDisk(path: string, folder: string): Disposable {
  mkdirSync(folder, { recursive: true });
  execFileSync("mount", ["-o", "loop", path, folder], { stdio: ["ignore", "ignore", "pipe"] });
  return { [Symbol.dispose]: () => unmount(folder) };
}

/**
 * Mounts a file system as a board does that starts after a power cut: checked and mended first where it can't be mounted as it
 * is.
 */
export function mountAfterPowerCut(path: string, folder: string): Disposable {
  try {
    return mountDisk(path, folder);
  } catch {
    const { status } = spawnSync("e2fsck", ["-f", "-y", path], { stdio: "ignore" });
    assert(status !== null && status <= E2FSCK_MENDED_MAX, "a file system after a power cut can be mended");
    return mountDisk(path, folder);
  }
}

export function unmount(folder: string): void {
  execFileSync("umount", [folder]);
}

/** Starts `load.main.ts` and resolves when it writes. */
export async function startLoad(
  folder: string,
  acknowledgements: string,
  mode: "full" | "normal",
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [LOAD, folder, acknowledgements, mode], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  // What it says when its disk dies is not worth reading; an end before it writes is a bug.
  const said = await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  assert(String(said[0]).startsWith("writing"), "the load says when it writes");
  return child;
}

/** Ends a process without a word and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function mayMount(): boolean {
  const status = execFileSync("sh", ["-c", "grep CapEff /proc/self/status"], { encoding: "utf8" });
  const CAP_SYS_ADMIN = 21n;
  return ((BigInt(`0x${status.split(/\s+/)[1]}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
