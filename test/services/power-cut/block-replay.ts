import { readFileSync } from "node:fs";
import { assert } from "#lib/errors";
import type { Rng } from "#lib/rng";
import { Acknowledgements, type Acknowledged } from "./verdict.ts";

/** A disk as a power cut may have left it, and what had been acknowledged by then. */
export interface CrashImage {
  readonly bytes: Buffer;
  readonly acknowledged: Acknowledged;
  /** Where in the log the power was cut, and how many unflushed writes got through. */
  readonly what: string;
}

interface Entry {
  readonly kind: "W" | "F" | "A" | "T";
  readonly offset: number;
  readonly data: Buffer;
}

const SECTOR = 512;
/** Of ext4, from the beginning of the disk. */
const SUPERBLOCK_END = 2048;

/**
 * Disks after cuts at `count` moments of a log that `block-log.c` and `load.main.ts` wrote, from the first acknowledgement on. What a
 * flush had confirmed is there; of the writes after the last flush each is there, not there, or torn at sectors, in any
 * order. The moments ascend. `before` is the disk on which the log began.
 */
export function* crashImages(log: string, before: string, count: number, rng: Rng): Generator<CrashImage> {
  const entries = parse(readFileSync(log));
  const firstAck = entries.findIndex(({ kind }) => kind === "A");
  assert(firstAck >= 0, "the load was acknowledged something");
  const moments = Array.from({ length: count }, () => rng.integer(firstAck + 1, entries.length)).sort((a, b) => a - b);
  const flushed = readFileSync(before);
  const acknowledgements = new Acknowledgements();
  const unflushed: Entry[] = [];
  let at = 0;
  for (const moment of moments) {
    for (; at < moment; at++) {
      const entry = entries[at]!;
      if (entry.kind === "W") unflushed.push(entry);
      else if (entry.kind !== "F") acknowledgements.take(entry.kind.charCodeAt(0), entry.offset);
      else for (const { offset, data } of unflushed.splice(0)) data.copy(flushed, offset);
    }
    const bytes = Buffer.from(flushed);
    const arrived = unflushed.filter(() => rng.chance(1, 2));
    for (const write of shuffled(arrived, rng)) apply(bytes, write, rng);
    const what = `cut at record ${moment} of ${entries.length}, ${arrived.length} of ${unflushed.length} writes arrived`;
    yield { bytes, acknowledged: acknowledgements.sofar(), what };
  }
}

function parse(log: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + 16 <= log.length;) {
    const length = log.readUInt32LE(at + 4);
    const kind = String.fromCharCode(log.readUInt32LE(at)) as Entry["kind"];
    const offset = Number(log.readBigUInt64LE(at + 8));
    entries.push({ kind, offset, data: log.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  return entries;
}

/**
 * Whole, or in one case of four only some of its sectors. The superblock always as a whole: no file system survives half of its
 * only one, and a disk as small as these has no second.
 */
function apply(disk: Buffer, { offset, data }: Entry, rng: Rng): void {
  if (offset < SUPERBLOCK_END || !rng.chance(1, 4)) {
    data.copy(disk, offset);
    return;
  }
  for (let from = 0; from < data.length; from += SECTOR) {
    if (rng.chance(1, 2)) data.copy(disk, offset + from, from, Math.min(from + SECTOR, data.length));
  }
}

function shuffled<Item>(items: readonly Item[], rng: Rng): Item[] {
  const order = items.map((item) => ({ item, place: rng.uint32() }));
  return order.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
