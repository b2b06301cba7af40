import type { ControlState } from "#agent/control/step-control";
import type { GridFrame } from "#edge-planner/grid";
import { type ObstacleLayer, solidCells } from "#edge-planner/obstacle-layer";
import type { PlanningMap } from "#edge-planner/planning-map";
import { CLOSED, traversalCosts } from "#edge-planner/global/traversal-cost";
import type { Footprint } from "#edge-planner/footprint";
import type { Metres, Seconds } from "#lib/units";
import type { CostmapRecord } from "../record.ts";

/** Levels between open floor and closed. */
const STEPS = 4;
const LEVEL_CLOSED = STEPS + 1;
const COST_MAX = 10;
/** A robot without a map plans on a new one for each goal; of so many the rest are not worth their room. */
const COSTMAPS_MAX = 20;
const RING_STEP: Metres = 0.02;
const RING_MAX: Metres = 3;

type Writable = Omit<CostmapRecord, "observed"> & { readonly observed: CostmapRecord["observed"][number][] };

/** Keeps what a motion loop plans on: the costs of its map once, and the cells in which it believes obstacles as they come and go. */
export class CostmapRecorder {
  readonly #kept: Writable[] = [];
  #map: PlanningMap | undefined;
  #seen: { readonly layer: ObstacleLayer; readonly version: number } | undefined;
  #solid: ReadonlySet<number> = new Set();

  /** Looks at the loop now. */
  take(t: Seconds, { map, footprint, perception }: ControlState): void {
    if (map && map !== this.#map) this.#begin(t, map, footprint);
    const { layer } = perception;
    const costmap = this.#kept.at(-1);
    if (!layer || !costmap || layer.map !== this.#map) return;
    if (this.#seen?.layer === layer && this.#seen.version === layer.version) return;
    this.#seen = { layer, version: layer.version };
    const solid = new Set(solidCells(layer));
    const [appeared, gone] = [minus(solid, this.#solid), minus(this.#solid, solid)];
    if (appeared.length + gone.length > 0) costmap.observed.push({ t, appeared, gone });
    this.#solid = solid;
  }

  record(): readonly CostmapRecord[] {
    return this.#kept;
  }

  #begin(t: Seconds, map: PlanningMap, footprint: Footprint): void {
    if (this.#kept.length >= COSTMAPS_MAX) return;
    this.#map = map;
    this.#solid = new Set();
    this.#seen = undefined;
    const { width, height, resolution, originX, originY } = map;
    const costs = traversalCosts({ map, clearance: map.clearance, footprint });
    this.#kept.push({
      t,
      frame: { width, height, resolution, originX, originY },
      levels: Uint8Array.from(costs, levelOf),
      closed: LEVEL_CLOSED,
      rings: ringsOf(footprint, map),
      observed: [],
    });
  }
}

function minus(set: ReadonlySet<number>, less: ReadonlySet<number>): number[] {
  return [...set].filter((cell) => !less.has(cell)).toSorted((a, b) => a - b);
}

function levelOf(cost: number): number {
  return cost === CLOSED ? LEVEL_CLOSED : Math.min(STEPS, Math.ceil(((cost - 1) / (COST_MAX - 1)) * STEPS));
}

/** Up to which distance an obstacle makes a cell of each level: asked of the planner's own costs, distance by distance. */
function ringsOf(footprint: Footprint, { resolution }: PlanningMap): CostmapRecord["rings"] {
  const count = Math.ceil(RING_MAX / RING_STEP);
  const frame: GridFrame = { width: count, height: 1, resolution, originX: 0, originY: 0 };
  const clearance = Float32Array.from({ length: count }, (_, at) => at * RING_STEP);
  const levels = Array.from(traversalCosts({ map: { ...frame, clearance, zones: [] }, clearance, footprint }), levelOf);
  return Array.from({ length: LEVEL_CLOSED }, (_, at) => LEVEL_CLOSED - at).flatMap((level) => {
    const last = levels.findLastIndex((each) => each >= level);
    return last < 0 ? [] : [{ level, radius: (last + 1) * RING_STEP }];
  });
}
