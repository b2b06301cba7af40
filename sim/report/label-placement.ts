import type { Point } from "#lib/geometry";
import { type Box, centreOf, grown, intersects, isCrossed, isWithin, nearestIn } from "./box.ts";
import { PointIndex } from "./point-index.ts";

/** Something that wants to stand near a point of the drawing. Pixels. */
export interface LabelRequest {
  readonly anchor: Point;
  readonly width: number;
  readonly height: number;
  /** Radius of the symbol at the anchor, which the label keeps off. */
  readonly clearance: number;
  /** `centre` may cover its anchor, as the name of an area does. */
  readonly seat: "beside" | "centre";
}

export interface Surroundings {
  readonly canvas: Box;
  /** Boxes that no label may touch. */
  readonly taken: readonly Box[];
  /** Points that labels had better not cover: tracks, walls, symbols. */
  readonly avoid: readonly Point[];
}

export interface Placement {
  readonly box: Box;
  /** From the anchor to the box, when the two are so far apart that the eye needs help. */
  readonly leader?: readonly [Point, Point];
}

/**
 * Places labels greedily in the order given, each at the cheapest free seat around its anchor: near is cheap, covering
 * `avoid` points or crossing labels with the leader is dear. No two boxes intersect and none leaves the canvas; a label
 * that finds no seat is undefined in the answer, which has the order of the requests.
 */
export function placeLabels(requests: readonly LabelRequest[], around: Surroundings): (Placement | undefined)[] {
  const taken = [...around.taken];
  const avoid = new PointIndex();
  avoid.add(around.avoid);
  return requests.map((request) => {
    const placement = cheapestSeat(request, around.canvas, taken, avoid);
    if (placement !== undefined) {
      taken.push(placement.box);
      avoid.add(along(placement.leader));
    }
    return placement;
  });
}

/** Room between two labels, and between a label and its symbol. */
const GAP_PX = 3;
const RING_PX = 9;
const DIRECTIONS = 16;
const COST_PER_PX = 0.7;
const COVERED_POINT_COST = 10;
const CROSSED_LABEL_COST = 60;
const LEADER_FROM_PX = 12;

function cheapestSeat(
  request: LabelRequest,
  canvas: Box,
  taken: readonly Box[],
  avoid: PointIndex,
): Placement | undefined {
  let [best, bestCost]: [Placement | undefined, number] = [undefined, Infinity];
  for (const seat of seats(request, canvas)) {
    if (seat.cost >= bestCost) break;
    const roomy = grown(seat.box, GAP_PX / 2);
    if (!isWithin(seat.box, canvas) || taken.some((box) => intersects(roomy, box))) continue;
    const covered = seat.cost + avoid.countIn(roomy) * COVERED_POINT_COST;
    if (covered >= bestCost) continue;
    const placement = withLeader(request, seat.box);
    const cost = covered + crossings(placement.leader, taken) * CROSSED_LABEL_COST;
    if (cost < bestCost) [best, bestCost] = [placement, cost];
  }
  return best;
}

/** Seats by rising distance from the anchor, until they are surely off the canvas. */
function* seats(request: LabelRequest, canvas: Box): Generator<{ box: Box; cost: number }> {
  const { width, height, clearance } = request;
  const at = ([x, y]: Point): Box => ({ x: x - width / 2, y: y - height / 2, width, height });
  if (request.seat === "centre") yield { box: at(request.anchor), cost: 0 };
  const farthest = Math.hypot(canvas.width, canvas.height);
  for (let ring = 0; ring <= farthest; ring += RING_PX) {
    const reach = clearance + GAP_PX + ring;
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const angle = (2 * Math.PI * direction) / DIRECTIONS;
      const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
      // The label slides along its edges as the angle turns, so that it stays as near at a diagonal as it is beside.
      const across = Math.max(-1, Math.min(1, dx * 1.5)) * (width / 2);
      const down = Math.max(-1, Math.min(1, dy * 1.5)) * (height / 2);
      const [ax, ay] = request.anchor;
      yield { box: at([ax + dx * reach + across, ay + dy * reach + down]), cost: ring * COST_PER_PX };
    }
  }
}

function withLeader(request: LabelRequest, box: Box): Placement {
  const near = nearestIn(box, request.anchor);
  const apart = Math.hypot(near[0] - request.anchor[0], near[1] - request.anchor[1]);
  if (apart <= request.clearance + LEADER_FROM_PX) return { box };
  // A leader to the rim of a small square pin looks off its axis; one to the middle does not.
  const end = box.width <= 2 * box.height ? centreOf(box) : near;
  return { box, leader: [request.anchor, end] };
}

/** How many of the boxes a leader runs over. */
function crossings(leader: Placement["leader"], boxes: readonly Box[]): number {
  if (leader === undefined) return 0;
  return boxes.filter((box) => isCrossed(box, ...leader)).length;
}

/** Points every few pixels along a leader, its ends left out. */
function along(leader: Placement["leader"]): Point[] {
  if (leader === undefined) return [];
  const [[ax, ay], [bx, by]] = leader;
  const steps = Math.floor(Math.hypot(bx - ax, by - ay) / 4);
  return Array.from({ length: Math.max(0, steps - 1) }, (_, at): Point => {
    const share = (at + 1) / steps;
    return [ax + (bx - ax) * share, ay + (by - ay) * share];
  });
}
