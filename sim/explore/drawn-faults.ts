import type { PoseTuple } from "#contract/spatial";
import type { Rng } from "#lib/rng";
import type { Fault, NetworkFault } from "../scenario.ts";
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
  /** Free places on the floor. */
  readonly spots: readonly PoseTuple[];
  /** By then every trouble is over, in milliseconds of the run. */
  readonly calmAtMs: number;
}

/** Of a kind that is present there are so many, and so many where it is wild. */
const USUAL = 2;
const WILD = 5;
/** How many kinds of trouble are present at once, of all that there are. */
const PRESENCE = [
  [0, 1],
  [1, 6],
  [1, 3],
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
    return Array.from({ length: count }, () => draw(own, stage));
  });
}

type Draw = (rng: Rng, stage: Stage) => Trouble;

/** A moment, and a duration that ends before the calm. */
function spell(rng: Rng, { calmAtMs }: Stage, [least, most]: readonly [number, number]): { at: number; for: number } {
  const at = rng.integer(500, calmAtMs - 500);
  return { at, for: Math.min(calmAtMs - at, rng.integer(least, most)) };
}

const weather =
  (effect: (rng: Rng) => Partial<NetworkFault>): Draw =>
  (rng, stage) => ({
    part: "network",
    fault: {
      ...spell(rng, stage, [1000, 20_000]),
      ...(rng.chance(1, 2) ? { device: pick(rng, stage.robots) } : {}),
      ...effect(rng),
    },
  });

const cut =
  (who: (rng: Rng, stage: Stage) => string): Draw =>
  (rng, stage) => ({
    part: "network",
    fault: { ...spell(rng, stage, [300, 24_000]), partition: who(rng, stage) },
  });

const fault =
  (
    detail: (rng: Rng, stage: Stage) => Omit<Fault, "at" | "for">,
    spanMs: readonly [number, number] = [200, 8000],
  ): Draw =>
  (rng, stage) => ({ part: "fault", fault: { ...spell(rng, stage, spanMs), ...detail(rng, stage) } });

const order = (what: "hold" | "resume" | "cancel"): Draw =>
  fault((rng, { contracts }) => ({ do: what, contract: pick(rng, contracts) }));

/** A range of one-way delays, from `least` to at most `most` milliseconds. */
function delay(rng: Rng, least: number, most: number): { delay: [number, number] } {
  const from = rng.integer(least, most);
  return { delay: [from, rng.integer(from, most)] };
}

/** Every kind of trouble by its name. */
const KINDS: Readonly<Record<string, Draw>> = {
  "cut-device": cut((rng, { robots }) => pick(rng, robots)),
  "cut-cloud": cut(() => "cloud"),
  loss: weather((rng) => ({ loss: rng.float() * 0.6 })),
  delay: weather((rng) => delay(rng, 5, 1500)),
  late: weather((rng) => delay(rng, 1500, 12_000)),
  duplicate: weather((rng) => ({ duplicate: rng.float() * 0.6 })),
  reorder: weather(() => ({ reorder: true })),
  "kill-agent": fault((rng, { robots }) => ({ do: "kill-agent", device: pick(rng, robots) })),
  "kill-cloud": fault(() => ({ do: "kill-cloud" })),
  "broker-restart": fault(() => ({ do: "broker-restart" })),
  "clock-step": fault((rng) => ({ do: "clock-step", by: rng.integer(-900, 900) })),
  "driver-fault": fault((rng, { robots }) => ({
    do: "driver-fault",
    device: pick(rng, robots),
    driver: pick(rng, ["base", "lidar", "position", "battery", "load", "scanner"]),
  })),
  "sensor-noise": fault((rng, { robots }) => ({
    do: "sensor-noise",
    device: pick(rng, robots),
    driver: pick(rng, ["base", "lidar", "position"]),
    by: rng.integer(2, 8),
  })),
  battery: fault((rng, { robots }) => ({ do: "battery", device: pick(rng, robots), by: rng.integer(2, 50) / 100 })),
  kidnap: fault((rng, { robots, spots }) => ({ do: "kidnap", device: pick(rng, robots), to: pick(rng, spots) })),
  hold: order("hold"),
  resume: order("resume"),
  cancel: order("cancel"),
};
