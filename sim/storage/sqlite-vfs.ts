import type { Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { assert } from "#lib/errors";
import type { Rng } from "#lib/rng";
import type { DiskResult, OpenFile, SimulatedDisk } from "./disk.ts";

/** A disk that SQLite may use, and the chance that its random numbers come from. */
export interface Mount {
  readonly disk: SimulatedDisk;
  readonly rng: Rng;
}

export const VFS_NAME = "holdfast";

/**
 * Registers a VFS (https://www.sqlite.org/vfs.html) whose files lie on simulated disks: a path is `/<mount>/<file>`.
 * `newest` is the mount that was used last, for what SQLite asks of the VFS as a whole.
 */
export function installVfs(sqlite: Sqlite3Static, mounts: ReadonlyMap<string, Mount>, newest: () => Mount): void {
  const { capi } = sqlite;
  const handles: Handles = new Map();
  const io = new capi.sqlite3_io_methods();
  // Version 1 has no shared memory, so WAL works in exclusive locking mode only: the mode that our stores use.
  Object.assign(io, { $iVersion: 1 });
  io.installMethods(ioMethods(sqlite, handles));
  const vfs = new capi.sqlite3_vfs();
  vfs.$iVersion = 2;
  vfs.$szOsFile = new capi.sqlite3_file().structInfo.sizeof;
  vfs.$mxPathname = PATH_BYTES_MAX;
  const files = fileMethods(sqlite, { handles, io: io.pointer, mounts, newest });
  vfs.installMethods({ ...files, ...systemMethods(sqlite, newest) });
  sqlite.vfs.installVfs({ vfs: { struct: vfs, methods: {}, name: VFS_NAME } });
}

const PATH_BYTES_MAX = 256;
/** What the VFS for Unix reports: tearing below it does not harm bytes beside the write (SQLite's "powersafe overwrite"). */
const SECTOR_BYTES = 4096;
/** 2026-01-01 as Julian day in milliseconds: no SQL of ours asks for the time. */
const JULIAN_MS = 211_633_862_400_000n;

type Pointer = number;
type Code = number;
type Handles = Map<Pointer, { readonly disk: SimulatedDisk; readonly file: OpenFile }>;
type Methods = Record<string, (...args: never[]) => Code>;

/** What SQLite does with an open file. None may throw: C knows no exceptions. */
function ioMethods({ capi, wasm }: Sqlite3Static, handles: Handles): Methods {
  function at(pointer: Pointer): { readonly disk: SimulatedDisk; readonly file: OpenFile } {
    const handle = handles.get(pointer);
    assert(handle, "SQLite uses files that it has opened");
    return handle;
  }
  const codeOf = (result: DiskResult, ioError: Code): Code =>
    result === "ok" ? capi.SQLITE_OK : result === "full" ? capi.SQLITE_FULL : ioError;
  const done = (): Code => capi.SQLITE_OK;
  return {
    xClose(pointer: Pointer) {
      handles.delete(pointer);
      return capi.SQLITE_OK;
    },
    xRead(pointer: Pointer, target: Pointer, length: number, offset: bigint) {
      const { disk, file } = at(pointer);
      const bytes = wasm.heap8u().subarray(target, target + length);
      const count = disk.read(file, bytes, Number(offset));
      if (count === "io-error") return capi.SQLITE_IOERR_READ;
      bytes.fill(0, count);
      return count < length ? capi.SQLITE_IOERR_SHORT_READ : capi.SQLITE_OK;
    },
    xWrite(pointer: Pointer, source: Pointer, length: number, offset: bigint) {
      const { disk, file } = at(pointer);
      const bytes = wasm.heap8u().subarray(source, source + length);
      return codeOf(disk.write(file, bytes, Number(offset)), capi.SQLITE_IOERR_WRITE);
    },
    xTruncate(pointer: Pointer, size: bigint) {
      const { disk, file } = at(pointer);
      return codeOf(disk.resize(file, Number(size)), capi.SQLITE_IOERR_TRUNCATE);
    },
    xSync(pointer: Pointer) {
      const { disk, file } = at(pointer);
      return codeOf(disk.sync(file), capi.SQLITE_IOERR_FSYNC);
    },
    xFileSize(pointer: Pointer, target: Pointer) {
      wasm.poke64(target, BigInt(at(pointer).file.content.size));
      return capi.SQLITE_OK;
    },
    xLock: done,
    xUnlock: done,
    xCheckReservedLock(_pointer: Pointer, target: Pointer) {
      wasm.poke32(target, 0);
      return capi.SQLITE_OK;
    },
    xFileControl: () => capi.SQLITE_NOTFOUND,
    xSectorSize: () => SECTOR_BYTES,
    xDeviceCharacteristics: () => capi.SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  };
}

interface Folders {
  readonly handles: Handles;
  readonly io: Pointer;
  readonly mounts: ReadonlyMap<string, Mount>;
  readonly newest: () => Mount;
}

/** What SQLite does with files by their names. */
function fileMethods({ capi, wasm }: Sqlite3Static, { handles, io, mounts, newest }: Folders): Methods {
  function locate(pointer: Pointer): { readonly disk: SimulatedDisk; readonly path: string } {
    const [, mount = "", path = ""] = (wasm.cstrToJs(pointer) ?? "").split("/");
    const found = mounts.get(mount);
    assert(found, "SQLite uses disks that are mounted");
    return { disk: found.disk, path };
  }
  return {
    /** A file without a name is a temporary one. */
    xOpen(_vfs: Pointer, name: Pointer, pointer: Pointer, flags: number, flagsOut: Pointer) {
      const { disk, path } = name ? locate(name) : { ...newest(), path: undefined };
      const file = disk.open(path, (flags & capi.SQLITE_OPEN_CREATE) !== 0);
      if (!file) return capi.SQLITE_CANTOPEN;
      handles.set(pointer, { disk, file });
      const struct = new capi.sqlite3_file(pointer);
      struct.$pMethods = io;
      struct.dispose();
      const readOnly = (flags & ~(capi.SQLITE_OPEN_READWRITE | capi.SQLITE_OPEN_CREATE)) | capi.SQLITE_OPEN_READONLY;
      if (flagsOut) wasm.poke32(flagsOut, file.access === "read-only" ? readOnly : flags);
      return capi.SQLITE_OK;
    },
    xDelete(_vfs: Pointer, name: Pointer) {
      const { disk, path } = locate(name);
      return disk.delete(path) ? capi.SQLITE_OK : capi.SQLITE_IOERR_DELETE;
    },
    xAccess(_vfs: Pointer, name: Pointer, _flags: number, target: Pointer) {
      const { disk, path } = locate(name);
      wasm.poke32(target, disk.exists(path) ? 1 : 0);
      return capi.SQLITE_OK;
    },
    xFullPathname: (_vfs: Pointer, name: Pointer, length: number, target: Pointer) =>
      wasm.cstrncpy(target, name, length) < length ? capi.SQLITE_OK : capi.SQLITE_CANTOPEN,
  };
}

/** What SQLite asks of the machine. */
function systemMethods({ capi, wasm }: Sqlite3Static, newest: () => Mount): Methods {
  return {
    xRandomness(_vfs: Pointer, length: number, target: Pointer) {
      const { rng } = newest();
      const bytes = Uint8Array.from({ length }, () => rng.integer(0, 255));
      wasm.heap8u().set(bytes, target);
      return length;
    },
    xSleep: (_vfs: Pointer, microseconds: number) => microseconds,
    xCurrentTimeInt64(_vfs: Pointer, target: Pointer) {
      wasm.poke64(target, JULIAN_MS);
      return capi.SQLITE_OK;
    },
    xGetLastError: () => capi.SQLITE_OK,
  };
}
