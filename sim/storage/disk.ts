import { createHash } from "node:crypto";
import type { Cancel, Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";
import { DiskFile, type CutMood } from "./disk-file.ts";

/** What is wrong with a disk; it is a healthy one unless told. */
export interface DiskFaults {
  /** `full` refuses what makes a file longer; `full-for-all` also refuses to overwrite, as a file system that copies on write. */
  readonly space: "free" | "full" | "full-for-all";
  readonly access: "read-write" | "read-only";
  /** How long a sync takes, uniform between the two. */
  readonly syncMs: readonly [minimum: number, maximum: number];
  /** Share of the reads, writes and syncs that fail. */
  readonly errors: number;
  /** `ignored`: the device says that it has stored what it still caches. No program can be safe on such a one. */
  readonly sync: "honoured" | "ignored";
}

export const HEALTHY_DISK: DiskFaults = {
  space: "free",
  access: "read-write",
  syncMs: [0, 0],
  errors: 0,
  sync: "honoured",
};

/** How an operation ended, as the system would tell the program. */
export type DiskResult = "ok" | "full" | "io-error";

/** A file as the program that runs has it open. */
export interface OpenFile {
  readonly content: DiskFile;
  /** Number of the process that opened it; one that is dead reaches nothing. */
  readonly process: number;
  readonly access: "read-write" | "read-only";
}

export interface DiskDeps {
  readonly clock: Clock;
  readonly rng: Rng;
}

/** A file that was made, renamed or deleted, at a moment of the disk. */
interface FolderChange {
  atMs: number;
  readonly undo: () => void;
  /** For a deletion: what was deleted, and when the folder is synced, so that it stays so at a power cut. */
  readonly deleted?: { readonly path: string; readonly file: DiskFile; durableAtMs: number };
}

/** A program that waits until the disk has done what was asked of it. */
interface Wait {
  untilMs: number;
  readonly end: () => void;
  cancel: Cancel;
}

const MOODS: readonly CutMood[] = ["keeps-all", "loses-all", "mixes", "mixes"];

/**
 * The disk of one simulated computer. It keeps what was synced and, at a power cut, any part of what was not. Operations
 * happen at once; the time that syncs take passes on a clock of the disk's own, which `rest` lets the program wait for.
 */
export class SimulatedDisk {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #files = new Map<string, DiskFile>();
  /** What a process that dies now has not done yet, and deletions that may not be on the device; oldest first. */
  #folderChanges: FolderChange[] = [];
  #faults = HEALTHY_DISK;
  #process = 1;
  #caller: number | undefined;
  #busyUntilMs = 0;
  readonly #waits = new Set<Wait>();
  #pendingCut: { operations: number; readonly onCut: () => void } | undefined;

  constructor({ clock, rng }: DiskDeps) {
    this.#clock = clock;
    this.#rng = rng;
  }

  /** A disk that becomes faster is so with what it has not done yet, too. */
  set(faults: Partial<DiskFaults>): void {
    const slowestMs = this.#faults.syncMs[1];
    this.#faults = { ...this.#faults, ...faults };
    const share = this.#faults.syncMs[1] / slowestMs;
    if (share < 1) this.#hurry(share);
  }

  /** Number of the process that runs. */
  get process(): number {
    return this.#process;
  }

  /** Does something in the name of a process, which may be dead by now: it then deletes nothing either. */
  runAs(process: number, work: () => void): void {
    this.#caller = process;
    try {
      work();
    } finally {
      this.#caller = undefined;
    }
  }

  /** Undefined when there is no such file and none may be made. A file without a path is a temporary one. */
  open(path: string | undefined, isNewAllowed: boolean): OpenFile | undefined {
    const { access } = this.#faults;
    if (path === undefined) return { content: new DiskFile(), process: this.#process, access };
    const known = this.#files.get(path);
    const isMade = known === undefined && isNewAllowed && access === "read-write";
    const content = known ?? (isMade ? new DiskFile() : undefined);
    if (!content) return undefined;
    if (isMade) this.#change(() => this.#files.delete(path));
    this.#files.set(path, content);
    return { content, process: this.#process, access };
  }

  exists(path: string): boolean {
    return this.#files.has(path);
  }

  paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (!file) return;
    const replaced = this.#files.get(to);
    this.#change(() => {
      this.#files.delete(to);
      if (replaced) this.#files.set(to, replaced);
      this.#files.set(from, file);
    });
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  /** Says whether it was allowed. */
  delete(path: string): boolean {
    const isDead = this.#caller !== undefined && this.#caller !== this.#process;
    if (isDead || this.#faults.access === "read-only") return false;
    const file = this.#files.get(path);
    if (file) this.#change(() => this.#files.set(path, file), { path, file, durableAtMs: Infinity });
    this.#files.delete(path);
    return true;
  }

  read(file: OpenFile, target: Uint8Array, offset: number): number | "io-error" {
    if (this.#fails(file)) return "io-error";
    return file.content.read(target, offset);
  }

  /** The first bytes of a file, as a program reads them that meets no trouble; fewer where it has no more. */
  readStart(path: string, count: number): Uint8Array {
    const file = this.#files.get(path);
    const bytes = new Uint8Array(Math.min(count, file?.size ?? 0));
    file?.read(bytes, 0);
    return bytes;
  }

  write(file: OpenFile, bytes: Uint8Array, offset: number): DiskResult {
    if (this.#endsNow() || !this.#mayWrite(file) || this.#fails(file)) return "io-error";
    const { space } = this.#faults;
    const isLonger = offset + bytes.length > file.content.size;
    if (space === "full-for-all" || (space === "full" && isLonger)) return "full";
    file.content.change({ type: "write", offset, bytes: bytes.slice() }, this.#nowMs());
    return "ok";
  }

  resize(file: OpenFile, size: number): DiskResult {
    if (this.#endsNow() || !this.#mayWrite(file) || this.#fails(file)) return "io-error";
    file.content.change({ type: "resize", size }, this.#nowMs());
    return "ok";
  }

  sync(file: OpenFile): DiskResult {
    if (this.#endsNow() || file.process !== this.#process) return "io-error";
    const { syncMs, sync } = this.#faults;
    this.#busyUntilMs = this.#nowMs() + this.#rng.integer(...syncMs);
    if (this.#fails(file)) {
      file.content.failSync(this.#rng, this.#busyUntilMs);
      return "io-error";
    }
    if (sync === "ignored") return "ok";
    file.content.sync(this.#busyUntilMs);
    file.content.settle(this.#clock.nowMs());
    for (const { deleted } of this.#folderChanges) {
      if (deleted) deleted.durableAtMs = Math.min(deleted.durableAtMs, this.#busyUntilMs);
    }
    return "ok";
  }

  /** Resolves when the disk has done what was asked of it; undefined when it has. */
  rest(): Promise<void> | undefined {
    const untilMs = this.#busyUntilMs;
    if (untilMs <= this.#clock.nowMs()) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait: Wait = { untilMs, end: resolve, cancel: () => undefined };
    this.#waits.add(wait);
    this.#arm(wait);
    return promise;
  }

  /** The program dies: what it has open is closed, what it wrote stays. */
  killProcess(): void {
    const nowMs = this.#clock.nowMs();
    this.#undoAfter(nowMs);
    for (const file of this.#files.values()) {
      file.settle(nowMs);
      file.forgetAfter(nowMs);
    }
    this.#startAnew(nowMs);
  }

  /** The computer loses its power, and with it whatever part chance has it of what was not synced. */
  cutPower(): void {
    this.#pendingCut = undefined;
    const nowMs = this.#clock.nowMs();
    const mood = MOODS[this.#rng.integer(0, MOODS.length - 1)]!;
    this.#undoAfter(nowMs);
    for (const { deleted } of this.#folderChanges.toReversed()) {
      if (!deleted || deleted.durableAtMs <= nowMs || this.#files.has(deleted.path)) continue;
      if (this.#rng.chance(1, 2)) this.#files.set(deleted.path, deleted.file);
    }
    for (const [path, file] of this.#files) {
      file.settle(nowMs);
      if (!file.cutPower(nowMs, mood, this.#rng)) this.#files.delete(path);
    }
    this.#folderChanges = [];
    this.#startAnew(nowMs);
  }

  /** Cuts the power right before the write or sync that is `operations` from now, and calls `onCut`; zero is the next one. */
  cutPowerAfter(operations: number, onCut: () => void): void {
    this.#pendingCut = { operations, onCut };
  }

  /** Flips up to `count` bits of a file; nothing where there is no such file. */
  flipBits(path: string, count: number): void {
    this.#files.get(path)?.flipBits(count, this.#rng);
  }

  /** Somebody removes a file, durably. */
  remove(path: string): void {
    this.#files.delete(path);
  }

  /** A hash of all that is on it. */
  fingerprint(): string {
    const hash = createHash("sha256");
    for (const [path, file] of this.#files) {
      const bytes = new Uint8Array(file.size);
      file.read(bytes, 0);
      hash.update(path).update(bytes);
    }
    return hash.digest("hex");
  }

  /** Takes note of a change to the folder that is made now, and forgets those that nothing can undo any more. */
  #change(undo: () => void, deleted?: FolderChange["deleted"]): void {
    const nowMs = this.#clock.nowMs();
    const kept = this.#folderChanges.filter((old) => Math.max(old.atMs, old.deleted?.durableAtMs ?? 0) > nowMs);
    this.#folderChanges = [...kept, { atMs: this.#nowMs(), undo, ...(deleted && { deleted }) }];
  }

  /** What the process would have done to the folder after `nowMs` does not happen. */
  #undoAfter(nowMs: number): void {
    for (const { atMs, undo } of this.#folderChanges.toReversed()) if (atMs > nowMs) undo();
    this.#folderChanges = this.#folderChanges.filter(({ atMs }) => atMs <= nowMs);
  }

  #arm(wait: Wait): void {
    wait.cancel = this.#clock.after(wait.untilMs - this.#clock.nowMs(), () => {
      this.#waits.delete(wait);
      wait.end();
    });
  }

  /** All that is still to come takes this share of its time. */
  #hurry(share: number): void {
    const nowMs = this.#clock.nowMs();
    const isToCome = (atMs: number): boolean => atMs > nowMs && atMs < Infinity;
    const sooner = (atMs: number): number => (isToCome(atMs) ? nowMs + Math.round((atMs - nowMs) * share) : atMs);
    this.#busyUntilMs = sooner(this.#busyUntilMs);
    for (const change of this.#folderChanges) {
      change.atMs = sooner(change.atMs);
      if (change.deleted) change.deleted.durableAtMs = sooner(change.deleted.durableAtMs);
    }
    for (const file of this.#files.values()) file.reschedule(sooner);
    for (const wait of this.#waits) {
      wait.cancel();
      wait.untilMs = sooner(wait.untilMs);
      this.#arm(wait);
    }
  }

  #startAnew(nowMs: number): void {
    this.#process++;
    this.#busyUntilMs = nowMs;
  }

  #endsNow(): boolean {
    const cut = this.#pendingCut;
    if (!cut || cut.operations-- > 0) return false;
    this.cutPower();
    cut.onCut();
    return true;
  }

  #nowMs(): number {
    return Math.max(this.#clock.nowMs(), this.#busyUntilMs);
  }

  #mayWrite({ access }: OpenFile): boolean {
    return access === "read-write" && this.#faults.access === "read-write";
  }

  #fails({ process }: OpenFile): boolean {
    const { errors } = this.#faults;
    return process !== this.#process || (errors > 0 && this.#rng.float() < errors);
  }
}
