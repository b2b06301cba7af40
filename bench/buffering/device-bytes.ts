import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { CHANNELS, DEFAULT_TELEMETRY, type ChannelName } from "#agent/telemetry/channels";
import type { Recording } from "#agent/telemetry/store";
import { seriesOf } from "#contract/telemetry-block";
import { createRng } from "#lib/rng";
import { canCutPower, makeDisk, mountDisk } from "../../test/services/power-cut/small-disk.ts";
import { entryOf } from "../commits.ts";
import type { Figure } from "../figure.ts";
import { openBench } from "./workbench.ts";

const MEGABYTES = 96;
const WARM_COMMITS = 500;
const COMMITS = 2000;
const RECORDED_S = 300;
/** Between two commits: beyond the grain of file times, as on a robot, so that each fsync writes the changed time as well. */
const PACE_MS = 10;
/** Events of a contract under way, about one in two seconds. */
const EVENT_EVERY_S = 2;
const DAY_S = 86_400;
const SECTOR = 512;

/** Columns of /sys/block/…/stat: sectors written, flush requests (Linux, Documentation/block/stat.rst). */
const [WRITTEN, FLUSHES] = [6, 15];

/** What the store costs a block device, the file system's own journal included: a loop device with ext4. Needs root. */
export async function deviceFigures(): Promise<Figure[]> {
  if (!canCutPower()) return [];
  const folder = mkdtempSync("/var/tmp/holdfast-bench-");
  const mounted = join(folder, "mounted");
  try {
    makeDisk(join(folder, "disk"), MEGABYTES);
    using _ = mountDisk(join(folder, "disk"), mounted);
    const stat = statOf(mounted);
    const commit = await costOfCommits(mounted, stat);
    const bytesADay = await costOfADay(mounted, stat);
    const how = `\`/sys/block/…/stat\` of a loop device with ext4, ${COMMITS} commits of 0.5 kB after ${WARM_COMMITS}`;
    const common = { better: "lower", how } as const;
    return [
      {
        what: "goal 6: device bytes per durable commit",
        unit: "B",
        samples: [commit.bytes],
        goal: { of: "median", limit: 12_288 },
        ...common,
      },
      {
        what: "goal 6: flushes per durable commit",
        unit: "1",
        samples: [commit.flushes],
        goal: { of: "median", limit: 1.2 },
        ...common,
      },
      {
        what: "goal 6: device bytes a day at default settings",
        unit: "GB",
        better: "lower",
        samples: [bytesADay / 1e9],
        goal: { of: "median", limit: 1 },
        how: `the same, all channels in motion, committed every second, and an event every ${EVENT_EVERY_S} s, as if this went on all day`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Stat = () => { readonly bytes: number; readonly flushes: number };

async function costOfCommits(below: string, stat: Stat): Promise<ReturnType<Stat>> {
  await using bench = await openBench({ below });
  const commit = (seq: number): Promise<void> => bench.store.commit([{ type: "append", entry: entryOf(seq) }]);
  for (let seq = 1; seq <= WARM_COMMITS; seq++) await commit(seq);
  const before = stat();
  for (let seq = 1; seq <= COMMITS; seq++) await commit(WARM_COMMITS + seq);
  const after = stat();
  return { bytes: (after.bytes - before.bytes) / COMMITS, flushes: (after.flushes - before.flushes) / COMMITS };
}

async function costOfADay(below: string, stat: Stat): Promise<number> {
  await using bench = await openBench({ below });
  const record = async (from: number, seconds: number): Promise<void> => {
    for (let second = from; second < from + seconds; second++) {
      await wait(PACE_MS);
      await bench.store.telemetry!.record([secondOf(second)]);
      if (second % EVENT_EVERY_S !== 0) continue;
      await bench.store.commit([{ type: "append", entry: entryOf(1 + second / EVENT_EVERY_S) }]);
    }
  };
  await record(0, 60);
  const before = stat();
  await record(60, RECORDED_S);
  return ((stat().bytes - before.bytes) * DAY_S) / RECORDED_S;
}

/** What the recorder commits in a second in which everything moves. */
function secondOf(second: number): Recording {
  const rng = createRng(second);
  const series = Object.entries(DEFAULT_TELEMETRY.channels).flatMap(([channel, { everyMs }]) => {
    const due = Array.from({ length: Math.ceil(1000 / everyMs) }, (_, at) => second * 1000 + at * everyMs);
    const samples = due
      .filter((atMs) => atMs % everyMs === 0)
      .map((atMs) => {
        const names = Object.keys(CHANNELS[channel as ChannelName]);
        const values = names.map((name, at) => [name, Math.sin(atMs / (4000 + 900 * at)) + rng.normal(0.002)] as const);
        return { atMs, values: Object.fromEntries(values) };
      });
    const steps = Object.entries(CHANNELS[channel as ChannelName]).map(([name, { resolution }]) => [name, resolution]);
    return samples.length === 0
      ? []
      : [seriesOf(channel, Object.fromEntries(steps) as Record<string, number>, samples)];
  });
  const base = { bootId: "bench", wallAtZeroMs: 1_767_600_000_000, clock: "synced" } as const;
  return { lane: "backfill", base, content: { kind: "series", series } };
}

function statOf(mounted: string): Stat {
  const line = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((mount) => mount.split(" ")[1] === mounted);
  const path = `/sys/block/${basename(line?.split(" ")[0] ?? "")}/stat`;
  return () => {
    const fields = readFileSync(path, "utf8").trim().split(/\s+/).map(Number);
    return { bytes: fields[WRITTEN]! * SECTOR, flushes: fields[FLUSHES]! };
  };
}
