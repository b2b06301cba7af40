import { join } from "node:path";
import { openSqliteStore as openCoreStore } from "#agent/io/sqlite-store";
import { openSqliteStore as openCloudStore } from "#cloud/io/sqlite-store";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { emptyDevice, foldEvents, stateHash } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { assert } from "#lib/errors";

/** What one side's database says of a device's journal. */
export interface JournalReading {
  readonly incarnations: readonly string[];
  /** Events as they are stored; the device has forgotten what is folded into its snapshot. */
  readonly events: readonly Event[];
  /** The fold up to `seq`, and the chain's hash there. */
  readonly state: DeviceState;
  readonly hash: string | undefined;
}

/** Reads the cloud's copy of the journal from `cloud.db`; no cloud may be running. */
export async function readCloudJournal(folder: string, deviceId: string): Promise<JournalReading> {
  await using store = openCloudStore({ path: join(folder, "cloud", "cloud.db"), newCloudId: "unused" });
  const rows = await store.deviceEvents(deviceId);
  const incarnations = [...new Set(rows.map((row) => row.incarnation))];
  const events = rows.map((row) => row.event);
  return {
    incarnations,
    events,
    state: foldEvents(emptyDevice(incarnations[0] ?? ""), events),
    hash: rows.at(-1)?.hash,
  };
}

/** Reads the device's own journal from `core.db` up to the event `untilSeq`; no agent may be running. */
export async function readDeviceJournal(folder: string, deviceId: string, untilSeq: number): Promise<JournalReading> {
  await using store = openCoreStore({ path: join(folder, deviceId, "core.db") });
  const { meta, snapshot, lastSeq, lastHash } = await store.load();
  const incarnation = meta.incarnation ?? "";
  const start = snapshot ?? { state: emptyDevice(incarnation), hash: GENESIS_HASH };
  const events: Event[] = [];
  const hashes = new Map([[start.state.seq, start.hash]]);
  for (let seq = start.state.seq; seq < lastSeq;) {
    const slice = await store.readJournal(seq + 1, 500, 1_000_000);
    assert(slice?.prevHash === hashes.get(seq), "the device's journal has no gap and its chain holds");
    for (const event of slice.events) {
      assert(event.seq === seq + 1, "the device's journal has no gap");
      hashes.set(event.seq, chainHash(hashes.get(seq)!, event, sha256Hex));
      seq = event.seq;
      events.push(event);
    }
  }
  assert(hashes.get(lastSeq) === lastHash, "the device's chain of hashes ends where its database says");
  const known = events.filter((event) => event.seq <= untilSeq);
  return { incarnations: [incarnation], events, state: foldEvents(start.state, known), hash: hashes.get(untilSeq) };
}

/** The hashes of all contracts by their ids. */
export function stateHashes({ contracts }: DeviceState): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(contracts).map(([id, contract]) => [id, stateHash(contract, sha256Hex)]));
}
