import type { ContractSummary, LedgerRow, LogEntry } from "#cloud/io/store-rows";
import type { DeviceView } from "#cloud/views";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import type { DeviceState } from "#contract/state";
import type { Conduct } from "./conduct.ts";
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
  /** What was signed, by the id of the contract. */
  readonly orders: ReadonlyMap<string, Contract>;
  readonly cloudLog: readonly LogEntry[];
  readonly conduct: Conduct;
  readonly sizes: Sizes;
}

/** How large things grew that must stay small. */
export interface Sizes {
  /** Messages between each client and the broker, both ways. */
  readonly messages: ReadonlyMap<string, number>;
  /** Timers that waited at once, at most. */
  readonly timersMax: number;
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
  /** `damaged`: somebody took from its disk what was stored, so its journal can't be whole. */
  readonly memory: "whole" | "damaged";
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
  const signed = await Promise.all(contracts.rows.map(({ contractId }) => store.contract(contractId)));
  return {
    devices,
    movements: site.world.movements(),
    ledger: ledger.rows,
    contracts: contracts.rows,
    orders: new Map(signed.flatMap((row) => (row ? [[row.contractId, row.contract] as const] : []))),
    cloudLog: [...site.cloudLog],
    conduct: site.conduct,
    sizes: site.sizes(),
  };
}

async function evidenceOf(site: Site, deviceId: string): Promise<DeviceEvidence> {
  const state = site.agents.get(deviceId)?.agent()?.state();
  const view = site.cloud.execution()?.getDevice(deviceId);
  return {
    deviceId,
    // A copy: the goodbyes at the end of a run are not what it is judged by.
    journal: [...(site.journals.get(deviceId) ?? [])],
    ...(state ? { state } : {}),
    committed: (await site.cloud.store.deviceEvents(deviceId)).map(({ event }) => event),
    ...(view?.ok ? { view: view.value } : {}),
    metrics: site.world.metrics(deviceId),
    memory: site.memoryOf(deviceId),
  };
}
