import type { ContractSummary, LedgerRow, LogEntry } from "#cloud/io/store";
import type { DeviceView } from "#cloud/views";
import type { Event } from "#contract/event";
import type { DeviceState } from "#contract/state";
import type { Site } from "./site.ts";
import type { Movement } from "./world/hand.ts";
import type { Metrics } from "./world/metrics.ts";

/** All that is known of a run from outside of it: the truth of the world, and what device and cloud make of it. */
export interface Evidence {
  readonly devices: readonly DeviceEvidence[];
  /** What was physically moved, in the order of time. */
  readonly movements: readonly Movement[];
  readonly ledger: readonly LedgerRow[];
  readonly contracts: readonly ContractSummary[];
  readonly cloudLog: readonly LogEntry[];
}

export interface DeviceEvidence {
  readonly deviceId: string;
  /** Every event that became durable on the device, in order. */
  readonly journal: readonly Event[];
  /** What the device's own program folds; absent while that is dead. */
  readonly state?: DeviceState;
  /** Every event that the cloud has committed for the device, in order. */
  readonly committed: readonly Event[];
  /** How the cloud shows it; absent while the cloud is dead or has never heard of it. */
  readonly view?: DeviceView;
  readonly metrics: Metrics;
}

const ROWS_MAX = 1000;

/** Looks at everything as it stands now. */
export async function gatherEvidence(site: Site): Promise<Evidence> {
  const { store } = site.cloud;
  const devices = await Promise.all([...site.agents.keys()].map((deviceId) => evidenceOf(site, deviceId)));
  const [ledger, contracts] = await Promise.all([
    store.ledger({ limit: ROWS_MAX }),
    store.contracts({ limit: ROWS_MAX }),
  ]);
  return {
    devices,
    movements: site.world.movements(),
    ledger: ledger.rows,
    contracts: contracts.rows,
    cloudLog: site.cloudLog,
  };
}

async function evidenceOf(site: Site, deviceId: string): Promise<DeviceEvidence> {
  const state = site.agents.get(deviceId)?.agent()?.state();
  const view = site.cloud.execution()?.getDevice(deviceId);
  return {
    deviceId,
    journal: site.journals.get(deviceId) ?? [],
    ...(state ? { state } : {}),
    committed: (await site.cloud.store.deviceEvents(deviceId)).map(({ event }) => event),
    ...(view?.ok ? { view: view.value } : {}),
    metrics: site.world.metrics(deviceId),
  };
}
