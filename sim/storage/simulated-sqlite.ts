import init, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { assert } from "#lib/errors";
import type { SqliteDisk } from "#lib/node/sqlite";
import type { Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";
import type { SimulatedDisk } from "./disk.ts";
import { openWasmConnection } from "./sqlite-connection.ts";
import { installVfs, VFS_NAME, type Mount } from "./sqlite-vfs.ts";

/** SQLite, the same release as on the device, on disks that are simulated. */
export interface SimulatedSqlite {
  /** The disk as the stores use it, until it is unmounted. */
  mount(disk: SimulatedDisk, deps: { readonly clock: Clock; readonly rng: Rng }): MountedDisk;
}

export interface MountedDisk extends SqliteDisk {
  unmount(): void;
}

/** A log that is used again and again, as on a device, but not a megabyte of it: flash wear is none of this disk's. */
const WARM_WAL_BYTES = 32_768;

let loading: Promise<SimulatedSqlite> | undefined;

/**
 * Loads SQLite once for a process: it takes 20 ms of real time, so it is done before virtual time begins. It keeps nothing
 * from one disk to the next; its random numbers begin anew with each connection.
 */
export function loadSimulatedSqlite(): Promise<SimulatedSqlite> {
  loading ??= init().then(createSimulatedSqlite);
  return loading;
}

function createSimulatedSqlite(sqlite: Sqlite3Static): SimulatedSqlite {
  // A statement that fails throws; it need not be printed as well.
  Object.assign(sqlite.config, { warn: () => undefined, error: () => undefined });
  const mounts = new Map<string, Mount>();
  let made = 0;
  let newest: Mount | undefined;
  installVfs(sqlite, mounts, () => {
    assert(newest, "SQLite asks for nothing before a connection is opened");
    return newest;
  });
  return {
    mount(disk, { clock, rng }) {
      const name = String(++made);
      const mounted: Mount = { disk, rng };
      mounts.set(name, mounted);
      return {
        connect(path) {
          newest = mounted;
          sqlite.capi.sqlite3_randomness(0, 0);
          const { process } = disk;
          const connection = openWasmConnection(sqlite, `/${name}/${path}`, VFS_NAME);
          const close = connection.close.bind(connection);
          connection.close = () => disk.runAs(process, close);
          return connection;
        },
        exists: (path) => disk.exists(path),
        rename: (from, to) => disk.rename(from, to),
        readStart: (path, count) => disk.readStart(path, count),
        wallMs: () => clock.wallMs(),
        warmWalBytes: WARM_WAL_BYTES,
        unmount: () => void mounts.delete(name),
      };
    },
  };
}
