import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a block device tells of its wear; what it does not tell is absent. */
export interface DiskWear {
  readonly writtenBytes?: number | undefined;
  /** In tenths; the larger of both kinds of cells. */
  readonly lifeUsed?: number | undefined;
}

/** Linux counts in sectors of this size, whatever the device has (Documentation/block/stat.rst). */
const SECTOR_BYTES = 512;
/** Sectors written are the seventh number. */
const SECTORS_WRITTEN = 6;

/**
 * The counters of the device below a folder: `/sys/dev/block/<major>:<minor>/stat`, and `life_time` of eMMC (JEDEC JESD84-B51,
 * DEVICE_LIFE_TIME_EST: tenths of its life, 1 means up to 10 %). A partition has the counters of its own, and the life of its disk.
 */
export async function readDiskWear({ dataDir, root }: { dataDir: string; root: string }): Promise<DiskWear> {
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) return {};
  const folder = join(root, "sys/dev/block", deviceName(found.dev));
  const sectors = (await textOf(join(folder, "stat")))?.trim().split(/\s+/)[SECTORS_WRITTEN];
  const life = (await textOf(join(folder, "device/life_time"))) ?? (await textOf(join(folder, "../device/life_time")));
  return {
    writtenBytes: sectors === undefined ? undefined : Number(sectors) * SECTOR_BYTES,
    lifeUsed: life === undefined ? undefined : tenths(life),
  };
}

/** Linux packs the numbers of a device into one (makedev(3)). */
function deviceName(dev: number): string {
  const number = BigInt(dev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

/** `0x01 0x03`; 0 means that it does not say. */
function tenths(life: string): number | undefined {
  const worst = Math.max(...life.trim().split(/\s+/).map(Number));
  return worst > 0 ? Math.min(1, worst / 10) : undefined;
}

function textOf(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(() => undefined);
}
