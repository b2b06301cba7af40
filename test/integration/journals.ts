import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { openSqliteStore as openCoreStore } from "#agent/io/sqlite-store";
import { openSqliteStore as openCloudStore } from "#cloud/io/sqlite-store";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { emptyDevice, foldEvents, stateHash } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { assert } from "#lib/errors";
import type { Site } from "./site.ts";

/** What one side's database says of a device's journal. */
interface JournalReading {
  readonly incarnations: readonly string[];
  /** Events as they are stored; the device has forgotten what is folded into its snapshot. */
  readonly events: readonly Event[];
  /** The fold up to `seq`, and the chain's hash there. */
  readonly state: DeviceState;
  readonly hash: string | undefined;
}

/**
 * Ends agent and cloud, and holds what both have on disk against each other and against what the device has told its log:
 * one incarnation, no gap, one chain of hashes, equal folds, nothing lost. Answers the events that the cloud has committed.
 */
export async function expectAgreement({ processes, deviceId, events }: Site): Promise<readonly Event[]> {
  await processes.stopAgent(deviceId);
  await processes.stopCloud();
  const cloud = await readCloudJournal(processes.folder, deviceId);
  const { seq } = cloud.state;
  const device = await readDeviceJournal(processes.folder, deviceId, seq);
  expect(cloud.incarnations).toEqual(device.incarnations);
  expect(cloud.events.map((event) => event.seq)).toEqual(Array.from({ length: seq }, (_, at) => at + 1));
  expect(cloud.hash).toBe(device.hash);
  // The device has forgotten what ended long ago; what it remembers, both know alike.
  expect(cloud.state).toMatchObject(device.state);
  expect(stateHashes(cloud.state)).toMatchObject(stateHashes(device.state));
  const kept = new Map([...cloud.events, ...device.events].map((event) => [event.id, event]));
  expect(events.items.filter((event) => !isDeepStrictEqual(kept.get(event.id), event))).toEqual([]);
  return cloud.events;
}

/** Reads the cloud's copy of the journal from `cloud.db`; no cloud may be running. */
async function readCloudJournal(folder: string, deviceId: string): Promise<JournalReading> {
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
async function readDeviceJournal(folder: string, deviceId: string, untilSeq: number): Promise<JournalReading> {
  await using store = openCoreStore({ path: join(folder, deviceId, "core.db") });
  const { meta, snapshot, lastSeq, lastHash } = await store.load();
  const incarnation = meta.incarnation ?? "";
  const start = snapshot ?? { state: emptyDevice(incarnation), hash: GENESIS_HASH };
  const events: Event[] = [];
  const hashes = new Map([[start.state.seq, start.hash]]);
  for (let seq = start.state.seq; seq < lastSeq;) {
    const slice = await store.readJournal(seq + 1, 500, 1_000_000);
    assert(slice && slice.prevHash === hashes.get(seq), "the device's journal has no gap and its chain holds");
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
function stateHashes({ contracts }: DeviceState): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(contracts).map(([id, contract]) => [id, stateHash(contract, sha256Hex)]));
}
