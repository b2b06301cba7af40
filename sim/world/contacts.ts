import type { Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Neighbour } from "./surroundings.ts";

/** A contact counts as over, and may be counted again, when the gap has grown to this. */
const RELEASE_GAP: Metres = 0.05;

/** What a movement would run into. */
export interface Obstruction {
  /** True when the body cannot make the movement. */
  readonly isBlocked: boolean;
  /** Things that the body has newly moved into. */
  readonly struck: readonly string[];
  /** Things that have newly moved into the body. */
  readonly touchedBy: readonly string[];
  /** Neighbours at the pose where the body ends up. */
  readonly nearest: readonly Neighbour[];
}

/** Tells who caused the contacts of one body, and counts each contact once. */
export class Contacts {
  readonly #current = new Set<string>();

  /**
   * Judges a movement. `look` gives the neighbours nearer than a distance if the body were at a pose; it is asked for
   * those nearer than `within` at least. What already overlaps the body where it is does not hold it, so that a robot
   * put into an obstacle, or run into by a person, can leave.
   */
  judge(from: Pose, to: Pose, look: (pose: Pose, within: Metres) => Neighbour[], within: Metres): Obstruction {
    const reach = Math.max(RELEASE_GAP, within);
    const after = look(to, reach);
    const touching = idsOf(after);
    if (touching.length === 0 && this.#current.size === 0) {
      return { isBlocked: false, struck: [], touchedBy: [], nearest: after };
    }
    const before = look(from, reach);
    const overlapping = idsOf(before);
    const hit = touching.filter((id) => !overlapping.includes(id));
    const fresh = (id: string): boolean => !this.#current.has(id);
    const [struck, touchedBy] = [hit.filter(fresh), overlapping.filter(fresh)];
    const nearest = hit.length > 0 ? before : after;
    this.#remember([...hit, ...overlapping], nearest);
    return { isBlocked: hit.length > 0, struck, touchedBy, nearest };
  }

  #remember(touching: readonly string[], nearest: readonly Neighbour[]): void {
    for (const id of touching) this.#current.add(id);
    for (const id of this.#current) {
      const isNear = nearest.some((neighbour) => neighbour.id === id && neighbour.gap < RELEASE_GAP);
      if (!isNear) this.#current.delete(id);
    }
  }
}

function idsOf(neighbours: readonly Neighbour[]): string[] {
  return neighbours.filter(({ gap }) => gap === 0).map(({ id }) => id);
}
