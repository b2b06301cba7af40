import type { PoseTuple } from "#contract/spatial";
import type { Rng } from "#lib/rng";
import type { Fault } from "../faults/fault.ts";
import type { NetworkFault } from "../faults/network-fault.ts";
import { pick } from "./drawn-contracts.ts";

/** Something that goes wrong in a run and can be left out of it. */
export type Trouble =
  | { readonly part: "network"; readonly fault: NetworkFault }
  | { readonly part: "fault"; readonly fault: Fault };

/** Where and when things may go wrong. */
export interface Stage {
  readonly robots: readonly string[];
  /** Names of the contracts. */
  readonly contracts: readonly string[];
  /** Ids of the conveyors. */
  readonly conveyors: readonly string[];
  /** Free places on the floor. */
  readonly spots: readonly PoseTuple[];
  /** By then every trouble is over, in milliseconds of the run. */
  readonly calmAtMs: number;
}

/** Of a kind that is present there are so many, and so many where it is wild. */
const USUAL = 2;
const WILD = 5;
/** Odds that a kind of trouble is present; one pair holds for a whole run. */
const PRESENCE = [
  [0, 1],
  [1, 8],
  [1, 4],
  [1, 2],
] as const;

/**
 * Troubles of one run. Each kind is present or absent for the whole run, because bugs hide behind faults that are always on
 * (swarm testing: A. Groce et al., ISSTA 2012), and now and then one is wild.
 */
export function drawTroubles(rng: Rng, stage: Stage): Trouble[] {
  const [numerator, denominator] = pick(rng, PRESENCE);
  return Object.entries(KINDS).flatMap(([name, draw]) => {
    const own = rng.fork(name);
    if (!own.chance(numerator, denominator)) return [];
    const count = own.integer(1, own.chance(1, 6) ? WILD : USUAL);
    return Array.from({ length: count }, () => draw(own, stage)).flat();
  });
}

type Draw = (rng: Rng, stage: Stage) => Trouble | Trouble[];
type Spell = { readonly at: number; readonly for: number };
type Span = readonly [leastMs: number, mostMs: number];

/** A moment, and a duration that ends before the calm. */
function spell(rng: Rng, { calmAtMs }: Stage, [least, most]: Span): Spell {
  const at = rng.integer(500, calmAtMs - 500);
  return { at, for: Math.min(calmAtMs - at, rng.integer(least, most)) };
}

const weather =
  (effect: (rng: Rng) => Partial<NetworkFault>): Draw =>
  (rng, stage) => {
    const device = rng.chance(1, 2) ? { device: pick(rng, stage.robots) } : {};
    return { part: "network", fault: { ...spell(rng, stage, [1000, 20_000]), ...device, ...effect(rng) } };
  };

const cut =
  (who: (rng: Rng, stage: Stage) => Pick<NetworkFault, "partition" | "oneWay">): Draw =>
  (rng, stage) => ({ part: "network", fault: { ...spell(rng, stage, [300, 24_000]), ...who(rng, stage) } });

const fault =
  (make: (when: Spell, rng: Rng, stage: Stage) => Fault, span: Span = [200, 8000]): Draw =>
  (rng, stage) => ({ part: "fault", fault: make(spell(rng, stage, span), rng, stage) });

/** A range of durations between `least` and `most` milliseconds. */
function between(rng: Rng, least: number, most: number): [number, number] {
  const from = rng.integer(least, most);
  return [from, rng.integer(from, most)];
}

const device = (rng: Rng, { robots }: Stage): { device: string } => ({ device: pick(rng, robots) });
const contract = (rng: Rng, { contracts }: Stage): { contract: string } => ({ contract: pick(rng, contracts) });

