import type { Rng } from "#lib/rng";
import type { NetworkFault } from "./faults/network-fault.ts";

/** Where and how long the weather may rage. */
export interface Climate {
  /** Clients of the network whose links may be cut: devices, and the cloud. */
  readonly places: readonly string[];
  /** From here on the network is healthy, in milliseconds of the run. */
  readonly calmAtMs: number;
}

const OUTAGE_MS = [1000, 45_000] as const;
const OUTAGES_MAX = 3;
const LOSS_MAX = 0.5;
const DUPLICATE_MAX = 0.5;
const DELAY_MS_MAX = 3000;
const EVEN_ODDS = [1, 2] as const;

/**
 * Faults of the network for one run. Each kind is present or absent for the whole run, because bugs hide behind faults that
 * are always on (swarm testing: A. Groce et al., ISSTA 2012).
 */
export function drawWeather(rng: Rng, climate: Climate): NetworkFault[] {
  return [...drawStorm(rng.fork("storm"), climate), ...drawOutages(rng.fork("outages"), climate)];
}

/** One spell of bad links; with no kind of trouble in it, it is none. */
function drawStorm(rng: Rng, { calmAtMs }: Climate): NetworkFault[] {
  const at = rng.integer(0, calmAtMs / 2);
  const storm = {
    ...(rng.chance(...EVEN_ODDS) ? { loss: rng.float() * LOSS_MAX } : {}),
    ...(rng.chance(...EVEN_ODDS) ? { duplicate: rng.float() * DUPLICATE_MAX } : {}),
    ...(rng.chance(...EVEN_ODDS) ? { delay: drawDelay(rng) } : {}),
    ...(rng.chance(...EVEN_ODDS) ? { reorder: true } : {}),
  };
  return Object.keys(storm).length === 0 ? [] : [{ at, for: rng.integer(1, calmAtMs - at), ...storm }];
}

function drawDelay(rng: Rng): [number, number] {
  const least = rng.integer(2, DELAY_MS_MAX / 2);
  return [least, rng.integer(least, DELAY_MS_MAX)];
}

/** Outages one after the other, each of one place. */
function drawOutages(rng: Rng, { places, calmAtMs }: Climate): NetworkFault[] {
  const outages: NetworkFault[] = [];
  let fromMs = 0;
  for (let left = rng.integer(0, OUTAGES_MAX); left > 0; left--) {
    const at = fromMs + rng.integer(0, calmAtMs / OUTAGES_MAX);
    const endMs = Math.min(calmAtMs, at + rng.integer(...OUTAGE_MS));
    if (endMs <= at) break;
    outages.push({ at, for: endMs - at, partition: places[rng.integer(0, places.length - 1)]! });
    fromMs = endMs;
  }
  return outages;
}
