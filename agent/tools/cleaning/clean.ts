import { sleep, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { isInside, type Point, type Pose } from "#lib/geometry";
import type { Metres, Share } from "#lib/units";
import { CleanInputs, DEFAULT_TARGET } from "#contract/actions";
import type { Contract } from "#contract/contract";
import type { CleaningHead, CleaningPart } from "#drivers/driver";
import { planCoverage } from "#edge-planner/coverage/coverage-plan";
import { type CoveringRobot, makeFloor, type Sightings } from "#edge-planner/coverage/floor";
import type { PlanningMap } from "#edge-planner/planning-map";
import type { Control, MotionReport } from "../../control/control.ts";
import type { ToolResult } from "../../core/situation.ts";
import type { Tool, ToolRequest } from "../tool.ts";
import { CoverageMeter } from "./coverage-meter.ts";
import { driveLegs, type LegWatch } from "./drive-legs.ts";
import { legsOf } from "./legs.ts";
import { SightingMemory } from "./sighting-memory.ts";

/** What cleaning takes besides the request. */
export interface CleaningDeps {
  readonly clock: Clock;
  readonly control: Control;
  /** Absent on a device without one. */
  readonly head: CleaningHead | undefined;
  /** The robot as coverage sees it; absent where the profile names no tool. */
  readonly robot: CoveringRobot | undefined;
  /** What is known of the place of a contract. Throws `contract.invalid` on a broken image. */
  readonly mapOf: (contract: Contract, area: readonly Point[], from: Pose) => PlanningMap;
}

const DEFAULT_PARTS: readonly CleaningPart[] = ["brush", "vacuum"];
/** So much more than asked for is planned: nobody drives as exactly as a plan. */
const PLANNED_BEYOND: Share = 0.015;
/** What is left is planned and tried again as long as a round brings at least this much. */
const LEAST_GAIN: Share = 0.003;
const MOST_ROUNDS = 5;
const COVER_EVERY_MS = 1000;
const LOCALISED_WITHIN_MS = 5000;

/**
 * Cleans an area: by the route of the stage or one planned here, then what was missed on the way, as long as that helps. Goes
 * on from what earlier attempts have covered.
 */
export function createClean(deps: CleaningDeps): Tool {
  return {
    async act(request, signal) {
      const { head, robot, control } = deps;
      if (!head) return failed("tool_missing", "the device has no cleaning head");
      if (!robot) return failed("tool_missing", "the device profile does not say what the cleaning head covers");
      const inputs = CleanInputs.parse(request.stage.inputs);
      const area = areaOf(inputs, request.contract);
      if (!area) return failed("goal_unknown", `there is no zone ${JSON.stringify(inputs.area)}`);
      try {
        return await clean({ ...deps, head, robot, request, signal, area, inputs });
      } catch (thrown) {
        if (!(thrown instanceof AgentError) || !thrown.code.startsWith("driver.")) throw thrown;
        return failed(thrown.code.replace(".", "_"), thrown.message);
      } finally {
        control.stop();
        await switchOff(head);
      }
    },
    verify: () => Promise.resolve({ answer: "not-done" }),
  };
}

interface Job extends CleaningDeps {
  readonly head: CleaningHead;
  readonly robot: CoveringRobot;
  readonly request: ToolRequest;
  readonly signal: AbortSignal;
  readonly area: readonly Point[];
  readonly inputs: CleanInputs;
}

async function clean(job: Job): Promise<ToolResult> {
  const { control, request, robot, area, signal, inputs } = job;
  const report = await localised(job);
  if (!report) {
    return signal.aborted ? { type: "interrupted" } : failed("pose_lost", "the robot does not know where it is");
  }
  const map = job.mapOf(request.contract, area, report.pose);
  const floor = makeFloor(map, area, robot, [report.pose.x, report.pose.y]);
  if (floor.wantedCells === 0) return failed("no_route", "the tool cannot get to any of the area");
  const meter = new CoverageMeter(floor, robot.tool, request.coverage);
  const { target = DEFAULT_TARGET } = inputs;
  const broken = await cover(job, map, meter, target);
  if (broken) return broken;
  const distance = (control.report()?.driven ?? 0) - report.driven;
  if (meter.share >= target) return { type: "done", output: outputOf(meter, distance) };
  const shares = `${percent(meter.share)} of what the tool can get to is covered, ${percent(target)} is wanted`;
  return failed("coverage_short", shares);
}

/** Drives until enough is covered or another round brings next to nothing; answers what broke it off. */
async function cover(job: Job, map: PlanningMap, meter: CoverageMeter, target: Share): Promise<ToolResult | undefined> {
  const { control, request, inputs } = job;
  const watch = watchOf(job, meter);
  for (let round = 0; meter.share < target && round < MOST_ROUNDS; round++) {
    const before = meter.share;
    const pose = control.report()!.pose;
    const isRoute = round === 0 && inputs.route;
    const points = isRoute ? routeLeft(isRoute, meter, pose) : planned(job, map, meter, pose, watch.seen(), target);
    const broken = await driveLegs(job, `${request.key}/${round}`, legsOf(points), watch);
    request.cover?.(meter.map(), []);
    if (broken) return broken;
    if (round > 0 && meter.share - before < LEAST_GAIN) return undefined;
  }
  return undefined;
}

function planned(
  { area, robot }: Job,
  map: PlanningMap,
  meter: CoverageMeter,
  from: Pose,
  sightings: Sightings,
  target: Share,
): readonly Point[] {
  const isCovered = (x: Metres, y: Metres): boolean => meter.isCovered(x, y);
  const wanted = Math.min(1, target + PLANNED_BEYOND);
  return planCoverage({ map, area, robot, from, target: wanted, isCovered, sightings }).points;
}

/** A route from where it was broken off: on from the last stretch that is mostly covered, past what could not be on the way. */
function routeLeft(route: readonly Point[], meter: CoverageMeter, { x, y }: Pose): readonly Point[] {
  const shareOf = (at: number): Share => {
    const samples = samplesOf(route[at - 1] ?? route[at]!, route[at]!);
    return samples.filter((point) => meter.isCovered(point[0], point[1])).length / samples.length;
  };
  const last = route.findLastIndex((_, at) => at > 0 && shareOf(at) >= MOSTLY);
  const next = Math.max(1, last + 1);
  const rest = route.slice(next);
  if (last < 0 || rest.length === 0) return last < 0 ? [[x, y], ...route] : [];
  const start = samplesOf(route[next - 1]!, rest[0]!).find((point) => !meter.isCovered(point[0], point[1]));
  return [[x, y], ...(start ? [start] : []), ...rest];
}

/** Share of a stretch of the route from which it counts as driven: the rest may stand behind an obstacle. */
const MOSTLY: Share = 0.6;
const SAMPLED: Metres = 0.1;

function samplesOf(a: Point, b: Point): Point[] {
  const steps = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / SAMPLED));
  return Array.from({ length: steps + 1 }, (_, step): Point => [
    a[0] + ((b[0] - a[0]) * step) / steps,
    a[1] + ((b[1] - a[1]) * step) / steps,
  ]);
}

