import { renameDatabase, type SqliteDisk } from "#lib/node/sqlite";
import { salvage, type Salvage } from "./salvage.ts";
import { readWal } from "./wal.ts";

/**
 * Whether a log that a dead program left has a damaged frame before a sound transaction, or has lost its file. SQLite would open
 * the database as it was before that frame, or an empty one, and call it whole.
 */
export function isLogDamaged(path: string, disk: SqliteDisk): boolean {
  if (!disk.exists(path)) return readWal(bytesOf(`${path}-wal`, disk)).pages.size > 0;
  // A program that is alive writes between the two looks; a dead one does not.
  return [bytesOf(`${path}-wal`, disk), bytesOf(`${path}-wal`, disk)].every((bytes) => readWal(bytes).isDamaged);
}

/** What can be saved of a damaged database that lies at `path` with its log. */
export function salvageFile(path: string, disk: SqliteDisk): Salvage {
  return salvage(bytesOf(path, disk), bytesOf(`${path}-wal`, disk));
}

/** Puts a damaged database out of the way, under a name that says what it is until its successor stands. */
export function putAway(path: string, { damaged, older }: { damaged: string; older: string }, disk: SqliteDisk): void {
  // Where the file is gone already, a program died between moving it and its log: the log follows it.
  if (disk.exists(path)) renameDatabase(damaged, older, disk);
  renameDatabase(path, damaged, disk);
}

/** Whether a database was put away that has no successor yet. */
export function isPutAway(damaged: string, disk: SqliteDisk): boolean {
  return disk.exists(damaged) || disk.exists(`${damaged}-wal`);
}

function bytesOf(path: string, disk: SqliteDisk): Uint8Array {
  return disk.read && disk.exists(path) ? disk.read(path) : new Uint8Array();
}
