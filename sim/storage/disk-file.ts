import type { Rng } from "#lib/rng";
import { ByteStore } from "./byte-store.ts";

/** The smallest piece that a device writes as a whole. */
const SECTOR_BYTES = 512;

/** How a power cut treats what was not synced, drawn once for each cut: everything alike, or each write for itself. */
export type CutMood = "keeps-all" | "loses-all" | "mixes";

type Change =
  | { readonly type: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "resize"; readonly size: number };

/** A change that the device may not have stored yet. */
interface Pending {
  readonly change: Change;
  readonly undo: Undo;
  issuedAtMs: number;
  /** When the sync that covers it ends; infinite before one is asked for. */
  durableAtMs: number;
}

/** What a change has overwritten or cut off. */
interface Undo {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

/**
 * A file as programs see it (the system's cache) and as the device holds it. Between two syncs the device stores changes
 * in any order, in part, or not at all. Moments are those of the disk, which may lie ahead of the clock while a sync lasts.
 */
export class DiskFile {
  #cache = new ByteStore();
  /** What the device holds, where a sync has failed since; otherwise it is the cache without what is pending. */
  #diverged: ByteStore | undefined;
  #pending: Pending[] = [];
  #namedAtMs = Infinity;

  /** A file that is on the device with this content, and has been for ever. */
  static of(content: Uint8Array): DiskFile {
    const file = new DiskFile();
    file.#cache.write(content, 0);
    file.#namedAtMs = 0;
    return file;
  }

  get size(): number {
    return this.#cache.size;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#cache.read(target, offset);
  }

  change(change: Change, issuedAtMs: number): void {
    const undo = undoOf(change, this.#cache);
    apply(change, this.#cache);
    this.#pending.push({ change, undo, issuedAtMs, durableAtMs: Infinity });
  }

  /** A sync that ends at `durableAtMs`; the file's name becomes durable with its content, as on ext4. */
  sync(durableAtMs: number): void {
    this.#namedAtMs = Math.min(this.#namedAtMs, durableAtMs);
    for (const pending of this.#pending) pending.durableAtMs = Math.min(pending.durableAtMs, durableAtMs);
  }

  /**
   * A sync that failed: the system takes what it could not store for stored, so no later sync stores it either
   * (A. Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
   */
  failSync(rng: Rng, endedAtMs: number): void {
    this.#diverged ??= this.#onDevice();
    this.#pending = this.#pending.flatMap((pending) => {
      if (pending.durableAtMs < Infinity) return [pending];
      return survivors(pending.change, "mixes", rng).map((change) => ({ ...pending, change, durableAtMs: endedAtMs }));
    });
  }

  /** What a sync that has ended by `nowMs` covers is on the device from now on. */
  settle(nowMs: number): void {
    const open = this.#pending.findIndex(({ durableAtMs }) => durableAtMs > nowMs);
    const ended = this.#pending.splice(0, open < 0 ? this.#pending.length : open);
    if (this.#diverged) for (const { change } of ended) apply(change, this.#diverged);
  }

  /** What is pending was issued, and becomes durable, at other moments. */
  reschedule(atMs: (atMs: number) => number): void {
    this.#namedAtMs = atMs(this.#namedAtMs);
    for (const pending of this.#pending) {
      pending.issuedAtMs = atMs(pending.issuedAtMs);
      pending.durableAtMs = atMs(pending.durableAtMs);
    }
  }

  /** The process dies: what it would have done after `nowMs` does not happen, the rest stays in the cache. */
  forgetAfter(nowMs: number): void {
    const done = this.#pending.filter(({ issuedAtMs }) => issuedAtMs <= nowMs);
    if (done.length < this.#pending.length) this.#readAgain(this.#onDevice(), done);
  }

  /** The power is cut: the cache is what the device held. Says whether the file is still there. */
  cutPower(nowMs: number, mood: CutMood, rng: Rng): boolean {
    const device = this.#onDevice();
    for (const { change, issuedAtMs } of this.#pending) {
      if (issuedAtMs > nowMs) continue;
      for (const survivor of survivors(change, mood, rng)) apply(survivor, device);
    }
    this.#readAgain(device, []);
    const isNamed = this.#namedAtMs <= nowMs || keeps(mood, rng);
    this.#namedAtMs = nowMs;
    return isNamed;
  }

  /** Changes bits on the device, of which nobody is told. Most of a file may be zeros of no meaning, so they are spared. */
  flipBits(count: number, rng: Rng): void {
    const device = this.#onDevice();
    const bytes = device.slice(0, device.size);
    const written = bytes.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
    const chosen = new Set(Array.from({ length: written === 0 ? 0 : count }, () => rng.integer(1, written)));
    let at = 0;
    for (const [offset, byte] of bytes.entries()) {
      if (byte !== 0 && chosen.has(++at)) bytes[offset] = byte ^ (1 << rng.integer(0, 7));
    }
    device.write(bytes, 0);
    this.#readAgain(device, this.#pending);
  }

  /** A copy of what the device holds. */
  #onDevice(): ByteStore {
    if (this.#diverged) return this.#diverged;
    const device = new ByteStore();
    device.write(this.#cache.slice(0, this.#cache.size), 0);
    for (const { undo } of this.#pending.toReversed()) {
      device.write(undo.bytes, undo.offset);
      device.resize(undo.size);
    }
    return device;
  }

  /** The cache is filled from the device, and what is pending happens to it. */
  #readAgain(device: ByteStore, pending: readonly Pending[]): void {
    this.#cache = device;
    this.#diverged = undefined;
    this.#pending = [];
    for (const { change, issuedAtMs, durableAtMs } of pending) {
      this.change(change, issuedAtMs);
      this.#pending.at(-1)!.durableAtMs = durableAtMs;
    }
  }
}

/** What of `of` a change will overwrite or cut off. */
function undoOf(change: Change, of: ByteStore): Undo {
  const { size } = of;
  const [from, to] =
    change.type === "write" ? [change.offset, change.offset + change.bytes.length] : [change.size, size];
  return { offset: Math.min(from, size), bytes: of.slice(from, to), size };
}

function apply(change: Change, to: ByteStore): void {
  if (change.type === "write") to.write(change.bytes, change.offset);
  else to.resize(change.size);
}

function keeps(mood: CutMood, rng: Rng): boolean {
  return mood === "mixes" ? rng.chance(1, 2) : mood === "keeps-all";
}

/** What a power cut leaves of a change: it, nothing, or some sectors, of which one may hold neither the old nor the new. */
function survivors(change: Change, mood: CutMood, rng: Rng): readonly Change[] {
  const fate = mood === "mixes" && change.type === "write" ? rng.integer(0, 2) : keeps(mood, rng) ? 1 : 0;
  if (fate === 0) return [];
  if (fate === 1 || change.type === "resize") return [change];
  const { offset, bytes } = change;
  const left: Change[] = [];
  for (let from = 0, to = 0; from < bytes.length; from = to) {
    to = Math.min(bytes.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES));
    const sector = rng.integer(0, 3);
    if (sector === 3) continue;
    const content = sector === 2 ? noise(to - from, rng) : bytes.subarray(from, to);
    left.push({ type: "write", offset: offset + from, bytes: content });
  }
  return left;
}

function noise(length: number, rng: Rng): Uint8Array {
  return Uint8Array.from({ length }, () => rng.integer(0, 255));
}
