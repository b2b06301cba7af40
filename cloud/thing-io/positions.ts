import type { Ack } from "#contract/messages";
import { COLUMNS_ENCODING } from "#contract/telemetry-columns";
import type { BlockPlace, TelemetryArchive } from "./archive.ts";

/** How much telemetry of each device is committed; what acknowledgements say. */
export interface Positions {
  seqOf(place: Omit<BlockPlace, "seq">): number;
  move(place: BlockPlace): void;
  /** The part of an acknowledgement that is about telemetry. */
  readonly ackOf: (deviceId: string) => Pick<Ack, "telemetry" | "accepts">;
}

const ACCEPTS = [COLUMNS_ENCODING, "log/1"];
/** Databases of one device that are remembered; a device begins a new one when its disk was damaged or replaced. */
const STORES_KEPT = 4;

export async function loadPositions(archive: TelemetryArchive): Promise<Positions> {
  const devices = new Map<string, Map<string, BlockPlace>>();
  const keyOf = ({ store, lane }: Omit<BlockPlace, "seq">): string => `${store} ${lane}`;
  function move(place: BlockPlace): void {
    const places = devices.get(place.deviceId) ?? new Map<string, BlockPlace>();
    devices.set(place.deviceId, places);
    // Put behind the others, so that the first is the one that has not moved for longest.
    places.delete(keyOf(place));
    places.set(keyOf(place), place);
    const [oldest] = places.keys();
    if (places.size > 2 * STORES_KEPT && oldest !== undefined) places.delete(oldest);
  }
  for (const place of await archive.cursors()) move(place);
  return {
    seqOf: (place) => devices.get(place.deviceId)?.get(keyOf(place))?.seq ?? 0,
    move,
    ackOf(deviceId) {
      const places = [...(devices.get(deviceId)?.values() ?? [])];
      const telemetry = places.map(({ lane, store, seq }) => ({ lane, store, blockSeq: seq }));
      return { accepts: ACCEPTS, ...(telemetry.length > 0 ? { telemetry } : {}) };
    },
  };
}
