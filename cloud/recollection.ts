import { timestamp, type Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import { allLeasesOverMs, EPOCHS_FORGOTTEN_MAX, isAccountedFor } from "./core/recollection.ts";
import { hasCaughtUp, modeOf, type Device, type Fleet } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import { type CloudStore, RESTORED, type StoredFleet } from "./io/store.ts";

/** Who has still to be heard before a cloud that began with a copy of its database may assign anything. */
export interface Unheard {
  readonly deviceIds: readonly string[];
  /** When nothing of before can be under way any more, whoever is heard; RFC 3339. */
  readonly until: string;
}

/**
 * What a cloud does that was restored: its database has forgotten contracts, and it waits until it knows of them again. The
 * same object in a cloud that was not restored has nothing to wait for.
 */
export interface Recollection {
  /** Undefined once this task may be assigned. */
  unheardFor(taskId: string): Unheard | undefined;
  /** Looks whether the device has told everything. Runs in its turn. */
  hear(device: Device): void;
  /** An operator answers for it that nobody is at the task. */
  free(taskId: string): void;
  /** Calls `run` once nothing is waited for any more. */
  onOver(run: () => void): void;
}

export interface RecollectionDeps {
  readonly cloudId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: CloudStore;
  readonly fleet: Fleet;
  /** Devices that the configuration names: without any, nobody knows whether all were heard, and only time tells. */
  readonly named: readonly string[];
  readonly background: (what: string, task: () => Promise<void>) => void;
}

/** Who was never heard may have acted under epochs that are forgotten: what they tell of it later is fenced. */
const FENCE_UNHEARD: readonly StoreOp[] = [{ op: "raise-all-epochs", by: EPOCHS_FORGOTTEN_MAX }];

/** Begins to wait where the database is a copy that has not been waited for. */
export function startRecollection(deps: RecollectionDeps, { restored }: Pick<StoredFleet, "restored">): Recollection {
  const { cloudId, clock, log, store, fleet, named, background } = deps;
  const heard = new Set<string>();
  const freed = new Set<string>();
  const listeners: (() => void)[] = [];
  const overMs = restored && allLeasesOverMs(restored.longestLeaseSeconds, clock.nowMs());
  let wait: "waiting" | "ending" | "over" = restored ? "waiting" : "over";

  const unheard = (): string[] => fleet.all().flatMap(({ deviceId }) => (heard.has(deviceId) ? [] : [deviceId]));
  /** Nothing is assigned before `ops` are durable. */
  function end(because: string, ops: readonly StoreOp[]): void {
    if (wait !== "waiting") return;
    wait = "ending";
    background("end of the wait after a restore", async () => {
      await store.commit([{ op: "put-meta", key: RESTORED, value: "" }, ...ops]);
      wait = "over";
      log.info({ because }, "what was under way before the restore is known");
      for (const run of listeners) run();
    });
  }
  if (overMs !== undefined) {
    log.warn({ devices: unheard() }, "the cloud was restored: nothing is assigned before its devices were heard");
    clock.after(overMs - clock.nowMs(), () => end("every lease of before is over", FENCE_UNHEARD));
  }
  return {
    unheardFor(taskId) {
      if (wait === "over" || overMs === undefined || freed.has(taskId)) return undefined;
      return { deviceIds: unheard(), until: timestamp(clock.wallMs() + overMs - clock.nowMs()) };
    },
    hear(device) {
      const { deviceId, presence, state } = device;
      if (wait !== "waiting" || heard.has(deviceId)) return;
      const hearing = { mode: modeOf(device), presence, isCaughtUp: hasCaughtUp(device), state };
      if (!isAccountedFor(hearing, cloudId)) return;
      heard.add(deviceId);
      if (named.length > 0 && unheard().length === 0) end("every device was heard", []);
    },
    free: (taskId) => void freed.add(taskId),
    onOver: (run) => void listeners.push(run),
  };
}
