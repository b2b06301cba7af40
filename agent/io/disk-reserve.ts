import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";

/**
 * A file that only takes room, so that there is some to give back when the disk is full: SQLite can't even delete without
 * room for its log.
 */
export class DiskReserve {
  readonly #path: string;
  readonly #bytes: number;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  get isHeld(): boolean {
    return existsSync(this.#path);
  }

  /** Takes the room if that leaves as much again; whether it is held then. */
  hold(): boolean {
    if (this.isHeld) return true;
    if (!this.hasRoom(2 * this.#bytes)) return false;
    try {
      const file = openSync(this.#path, "w");
      try {
        // Real bytes: a file with a hole takes no room.
        for (let at = 0; at < this.#bytes; at += CHUNK.length) writeSync(file, CHUNK);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      return true;
    } catch {
      // Somebody was faster to the room; half a reserve is none.
      rmSync(this.#path, { force: true });
      return false;
    }
  }

  /** Gives the room back; whether there was any. */
  release(): boolean {
    if (!this.isHeld) return false;
    rmSync(this.#path);
    return true;
  }

  /** Whether the disk has that much room for this program. */
  hasRoom(bytes: number): boolean {
    const { bavail, bsize } = statfsSync(folderOf(this.#path));
    return bavail * bsize >= bytes;
  }
}

const CHUNK = new Uint8Array(65_536);

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/"))) || ".";
}
