import { readdir, readFile, statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { BoardProbe, BoardReading } from "../board.ts";
import { readDiskWear } from "./disk-wear.ts";

export interface BoardProbeOptions {
  /** Folder on the disk whose free space counts. */
  readonly dataDir: string;
  /** Where `/proc` and `/sys` are; the root of the file system unless given. */
  readonly root?: string;
}

/** Reads `/proc` and `/sys` of Linux; elsewhere, and on kernels without PSI or sensors, what can't be read is left out. */
export function createBoardProbe({ dataDir, root = "/" }: BoardProbeOptions): BoardProbe {
  return {
    async read() {
      const [load, memory, pressure, disk, temperature] = await Promise.all([
        numberIn(join(root, "proc/loadavg"), /^(\S+)/),
        numberIn(join(root, "proc/meminfo"), /^MemAvailable:\s+(\d+) kB$/m),
        numberIn(join(root, "proc/pressure/memory"), /^some avg10=(\S+)/m),
        freeBytes(dataDir),
        hottestMillidegrees(join(root, "sys/class/thermal")),
      ]);
      const [written, device] = await Promise.all([
        numberIn(join(root, "proc/self/io"), /^write_bytes: (\d+)$/m),
        readDiskWear({ dataDir, root }),
      ]);
      const reading: { [Name in keyof BoardReading]: number | undefined } = {
        loadPerCore: scaled(load, 1 / availableParallelism()),
        memoryAvailableBytes: scaled(memory, 1024),
        memoryPressure: scaled(pressure, 1 / 100),
        diskFreeBytes: disk,
        temperatureCelsius: scaled(temperature, 1 / 1000),
        writtenBytes: written,
        deviceWrittenBytes: device.writtenBytes,
        deviceLifeUsed: device.lifeUsed,
      };
      return Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));
    },
  };
}

async function numberIn(file: string, pattern: RegExp): Promise<number | undefined> {
  const text = await textOf(file);
  const value = Number(text === undefined ? Number.NaN : pattern.exec(text)?.[1]);
  return Number.isFinite(value) ? value : undefined;
}

async function hottestMillidegrees(folder: string): Promise<number | undefined> {
  const zones = await readdir(folder).catch(() => []);
  const readings = await Promise.all(
    zones
      .filter((zone) => zone.startsWith("thermal_zone"))
      .map((zone) => numberIn(join(folder, zone, "temp"), /^(-?\d+)/)),
  );
  const known = readings.filter((reading) => reading !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function freeBytes(folder: string): Promise<number | undefined> {
  const stat = await statfs(folder).catch(() => undefined);
  return stat && stat.bavail * stat.bsize;
}

/** Undefined where the kernel has no such file, or does not let us read it. */
function textOf(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(() => undefined);
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
