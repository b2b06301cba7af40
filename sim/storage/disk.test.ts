import { describe, expect, test } from "vitest";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { SimulatedDisk, type OpenFile } from "./disk.ts";

const SECTOR = 512;

function makeDisk(seed = 1): { clock: VirtualClock; disk: SimulatedDisk } {
  const clock = new VirtualClock();
  return { clock, disk: new SimulatedDisk({ clock, rng: createRng(seed) }) };
}

/** What a program reads that opens the file now. */
function contentOf(disk: SimulatedDisk, path: string): string | undefined {
  const file = disk.open(path, false);
  if (!file) return undefined;
  const bytes = new Uint8Array(file.content.size);
  disk.read(file, bytes, 0);
  return Buffer.from(bytes).toString("latin1");
}

const open = (disk: SimulatedDisk, path = "a"): OpenFile => disk.open(path, true)!;
const write = (disk: SimulatedDisk, file: OpenFile, text: string, at = 0): string =>
  disk.write(file, Buffer.from(text), at);

describe("a power cut", () => {
  test("keeps what was synced, and of the rest whole sectors or none", () => {
    const [old, next] = ["o".repeat(4 * SECTOR), "n".repeat(4 * SECTOR)];
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { disk } = makeDisk(seed);
      const file = open(disk);
      write(disk, file, old);
      disk.sync(file);
      write(disk, file, next);
      disk.cutPower();
      const kept = contentOf(disk, "a")!;
      expect(kept.length).toBe(old.length);
      for (let at = 0; at < 4; at++) {
        const sector = kept.slice(at * SECTOR, (at + 1) * SECTOR);
        seen.add(/^o+$/.test(sector) ? "old" : /^n+$/.test(sector) ? "new" : "noise");
      }
    }
    expect(seen).toEqual(new Set(["old", "new", "noise"]));
  });

  test("may keep a later write and lose an earlier one", () => {
    const seen = new Set<string | undefined>();
    for (let seed = 0; seed < 200; seed++) {
      const { disk } = makeDisk(seed);
      const file = open(disk);
      write(disk, file, "--");
      disk.sync(file);
      write(disk, file, "a", 0);
      write(disk, file, "b", 1);
      disk.cutPower();
      seen.add(contentOf(disk, "a"));
    }
    expect(seen).toContain("-b");
    expect(seen).toContain("a-");
  });

  test("in the middle of a slow sync keeps any part, and nothing of what would have come after it", async () => {
    const seen = new Set<string | undefined>();
    for (let seed = 0; seed < 60; seed++) {
      const { clock, disk } = makeDisk(seed);
      disk.set({ syncMs: [1000, 1000] });
      const file = open(disk);
      write(disk, file, "a", 0);
      disk.sync(file);
      write(disk, file, "b", 1);
      await clock.advance(500);
      disk.cutPower();
      seen.add(contentOf(disk, "a"));
    }
    expect(seen).toEqual(new Set([undefined, "", "a"]));
  });

  test("ends the files of the process that ran", () => {
    const { disk } = makeDisk();
    const file = open(disk);
    disk.cutPower();
    expect([write(disk, file, "x"), disk.sync(file), disk.read(file, new Uint8Array(1), 0)]).toEqual(
      Array(3).fill("io-error"),
    );
  });
});

test("a process that is killed leaves what it wrote, synced or not", () => {
  const { disk } = makeDisk();
  write(disk, open(disk), "written");
  disk.killProcess();
  expect(contentOf(disk, "a")).toBe("written");
});

test("a process that is killed in the middle of a slow sync has not made, renamed or deleted what would have come after it", async () => {
  const { clock, disk } = makeDisk();
  for (const path of ["a", "b"]) {
    const file = open(disk, path);
    write(disk, file, path);
    disk.sync(file);
  }
  disk.delete("a");
  disk.set({ syncMs: [1000, 1000] });
  disk.sync(open(disk, "b"));
  disk.delete("b");
  write(disk, open(disk, "b"), "another");
  disk.rename("b", "c");
  await clock.advance(500);
  disk.killProcess();
  expect(["a", "b", "c"].map((path) => contentOf(disk, path))).toEqual([undefined, "b", undefined]);
});

test("a disk that is well again has at once done what is still to do", async () => {
  const { clock, disk } = makeDisk();
  disk.set({ syncMs: [60_000, 60_000] });
  const file = open(disk);
  for (const text of ["a", "b"]) {
    write(disk, file, text);
    disk.sync(file);
  }
  let hasRested = false;
  void disk.rest()!.then(() => (hasRested = true));
  await clock.advance(1000);
  expect(hasRested).toBe(false);
  disk.set({ syncMs: [0, 0] });
  await clock.advance(0);
  expect([hasRested, disk.rest()]).toEqual([true, undefined]);
  disk.cutPower();
  expect(contentOf(disk, "a")).toBe("b");
});

test("what a failed sync did not store, no later sync stores", () => {
  const kept = new Set<string | undefined>();
  for (let seed = 0; seed < 60; seed++) {
    const { disk } = makeDisk(seed);
    const file = open(disk);
    write(disk, file, "--");
    disk.sync(file);
    write(disk, file, "ab");
    disk.set({ errors: 1 });
    expect(disk.sync(file)).toBe("io-error");
    disk.set({ errors: 0 });
    expect(contentOf(disk, "a")).toBe("ab");
    expect(disk.sync(file)).toBe("ok");
    disk.cutPower();
    kept.add(contentOf(disk, "a"));
  }
  expect(kept).toContain("--");
});

test("a full disk refuses what is longer, one that copies on write refuses everything", () => {
  const { disk } = makeDisk();
  const file = open(disk);
  write(disk, file, "abc");
  disk.set({ space: "full" });
  expect([write(disk, file, "xyz"), write(disk, file, "xyz", 1)]).toEqual(["ok", "full"]);
  disk.set({ space: "full-for-all" });
  expect(write(disk, file, "xyz")).toBe("full");
});

test("a read-only disk makes no file, and what was opened before is not written either", () => {
  const { disk } = makeDisk();
  const file = open(disk);
  disk.set({ access: "read-only" });
  expect([write(disk, file, "x"), disk.open("b", true), disk.delete("a")]).toEqual(["io-error", undefined, false]);
});

test("bits that flip are seen by the next reader", () => {
  const { disk } = makeDisk();
  const file = open(disk);
  write(disk, file, "x".repeat(100));
  disk.sync(file);
  disk.flipBits("a", 3);
  expect(contentOf(disk, "a")!.replaceAll("x", "")).toHaveLength(3);
});
