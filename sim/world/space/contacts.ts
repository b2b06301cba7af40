import type { Metres } from "#lib/units";
import type { Neighbour } from "./surroundings.ts";

/** A contact counts as over, and may be counted again, when the gap has grown to this. */
export const RELEASE_GAP: Metres = 0.05;
/** Nothing thinner than this can hide between two looks along a movement. */
const LEAST_ADVANCE: Metres = 1e-3;

/** A movement to be judged. */
export interface Movement<Pose> {
  readonly from: Pose;
  /** Where the body is after a share of the movement, 0 to 1. */
  readonly at: (share: number) => Pose;
  /** No point of the body goes farther than this. */
  readonly reach: Metres;
  /** The gap around `from` is known to be at least this. */
  readonly clear: Metres;
}

/** What a movement runs into. */
export interface Passage<Pose> {
  /** Where the body ends up. */
  readonly pose: Pose;
  /** True when the body could not make the whole movement. */
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

  /** Whether the body touches something, or has not come free of what it touched. */
  get areOpen(): boolean {
    return this.#current.size > 0;
  }

  /**
   * Judges a movement. `look` gives the neighbours nearer than a distance if the body were at a pose; it is asked for
   * those nearer than `within` at least. What already overlaps the body where it is does not hold it, so that a robot
   * put into an obstacle, or run into by a person, can leave. Nothing is jumped over, however fast the movement is.
   */
  judge<Pose>(
    movement: Movement<Pose>,
    look: (pose: Pose, within: Metres) => readonly Neighbour[],
    within: Metres,
  ): Passage<Pose> {
    const range = Math.max(RELEASE_GAP, within, movement.reach);
    const isFree = movement.clear > movement.reach;
    const before = isFree ? [] : look(movement.from, range);
    const overlapping = touching(before);
    const passage = isFree
      ? arrival(movement.at(1), range, look)
      : advance(movement, before, overlapping, (pose) => look(pose, range));
    const hit = touching(passage.ahead).filter((id) => !overlapping.includes(id));
    const fresh = (id: string): boolean => !this.#current.has(id);
    const [struck, touchedBy] = [hit.filter(fresh), overlapping.filter(fresh)];
    this.#remember([...hit, ...overlapping], passage.nearest);
    return { pose: passage.pose, isBlocked: hit.length > 0, struck, touchedBy, nearest: passage.nearest };
  }

  #remember(touchingNow: readonly string[], nearest: readonly Neighbour[]): void {
    for (const id of touchingNow) this.#current.add(id);
    for (const id of this.#current) {
      const isNear = nearest.some((neighbour) => neighbour.id === id && neighbour.gap < RELEASE_GAP);
      if (!isNear) this.#current.delete(id);
    }
  }
}

/** The end of a movement on which nothing can be in the way. */
function arrival<Pose>(
  pose: Pose,
  range: Metres,
  look: (pose: Pose, within: Metres) => readonly Neighbour[],
): { pose: Pose; nearest: readonly Neighbour[]; ahead: readonly Neighbour[] } {
  const nearest = look(pose, range);
  return { pose, nearest, ahead: [] };
}

/**
 * Follows a movement until the body would touch something new (conservative advancement: B. Mirtich, "Impulse-based
 * Dynamic Simulation", 1996): as long as the gap is `g`, no point may touch before it has gone `g`. Returns the last free pose with its
 * neighbours, and those at the pose that was tried last.
 */
function advance<Pose>(
  { from, at, reach }: Movement<Pose>,
  before: readonly Neighbour[],
  overlapping: readonly string[],
  look: (pose: Pose) => readonly Neighbour[],
): { pose: Pose; nearest: readonly Neighbour[]; ahead: readonly Neighbour[] } {
  if (reach === 0) return { pose: from, nearest: before, ahead: before };
  let [pose, nearest, done] = [from, before, 0];
  while (done < 1) {
    const gap = Math.min(...nearest.filter(({ id }) => !overlapping.includes(id)).map((near) => near.gap), Infinity);
    // A little less than the gap, so as to end up just before what is met.
    const next = Math.min(1, done + Math.max(gap - LEAST_ADVANCE, LEAST_ADVANCE) / reach);
    const tried = at(next);
    const ahead = look(tried);
    if (touching(ahead).some((id) => !overlapping.includes(id))) return { pose, nearest, ahead };
    [pose, nearest, done] = [tried, ahead, next];
  }
  return { pose, nearest, ahead: nearest };
}

function touching(neighbours: readonly Neighbour[]): string[] {
  return neighbours.filter(({ gap }) => gap === 0).map(({ id }) => id);
}
