import type { Point, Pose } from "#lib/geometry";
import type { Footprint } from "../footprint.ts";
import type { PlanningMap } from "../planning-map.ts";
import { type CostedGround, createCostedGround, takeClearance } from "./costed-ground.ts";
import { costNow, type NoRouteReason, planOver, type PlanLimits, type Route } from "./global-path.ts";
import type { Terrain } from "./traversal-cost.ts";

/** What is asked of the planner. */
export interface RouteRequest {
  readonly terrain: Terrain;
  readonly start: Pose;
  readonly goal: Pose;
  /** Which ways are looked for first: all through which the footprint fits, or those in which it can also turn. */
  readonly preference: "any" | "roomy";
  /** `way`: a way by all means; `better`: one to compare with what is left of the present one. */
  readonly wanted: { readonly kind: "way" } | { readonly kind: "better"; readonly than: readonly Point[] };
}

/** A clear way, one that leads through observed obstacles, or the reason why there is none. */
export type Found =
  | { readonly kind: "clear"; readonly route: Route }
  | { readonly kind: "obstructed"; readonly route: Route }
  | { readonly kind: "none"; readonly reason: NoRouteReason };

export interface RouteAnswer {
  readonly found: Found;
  /** What the present way costs now, where a better one was asked for; infinite when something stands in it. */
  readonly presentCost: number;
}

/**
 * Finds ways for one robot, at once or in a thread of its own. Asking never waits; who asks again gives up what was asked before.
 */
export interface RoutePlanner {
  /** Answers the number of the question. */
  ask(request: RouteRequest): number;
  /** The answer to a question, once; undefined while it is worked on, and for questions given up. */
  take(question: number): RouteAnswer | undefined;
}

/** Plans on the caller's own thread, so that the answer is there as soon as the question was asked. */
export function createInlinePlanner(): RoutePlanner {
  const grounds = createGrounds();
  let asked = 0;
  let answer: RouteAnswer | undefined;
  return {
    ask(request) {
      answer = answerRequest(grounds, request);
      return ++asked;
    },
    take(question) {
      if (question !== asked) return undefined;
      const taken = answer;
      answer = undefined;
      return taken;
    },
  };
}

/** What a planner keeps of the place between plans. */
export interface Grounds {
  map: PlanningMap | undefined;
  footprint: Footprint | undefined;
  readonly kept: Map<GroundKind, CostedGround>;
}

/** For the footprint as it is, for one as wide as it is long, and for the map without what was observed. */
type GroundKind = "usual" | "roomy" | "mapped";

export function createGrounds(): Grounds {
  return { map: undefined, footprint: undefined, kept: new Map() };
}

/** Answers a question; undefined when it was cancelled. */
export function answerRequest(
  grounds: Grounds,
  request: RouteRequest,
  limits: PlanLimits = {},
): RouteAnswer | undefined {
  const { preference, wanted } = request;
  if (wanted.kind === "way") {
    const found = findWay(grounds, request, limits);
    return found && { found, presentCost: Infinity };
  }
  const ground = groundFor(grounds, request.terrain, preference === "roomy" ? "roomy" : "usual");
  const planned = planOver(ground, request.start, request.goal, limits);
  if (planned.ok) {
    const usual = groundFor(grounds, request.terrain, "usual");
    return { found: { kind: "clear", route: planned.route }, presentCost: costNow(usual, wanted.than) };
  }
  return planned.reason === "cancelled"
    ? undefined
    : { found: { kind: "none", reason: planned.reason }, presentCost: 0 };
}

function findWay(grounds: Grounds, request: RouteRequest, limits: PlanLimits): Found | undefined {
  const { terrain, start, goal, preference } = request;
  const plan = (kind: GroundKind): ReturnType<typeof planOver> =>
    planOver(groundFor(grounds, terrain, kind), start, goal, limits);
  const wide = preference === "roomy" ? plan("roomy") : undefined;
  if (wide?.ok) return { kind: "clear", route: wide.route };
  const usual = plan("usual");
  if (usual.ok) return { kind: "clear", route: usual.route };
  const mapped = usual.reason === "cancelled" ? usual : plan("mapped");
  if (mapped.ok) return { kind: "obstructed", route: mapped.route };
  return mapped.reason === "cancelled" ? undefined : { kind: "none", reason: mapped.reason };
}

/** The ground of a kind, repaired where what is known of it changed since the last plan. */
function groundFor(grounds: Grounds, terrain: Terrain, kind: GroundKind): CostedGround {
  if (grounds.map !== terrain.map || grounds.footprint !== terrain.footprint) {
    grounds.kept.clear();
    grounds.map = terrain.map;
    grounds.footprint = terrain.footprint;
  }
  const known = grounds.kept.get(kind);
  if (known) {
    if (kind !== "mapped") takeClearance(known, terrain.clearance);
    return known;
  }
  const [other] = grounds.kept.values();
  const ground = createCostedGround(terrainOf(terrain, kind), other?.space);
  grounds.kept.set(kind, ground);
  return ground;
}

function terrainOf(terrain: Terrain, kind: GroundKind): Terrain {
  const { map, footprint } = terrain;
  switch (kind) {
    case "usual":
      return terrain;
    case "roomy":
      return { ...terrain, footprint: { ...footprint, inscribed: footprint.circumscribed } };
    case "mapped":
      return { ...terrain, clearance: map.clearance };
  }
}
