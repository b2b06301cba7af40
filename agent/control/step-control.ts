import { isInside, type Point, type Pose, type Velocity } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { type Footprint, makeFootprint } from "#edge-planner/footprint";
import { cellCentreX, cellCentreY, indexAt, OUTSIDE } from "#edge-planner/grid";
import { STANDSTILL } from "#edge-planner/kinematics";
import { createLocalPlanner, noteCommand } from "#edge-planner/local/local-planner";
import type { Situation } from "#edge-planner/local-controller";
import { createInlinePlanner, type RoutePlanner } from "#edge-planner/global/route-planner";
import type { MapSource } from "#edge-planner/map-cache";
import { PEOPLE_RULES } from "#edge-planner/moving-clearance";
import { type Drive, navigate, type Navigator, remainingRoute, startNavigator } from "#edge-planner/navigator";
import { type ObstacleLayer, solidCells } from "#edge-planner/obstacle-layer";
import { openMap, type PlanningMap } from "#edge-planner/planning-map";
import { blindness, gate, type GateVerdict } from "#edge-planner/safety-gate";
import type { PilotState } from "#drivers/driver";
import type { ControlWorld, Goal, MotionProfile, MotionReport } from "./control.ts";
import { decideByPilot } from "./delegated.ts";
import type { ScanPoints } from "#edge-planner/scan-points";
import { createScanWatch, type ScanWatch, watchScans } from "#edge-planner/scan-watch";
import { createWheelWatch, FROZEN_MS, PROBING, trustIn, watchWheels, type WheelWatch } from "#edge-planner/wheel-watch";
import { createLateness, type Lateness } from "./lateness.ts";
import { createPerception, perceive, type Percept, type Perception, type Samples } from "./perception.ts";

/** All that the motion loop remembers between ticks. Owned by one loop; the functions below change it. */
export interface ControlState {
  readonly profile: MotionProfile;
  readonly footprint: Footprint;
  readonly perception: Perception;
  readonly lateness: Lateness;
  readonly planner: RoutePlanner;
  world: ControlWorld | undefined;
  map: PlanningMap | undefined;
  navigator: Navigator | undefined;
  lastGate: GateVerdict;
  ticks: number;
  gateStops: number;
  /** Since when the robot has been without what it needs to drive, if it is. */
  helplessSinceMs: number | undefined;
  /** What `sightings` of the report were made from, and what they came to. */
  sighted: { readonly layer: ObstacleLayer; readonly version: number; readonly points: readonly Point[] } | undefined;
  readonly wheels: WheelWatch;
  readonly scans: ScanWatch;
}

/** What one tick is decided from. */
export interface TickInputs extends Samples {
  readonly power: "enabled" | "disabled";
  readonly goal?: Goal | undefined;
  /** What another navigation says, where one plans and steers in place of ours. */
  readonly pilot?: PilotState | undefined;
  /** How long after its deadline the tick began. */
  readonly latenessMs: number;
}

/** Ground that a robot without a map plans over, beyond the box of itself and its goal. */
const OPEN_MARGIN: Metres = 10;
/** A robot without a map plans no further than this. */
const OPEN_REACH: Metres = 200;
const MOST_ROUTE_POINTS = 60;
const MOST_SIGHTINGS = 400;

/** `planner` finds the ways; one on the caller's thread unless given. */
export function createControlState(
  profile: MotionProfile,
  planner: RoutePlanner = createInlinePlanner(),
): ControlState {
  const footprint = makeFootprint(profile.footprint);
  const local = profile.follower === "predictive" ? createLocalPlanner(footprint, profile) : undefined;
  return {
    profile,
    footprint,
    perception: createPerception(local),
    lateness: createLateness(),
    planner,
    world: undefined,
    map: undefined,
    navigator: undefined,
    lastGate: { action: "pass" },
    ticks: 0,
    gateStops: 0,
    helplessSinceMs: undefined,
    sighted: undefined,
    wheels: createWheelWatch(),
    scans: createScanWatch(),
  };
}

/** Replaces the known world; takes tens of milliseconds unless `maps` knows it. Throws `contract.invalid` on a broken image. */
export function takeWorld(state: ControlState, world: ControlWorld, maps: MapSource): void {
  state.map = world.occupancy && maps(world, world.occupancy);
  state.world = world;
  state.navigator = undefined;
}