/** Looks at every step of the way: runs the head where there is something to clean, and measures what it covers. */
function watchOf({ head, area, inputs, request, clock }: Job, meter: CoverageMeter): LegWatch & { seen(): Sightings } {
  const sightings = new SightingMemory();
  let isOn = false;
  let coveredAtMs = -Infinity;
  return {
    seen: () => sightings.list(clock.nowMs()),
    async look({ pose, isLocalised, sightings: seen = [] }: MotionReport, left) {
      if (!isOn && isInside([pose.x, pose.y], area)) {
        await head.start(inputs.tools ?? DEFAULT_PARTS);
        isOn = true;
      }
      sightings.note(seen, clock.nowMs());
      meter.note(pose, isOn && isLocalised);
      if (clock.nowMs() - coveredAtMs >= COVER_EVERY_MS) {
        coveredAtMs = clock.nowMs();
        request.cover?.(meter.map(), left());
      }
      const { state, reason = "" } = head.health();
      return state === "down" ? failed("tool_down", `the cleaning head is down: ${reason}`) : undefined;
    },
  };
}

function areaOf({ area }: CleanInputs, { spatial }: Contract): readonly Point[] | undefined {
  return typeof area === "string" ? spatial.zones.find(({ id }) => id === area)?.polygon : area;
}

async function localised({ clock, control, signal }: Job): Promise<MotionReport | undefined> {
  const untilMs = clock.nowMs() + LOCALISED_WITHIN_MS;
  for (;;) {
    const report = control.report();
    if (report?.isLocalised) return report;
    if (signal.aborted || clock.nowMs() >= untilMs) return undefined;
    await sleep(clock, 100);
  }
}

/** A head that cannot be reached any more stops by itself: its driver disables it. */
async function switchOff(head: CleaningHead): Promise<void> {
  try {
    await head.stop();
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
  }
}

function outputOf(meter: CoverageMeter, distance: Metres): Readonly<Record<string, unknown>> {
  const { area, share } = meter.map();
  return { coverage: share, area, reachable: meter.reachable, distance };
}

function failed(code: string, detail: string): ToolResult {
  return { type: "failed", code, detail };
}

function percent(share: Share): string {
  return `${(share * 100).toFixed(1)} %`;
}
