import type { Sha256 } from "#contract/crypto";
import { repeat, timestamp, type Cancel } from "#lib/clock";
import { capacityOf, type Hand } from "../core/capacity.ts";
import type { CloudContext } from "../context.ts";
import { modeOf, lockingContract, type Device } from "../fleet.ts";
import { recordOp } from "./record.ts";

/** A snapshot for each of these, on the clock of the wall: 0 and 30 seconds past each minute. */
const EVERY_MS = 30_000;

/**
 * Keeps a snapshot of the fleet's capacity every 30 s, for dashboards only. Its key is made of the moment that it is for, so of any
 * number of cloud processes on one database one keeps it. Returns what ends it.
 */
export function keepCapacity(
  context: Pick<CloudContext, "clock" | "store" | "fleet" | "config" | "sha256" | "background">,
): Cancel {
  const { clock, store, fleet, config, sha256, background } = context;
  return repeat(clock, EVERY_MS, () =>
    background("capacity", async () => {
      const momentMs = Math.floor(clock.wallMs() / EVERY_MS) * EVERY_MS;
      const record = {
        correlation_id: keyOf(momentMs, config.partnerId, sha256),
        warehouse_id: config.warehouseId,
        occurred_at: timestamp(momentMs),
        ...capacityOf(fleet.all().map(handOf)),
      };
      await store.commit([recordOp(context, "capacity", record, config.partnerId)]);
    }),
  );
}

function handOf(device: Device): Hand {
  const contract = lockingContract(device)?.contract;
  const [x, y] = device.track.pose?.value ?? [];
  return {
    mode: modeOf(device),
    kind: device.presence?.profile.kind,
    isAtWork: contract !== undefined,
    at: x === undefined || y === undefined ? undefined : [x, y],
    zones: contract?.spatial.zones ?? [],
  };
}

/** A UUIDv7 of this moment that every process makes the same. */
function keyOf(momentMs: number, partnerId: string, sha256: Sha256): string {
  const time = momentMs.toString(16).padStart(12, "0");
  const chance = sha256(`capacity ${partnerId} ${momentMs}`);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.slice(0, 3)}-8${chance.slice(3, 6)}-${chance.slice(6, 18)}`;
}