/** One tick: from samples and goal to the one command that may reach the base, and the report. No I/O, no clock. */
export function stepControl(
  state: ControlState,
  inputs: TickInputs,
  nowMs: number,
): { command: Velocity; report: MotionReport } {
  state.lateness.record(inputs.latenessMs);
  state.ticks++;
  const { newcomerSpeed } = state.profile.people ?? PEOPLE_RULES;
  const percept = perceive(state.perception, inputs, state.map, newcomerSpeed, nowMs);
  const wanted = decide(state, inputs, percept, nowMs);
  const { velocity, verdict } = judge(state, inputs, percept, wanted.velocity, nowMs);
  const { frozenMs = FROZEN_MS } = state.profile;
  if (percept.odometry) watchWheels(state.wheels, percept.odometry, velocity, frozenMs, nowMs);
  if (inputs.scan) watchScans(state.scans, inputs.scan, state.wheels.way);
  if (state.perception.local) noteCommand(state.perception.local, velocity, nowMs);
  if (verdict.action === "stop" && state.lastGate.action !== "stop") state.gateStops++;
  state.lastGate = verdict;
  return { command: velocity, report: reportOf(state, percept, wanted.drive, nowMs) };
}

function decide(
  state: ControlState,
  inputs: TickInputs,
  percept: Percept,
  nowMs: number,
): { velocity: Velocity; drive: Drive } {
  const { goal, pilot } = inputs;
  if (!goal || !pilot) return decideOurselves(state, inputs, percept, nowMs);
  const { estimate, odometry, scan } = percept;
  const isAble = estimate.isLocalised && odometry && scan && goal.validUntilMs > nowMs && state.world;
  const wish = isAble ? decideByPilot(goal, pilot, estimate.pose, nowMs) : undefined;
  if (wish) {
    state.helplessSinceMs = undefined;
    return wish;
  }
  state.helplessSinceMs ??= nowMs;
  return {
    velocity: STANDSTILL,
    drive: { state: "blocked", goalId: goal.goalId, sinceMs: state.helplessSinceMs },
  };
}

function decideOurselves(
  state: ControlState,
  { goal }: TickInputs,
  { estimate, odometry, scan, movers, odom }: Percept,
  nowMs: number,
): { velocity: Velocity; drive: Drive } {
  if (!goal) {
    state.navigator = undefined;
    return { velocity: STANDSTILL, drive: { state: "idle" } };
  }
  if (!estimate.isLocalised || !odometry || !scan || goal.validUntilMs <= nowMs || !state.world) {
    state.helplessSinceMs ??= nowMs;
    return {
      velocity: STANDSTILL,
      drive: { state: "blocked", goalId: goal.goalId, sinceMs: state.helplessSinceMs },
    };
  }
  state.helplessSinceMs = undefined;
  const { map, layer } = mapFor(state, state.world, estimate.pose, goal.pose);
  const navigator = navigatorFor(state, goal, estimate.pose, nowMs);
  const situation = {
    pose: estimate.pose,
    velocity: odometry.velocity,
    terrain: { map, clearance: layer?.clearance ?? map.clearance, footprint: state.footprint },
    points: scan.points,
    limits: state.profile,
    follower: state.profile.follower,
    local: localOf(state, odom),
    movers,
    people: state.profile.people,
  };
  return navigate(navigator, situation, layer?.version ?? 0, nowMs);
}

function localOf({ perception }: ControlState, odom: Pose | undefined): Situation["local"] {
  return perception.local && odom && { planner: perception.local, odom };
}

/** The map to plan on, and what was observed on it: without a known one, open ground that holds robot and goal. */
function mapFor(
  state: ControlState,
  world: ControlWorld,
  pose: Pose,
  goal: Pose,
): { map: PlanningMap; layer: Perception["layer"] } {
  const holdsAll = (map: PlanningMap): boolean =>
    [pose, goal].every((point) => indexAt(map, point.x, point.y) !== OUTSIDE);
  if (!state.map || (!world.occupancy && !holdsAll(state.map))) {
    const low = (a: Metres, b: Metres): Metres => Math.max(Math.min(a, b) - OPEN_MARGIN, a - OPEN_REACH);
    const high = (a: Metres, b: Metres): Metres => Math.min(Math.max(a, b) + OPEN_MARGIN, a + OPEN_REACH);
    const from = [low(pose.x, goal.x), low(pose.y, goal.y)] as const;
    state.map = openMap(world, from, [high(pose.x, goal.x), high(pose.y, goal.y)]);
  }
  const { layer } = state.perception;
  return { map: state.map, layer: layer?.map === state.map ? layer : undefined };
}

