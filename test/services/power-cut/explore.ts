import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createRng, type Rng } from "#lib/rng";
import { crashImages } from "./block-replay.ts";
import { compileHelper, kill, makeDisk, mountAfterPowerCut, mountDisk, startLoad, unmount } from "./small-disk.ts";
import { wrongAfter } from "./verdict.ts";

const DISK_MEGABYTES = 24;
/** Images of one run of the load; beyond that it runs again, on a new disk, and does other things. */
const IMAGES_A_RUN = 1000;

/** What came of many power cuts. */
export interface Exploration {
  readonly images: number;
  /** For each disk with something wrong: where the cut was, and what is wrong. */
  readonly failures: readonly string[];
}

export interface ExplorationOptions {
  readonly images: number;
  readonly seed: number;
  readonly bytes: number;
  readonly mode: "full" | "normal";
}

/**
 * Lets the agent's store write to an ext4 on a block device that remembers, until the log has `bytes`, and then looks at the
 * disk after `images` power cuts with lost, torn and reordered writes. Needs root.
 */
export async function explorePowerCuts({ images, seed, ...load }: ExplorationOptions): Promise<Exploration> {
  const rng = createRng(seed);
  const failures: string[] = [];
  for (let judged = 0; judged < images; judged += IMAGES_A_RUN) {
    const count = Math.min(IMAGES_A_RUN, images - judged);
    failures.push(...(await exploreOneRun(count, rng.fork(`run ${judged}`), load)));
  }
  return { images, failures };
}

async function exploreOneRun(
  count: number,
  rng: Rng,
  { bytes, mode }: Pick<ExplorationOptions, "bytes" | "mode">,
): Promise<readonly string[]> {
  // In memory: no power is cut here but that of the images.
  const folder = mkdtempSync("/dev/shm/holdfast-power-cut-");
  try {
    await writeLog(folder, bytes, mode);
    return await judgeImages(folder, count, rng);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function writeLog(folder: string, bytes: number, mode: "full" | "normal"): Promise<void> {
  const [disk, log, device, mounted] = ["disk", "log", "device", "mounted"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  makeDisk(disk, DISK_MEGABYTES);
  copyFileSync(disk, join(folder, "before"));
  mkdirSync(device);
  const server = spawn(compileHelper("block-log", folder), [disk, log, device], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  try {
    using _ = mountDisk(join(device, "disk"), mounted);
    const load = await startLoad(mounted, log, mode);
    while (statSync(log).size < bytes) await wait(20);
    await kill(load);
  } finally {
    unmount(device);
    await kill(server);
  }
}

async function judgeImages(folder: string, count: number, rng: Rng): Promise<readonly string[]> {
  const [image, mounted] = [join(folder, "image"), join(folder, "after")];
  const failures: string[] = [];
  for (const { bytes, acknowledged, what } of crashImages(join(folder, "log"), join(folder, "before"), count, rng)) {
    writeFileSync(image, bytes);
    using _ = mountAfterPowerCut(image, mounted);
    const wrong = await wrongAfter(mounted, acknowledged);
    if (wrong.length > 0) failures.push(`${what}: ${wrong.slice(0, 3).join("; ")}`);
  }
  return failures;
}
