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
  readonly issuedAtMs: number;
  /** When the sync that covers it ends; infinite before one is asked for. */
  durableAtMs: number;
}

/**
 * A file as programs see it (the system's cache) and as the device holds it. Between two syncs the device stores changes
 * in any order, in part, or not at all. Moments are those of the disk, which may lie ahead of the clock while a sync lasts.
 */
export class DiskFile {
  readonly #cache = new ByteStore();
  readonly #stable = new ByteStore();
  #pending: Pending[] = [];
  #namedAtMs = Infinity;

  get size(): number {
    return this.#cache.size;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#cache.read(target, offset);
  }

  change(change: Change, issuedAtMs: number): void {
    apply(change, this.#cache);
    this.#pending.push({ change, issuedAtMs, durableAtMs: Infinity });
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
    this.#pending = this.#pending.flatMap((pending) => {
      if (pending.durableAtMs < Infinity) return [pending];
      return survivors(pending.change, "mixes", rng).map((change) => ({ ...pending, change, durableAtMs: endedAtMs }));
    });
  }

  /** What a sync that has ended by `nowMs` covers is on the device from now on. */
  settle(nowMs: number): void {
    const open = this.#pending.findIndex(({ durableAtMs }) => durableAtMs > nowMs);
    const ended = open < 0 ? this.#pending : this.#pending.slice(0, open);
    for (const { change } of ended) apply(change, this.#stable);
    this.#pending = open < 0 ? [] : this.#pending.slice(open);
  }

  /** The process dies: what it would have done after `nowMs` does not happen, the rest stays in the cache. */
  forgetAfter(nowMs: number): void {
    const done = this.#pending.filter(({ issuedAtMs }) => issuedAtMs <= nowMs);
    if (done.length === this.#pending.length) return;
    this.#pending = done;
    this.#readAgain();
  }

  /** The power is cut: the cache is what the device held. Says whether the file is still there. */
  cutPower(nowMs: number, mood: CutMood, rng: Rng): boolean {
    for (const { change, issuedAtMs } of this.#pending) {
      if (issuedAtMs > nowMs) continue;
      for (const survivor of survivors(change, mood, rng)) apply(survivor, this.#stable);
    }
    this.#pending = [];
    this.#readAgain();
    const isNamed = this.#namedAtMs <= nowMs || keeps(mood, rng);
    this.#namedAtMs = nowMs;
    return isNamed;
  }

  /** Changes bits on the device, of which nobody is told. Most of a file may be zeros of no meaning, so they are spared. */
  flipBits(count: number, rng: Rng): void {
    const bytes = new Uint8Array(this.#stable.size);
    this.#stable.read(bytes, 0);
    const written = bytes.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
    const chosen = new Set(Array.from({ length: written === 0 ? 0 : count }, () => rng.integer(1, written)));
    let at = 0;
    for (const [offset, byte] of bytes.entries()) {
      if (byte !== 0 && chosen.has(++at)) bytes[offset] = byte ^ (1 << rng.integer(0, 7));
    }
    this.#stable.write(bytes, 0);
    this.#readAgain();
  }

  #readAgain(): void {
    this.#cache.become(this.#stable);
    for (const { change } of this.#pending) apply(change, this.#cache);
  }
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
