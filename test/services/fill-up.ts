import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "#lib/errors";

const PAGE = 4096;

/** Leaves nothing of a file system but the blocks that it keeps for itself; answers the file to remove for room. */
export function fillUp(mounted: string): string {
  const others = join(mounted, "others");
  fillWith(others);
  assert(freeBytes(mounted) < 1_048_576, "the disk is full");
  return others;
}

/** Fills the disk until nothing fits any more: large pieces first, then single pages. */
function fillWith(file: string): void {
  for (const bytes of [64 * PAGE, PAGE]) while (hasRoomFor(file, bytes));
}

function hasRoomFor(file: string, bytes: number): boolean {
  try {
    writeFileSync(file, new Uint8Array(bytes), { flag: "a" });
    return true;
  } catch {
    // No space left on the device: that is what was wanted.
    return false;
  }
}

function freeBytes(folder: string): number {
  const { bfree, bsize } = statfsSync(folder);
  return bfree * bsize;
}