/** Every kind of trouble by its name. */
const KINDS: Readonly<Record<string, Draw>> = {
  "cut-device": cut((rng, { robots }) => ({ partition: pick(rng, robots) })),
  "cut-one-way": cut((rng, { robots }) => ({ partition: pick(rng, robots), oneWay: pick(rng, ["up", "down"]) })),
  "cut-cloud": cut(() => ({ partition: "cloud" })),
  loss: weather((rng) => ({ loss: rng.float() * 0.6 })),
  delay: weather((rng) => ({ delay: between(rng, 5, 3000) })),
  late: weather((rng) => ({ late: { share: rng.float() * 0.4, by: between(rng, 1000, 30_000) } })),
  duplicate: weather((rng) => ({ duplicate: rng.float() * 0.6 })),
  reorder: weather(() => ({ reorder: true })),
  "kill-agent": fault((when, rng, stage) => ({ do: "kill-agent", ...when, ...device(rng, stage) })),
  "power-cut": fault((when, rng, stage) => ({ do: "power-cut", ...when, ...device(rng, stage) })),
  "kill-cloud": fault((when) => ({ do: "kill-cloud", ...when })),
  "slow-cloud": fault((when, rng) => ({ do: "slow-cloud", ...when, delay: between(rng, 10, 1500) })),
  "restore-cloud": restore,
  "clock-step": fault(({ at }, rng, stage) => {
    const whose = rng.chance(1, 2) ? device(rng, stage) : {};
    return { do: "clock-step", at, by: rng.integer(-900, 900), ...whose };
  }),
  "disk-full": fault((when, rng, stage) => {
    return { do: "disk-full", ...when, ...device(rng, stage), overwrites: pick(rng, ["work", "fail"]) };
  }),
  "disk-read-only": fault((when, rng, stage) => ({ do: "disk-read-only", ...when, ...device(rng, stage) })),
  "disk-slow": fault((when, rng, stage) => {
    return { do: "disk-slow", ...when, ...device(rng, stage), delay: between(rng, 50, 7000) };
  }),
  "disk-errors": fault((when, rng, stage) => {
    return { do: "disk-errors", ...when, ...device(rng, stage), share: rng.float() * 0.3 };
  }),
  "disk-corrupt": fault(({ at }, rng, stage) => {
    const file = pick(rng, ["database", "wal"] as const);
    return { do: "disk-corrupt", at, ...device(rng, stage), file, bits: pick(rng, [1, 64, 4096, 100_000]) };
  }),
  "wal-lost": fault(({ at }, rng, stage) => ({ do: "wal-lost", at, ...device(rng, stage) })),
  "broker-restart": fault((when, rng) => {
    return { do: "broker-restart", ...when, retained: pick(rng, ["forgotten", "kept"]) };
  }),
  "session-takeover": fault(({ at }, rng, stage) => ({ do: "session-takeover", at, ...device(rng, stage) })),
  "duplicate-client": fault((when, rng, stage) => ({ do: "duplicate-client", ...when, ...device(rng, stage) })),
  "half-open": fault(({ at }, rng, stage) => ({ do: "half-open", at, ...device(rng, stage) })),
  "driver-fault": fault((when, rng, stage) => {
    const driver = pick(rng, ["base", "lidar", "position", "battery", "load", "scanner"] as const);
    return { do: "driver-fault", ...when, ...device(rng, stage), driver };
  }),
  "sensor-noise": fault((when, rng, stage) => {
    const driver = pick(rng, ["base", "lidar", "position"] as const);
    return { do: "sensor-noise", ...when, ...device(rng, stage), driver, by: rng.integer(2, 8) };
  }),
  "sensor-freeze": fault((when, rng, stage) => {
    const driver = pick(rng, ["position", "base", "lidar", "battery"] as const);
    return { do: "sensor-freeze", ...when, ...device(rng, stage), driver };
  }),
  "wheel-slip": fault((when, rng, stage) => {
    return { do: "wheel-slip", ...when, ...device(rng, stage), by: rng.float() * 0.8 };
  }),
  battery: fault(({ at }, rng, stage) => ({ do: "battery", at, ...device(rng, stage), by: rng.integer(2, 50) / 100 })),
  kidnap: fault(({ at }, rng, stage) => ({ do: "kidnap", at, ...device(rng, stage), to: pick(rng, stage.spots) })),
  "hand-fault": fault(({ at }, rng, stage) => {
    const action = pick(rng, ["pick", "place"] as const);
    return { do: "hand-fault", at, ...device(rng, stage), action, times: rng.integer(1, 3) };
  }),
  "hand-forgets": fault(({ at }, rng, stage) => ({ do: "hand-forgets", at, ...device(rng, stage) })),
  "conveyor-jam": fault(({ at }, rng, { conveyors }) => {
    return { do: "conveyor-jam", at, site: pick(rng, conveyors), times: rng.integer(1, 3) };
  }),
  hold: fault(({ at }, rng, stage) => ({ do: "hold", at, ...contract(rng, stage) })),
  resume: fault(({ at }, rng, stage) => ({ do: "resume", at, ...contract(rng, stage) })),
  cancel: fault(({ at }, rng, stage) => ({ do: "cancel", at, ...contract(rng, stage) })),
};

/** A copy of the cloud's database, and its return some time later; either may be left out without the other. */
function restore(rng: Rng, stage: Stage): Trouble[] {
  const when = spell(rng, stage, [500, 6000]);
  const backup: Fault = { do: "backup-cloud", at: rng.integer(0, when.at) };
  return [
    { part: "fault", fault: backup },
    { part: "fault", fault: { do: "restore-cloud", ...when } },
  ];
}