/** The drive under way if the goal is still the same, with what the refreshed goal says now; else a new one. */
function navigatorFor(state: ControlState, goal: Goal, pose: Pose, nowMs: number): Navigator {
  const before = state.navigator;
  const isSame = before?.goal.goalId === goal.goalId && isSamePose(before.goal.pose, goal.pose);
  const navigator = before && isSame ? { ...before, goal } : startNavigator(goal, pose, nowMs, state.planner);
  state.navigator = navigator;
  return navigator;
}

function isSamePose(a: Pose, b: Pose): boolean {
  return a.x === b.x && a.y === b.y && a.yaw === b.yaw;
}

function judge(
  state: ControlState,
  inputs: TickInputs,
  percept: Percept,
  wanted: Velocity,
  nowMs: number,
): ReturnType<typeof gate> {
  return gate(wanted, {
    ...sensesOf(state, percept, nowMs),
    power: inputs.power,
    ...(inputs.goal && { goal: inputs.goal }),
    ...(percept.movers && { movers: percept.movers }),
    ...(percept.hidden && { hidden: percept.hidden }),
    ...(state.map && { map: state.map }),
    footprint: state.footprint,
  });
}

/** What the gate judges the senses by. */
function sensesOf(state: ControlState, percept: Percept, nowMs: number): Parameters<typeof blindness>[0] {
  const { estimate, odometry, scan } = percept;
  const trust = trustIn(state.wheels, nowMs);
  return {
    nowMs,
    frozen: trust === "frozen" ? "odometry" : state.scans.frozen ? "scan" : undefined,
    ...(odometry && { odometry }),
    ...(scan && { scan }),
    ...(estimate.isLocalised && { pose: estimate.pose }),
    limits: trust === "probed" ? carefully(state.profile) : state.profile,
  };
}

function carefully(profile: MotionProfile): MotionProfile {
  return {
    ...profile,
    maxSpeed: Math.min(profile.maxSpeed, PROBING.linear),
    maxReverseSpeed: Math.min(profile.maxReverseSpeed, PROBING.linear),
    maxAngularSpeed: Math.min(profile.maxAngularSpeed, PROBING.angular),
  };
}

function reportOf(state: ControlState, percept: Percept, drive: Drive, nowMs: number): MotionReport {
  const { estimate, odometry } = percept;
  const { pose, sigmaXy, isLocalised } = estimate;
  const blind = blindness(sensesOf(state, percept, nowMs));
  return {
    atMs: nowMs,
    pose,
    sigmaXy,
    isLocalised,
    velocity: odometry?.velocity ?? STANDSTILL,
    drive,
    gate: state.lastGate,
    ...(blind && { blind }),
    ...(percept.scan && { scan: summaryOf(percept.scan) }),
    driven: state.perception.driven,
    sightings: sightingsOf(state),
    route: state.navigator ? thin(remainingRoute(state.navigator)) : [],
    zones: (state.world?.zones ?? []).filter((zone) => isInside([pose.x, pose.y], zone.polygon)).map((zone) => zone.id),
    counters: {
      ticks: state.ticks,
      gateStops: state.gateStops,
      latenessMsMax: state.lateness.maxMs(),
      latenessMsP99: state.lateness.quantileMs(0.99),
    },
  };
}

/** Listed anew only when something has come or gone: a report is made at every tick. */
function sightingsOf(state: ControlState): readonly Point[] {
  const { layer } = state.perception;
  if (!layer) return [];
  if (state.sighted?.layer !== layer || state.sighted.version !== layer.version) {
    const cells = solidCells(layer).slice(-MOST_SIGHTINGS);
    const points = cells.map((cell): Point => [cellCentreX(layer.map, cell), cellCentreY(layer.map, cell)]);
    state.sighted = { layer, version: layer.version, points };
  }
  return state.sighted.points;
}

function summaryOf({ points, validShare }: ScanPoints): NonNullable<MotionReport["scan"]> {
  let least = Infinity;
  for (let at = 0; at + 1 < points.length; at += 2) least = Math.min(least, points[at]! ** 2 + points[at + 1]! ** 2);
  return least === Infinity ? { validShare } : { nearest: Math.sqrt(least), validShare };
}

/** Every n-th point, and the last, so that at most `MOST_ROUTE_POINTS` are left. */
function thin<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length <= MOST_ROUTE_POINTS) return items;
  const stride = Math.ceil(items.length / (MOST_ROUTE_POINTS - 1));
  return items.filter((_, at) => at % stride === 0 || at === items.length - 1);
}
