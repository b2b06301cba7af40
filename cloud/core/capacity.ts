import type { Zone } from "#contract/spatial";
import { isInside, type Point } from "#lib/geometry";

/** A device as far as capacity goes. */
export interface Hand {
  readonly mode: "live" | "projected" | "reconciled";
  /** Kind of its profile. */
  readonly kind?: string | undefined;
  readonly isAtWork: boolean;
  readonly at?: Point | undefined;
  /** Zones of the contract that it works on. */
  readonly zones: readonly Zone[];
}

/** What the fleet could do at a moment, in the words of document 3; `*_robots` and `offline_devices` are more than it asks for. */
export interface Capacity {
  readonly active_workers: number;
  readonly idle_robots: number;
  readonly active_robots: number;
  readonly offline_devices: number;
  readonly zone_wip: Readonly<Record<string, number>>;
}

/** The kind of device that a person carries. */
const CARRIED = "pda";

/** Counts hands: idle are robots that are live and have nothing to do; work in progress counts in each work zone that it is in. */
export function capacityOf(hands: readonly Hand[]): Capacity {
  const robots = hands.filter(({ kind }) => kind !== CARRIED);
  const wip: Record<string, number> = {};
  for (const { isAtWork, at, zones } of hands) {
    const here =
      at === undefined || !isAtWork
        ? []
        : zones.filter(({ kind, polygon }) => kind === "work" && isInside(at, polygon));
    for (const { id } of here) wip[id] = (wip[id] ?? 0) + 1;
  }
  return {
    active_workers: hands.filter(({ kind, isAtWork }) => kind === CARRIED && isAtWork).length,
    idle_robots: robots.filter(({ mode, isAtWork }) => mode === "live" && !isAtWork).length,
    active_robots: robots.filter(({ isAtWork }) => isAtWork).length,
    offline_devices: hands.filter(({ mode }) => mode === "projected").length,
    zone_wip: wip,
  };
}
