import type { ContractDraft } from "#contract/contract";
import { readEventData, type EventType } from "#contract/event-data";
import type { Event } from "#contract/event";
import type { OccupancyGrid } from "#contract/occupancy-grid";
import type { Landmark, Zone } from "#contract/spatial";
import type { Point } from "#lib/geometry";
import type { Seconds } from "#lib/units";
import type { Observer } from "./observer.ts";
import type { Unjudged } from "./expectations.ts";
import type { DeviceRecord, Mark, ProjectedPoint, RunRecord, StageRecord, UnmappedObstacle } from "./record.ts";
import { type CoverageRecorder, createCoverageRecorder } from "./recording/coverage-recorder.ts";
import { createMotionRecorder, type MotionRecorder } from "./recording/motion-recorder.ts";
import { createSurroundingsRecorder } from "./recording/surroundings-recorder.ts";
import { incidentsOf, VerdictWatch, verdictsOf, violationMarks } from "./recording/verdicts.ts";
import type { Expectation } from "./result.ts";
import { cloudSentence, divergenceText, type DivergenceText, eventSentence } from "./sentences.ts";
import { StageGoals } from "./stage-goals.ts";
import type { Metrics, TrackPoint } from "./world/metrics.ts";
import type { ObstacleSpec } from "./world/world-spec.ts";

/** What is known of a run before it starts. */
export interface Setting {
  readonly scenario: string;
  readonly title: string;
  readonly seed: number;
  readonly map: OccupancyGrid;
  readonly zones: readonly Zone[];
  readonly landmarks: readonly Landmark[];
  readonly unmapped: readonly UnmappedObstacle[];
  readonly contracts: readonly ContractDraft[];
  /** What is expected of the run, as CEL. */
  readonly expected: readonly { readonly name: string; readonly that: string }[];
  readonly robots: readonly {
    readonly id: string;
    readonly footprint: DeviceRecord["footprint"];
    /** Corners of what its cleaning head cleans at once. */
    readonly tool?: readonly Point[] | undefined;
  }[];
}

export interface Ending {
  readonly unjudged: Unjudged;
  readonly expectations: readonly Expectation[];
  /** What each robot truly did, and its course; times are on a clock that showed `startMs` when the run began. */
  readonly truths: ReadonlyMap<string, { readonly metrics: Metrics; readonly track: readonly TrackPoint[] }>;
  readonly startMs: number;
}

/** Watches a run and keeps what the report draws. */
export interface Recorder extends Observer {
  finish(ending: Ending): RunRecord;
}

export function createRecorder(setting: Setting): Recorder {
  const devices = new Map(setting.robots.map((robot) => [robot.id, emptyNotes()]));
  const goals = new StageGoals(setting.contracts);
  const watch = new VerdictWatch();
  const beside = createSurroundingsRecorder();
  const notesOf = (deviceId: string | undefined): Notes => devices.get(deviceId ?? "") ?? emptyNotes();
  return {
    event(t, deviceId, event) {
      const goal = goals.of(event);
      noteEvent(notesOf(deviceId), t, event, goals);
      tell(notesOf(deviceId), t, "device", eventSentence(event, goal));
    },
    tick: (t, deviceId, ...tick) => notesOf(deviceId).motion.tick(t, ...tick),
    judged: (t, expectations) => watch.judged(t, expectations),
    surroundings: (t, seen) => beside.look(t, seen),
    cloud(t, note) {
      const notes = notesOf(note.deviceId);
      if (note.type === "device.mode") notes.modes.push({ t, mode: note.data["to"] as Mode });
      if (note.type === "reconciliation") noteReport(notes, t, (note.data["items"] ?? []) as readonly DivergenceText[]);
      tell(notes, t, "cloud", cloudSentence(note));
    },
    view(t, view) {
      const notes = notesOf(view.deviceId);
      if (view.source !== "projected") return;
      if (view.pose) notes.projected.push({ t, x: view.pose.value[0], y: view.pose.value[1], sigma: view.pose.sigma });
      if (view.battery) notes.projectedBattery.push({ t, charge: view.battery.value });
    },
    intervention(t, who, text) {
      const notes = devices.get(who);
      if (!notes) return;
      mark(notes, t, text, "fault");
      tell(notes, t, "world", text);
    },
    finish: (ending) => finishRecord(setting, ending, { notesOf, watch, ...beside.record() }),
  };
}

function finishRecord(
  setting: Setting,
  { unjudged, expectations, truths, startMs }: Ending,
  seen: {
    readonly notesOf: (deviceId: string) => Notes;
    readonly watch: VerdictWatch;
    readonly movers: RunRecord["movers"];
    readonly doors: RunRecord["doors"];
  },
): RunRecord {
  const { contracts: _, robots, expected, ...known } = setting;
  const incidents = new Map([...truths].map(([id, { metrics }]) => [id, incidentsOf(metrics, startMs)]));
  const verdicts = verdictsOf({ unjudged, expected, expectations, incidents }, seen.watch);
  return {
    ...known,
    outcome: expectations.every(({ ok }) => ok) ? "passed" : "failed",
    duration: unjudged.virtualSeconds,
    expectations: verdicts,
    movers: seen.movers,
    doors: seen.doors,
    devices: robots.map((robot) => {
      const track = (truths.get(robot.id)?.track ?? []).map((point) => ({ ...point, atMs: point.atMs - startMs }));
      const own = violationMarks(robot.id, incidents.get(robot.id) ?? [], verdicts);
      return deviceRecord(robot, seen.notesOf(robot.id), track, own);
    }),
  };
}

/** Obstacles of a world as the report draws them. */
export function unmappedOf(obstacles: readonly ObstacleSpec[]): UnmappedObstacle[] {
  return obstacles.map((obstacle) => {
    if ("polygon" in obstacle) return { kind: "polygon", points: obstacle.polygon };
    if ("wall" in obstacle) return { kind: "wall", points: obstacle.wall };
    const [x, y, radius] = obstacle.circle;
    return { kind: "circle", x, y, radius };
  });
}

type Mode = DeviceRecord["modes"][number]["mode"];
type Writable<List extends readonly unknown[]> = List[number][];

interface Notes {
  readonly motion: MotionRecorder;
  readonly coverage: CoverageRecorder;
  readonly events: Writable<DeviceRecord["events"]>;
  readonly projected: ProjectedPoint[];
  readonly projectedBattery: { t: number; charge: number }[];
  readonly planned: Writable<DeviceRecord["planned"]>;
  readonly modes: Writable<DeviceRecord["modes"]>;
  readonly link: Writable<DeviceRecord["link"]>;
  readonly stages: Map<string, StageRecord>;
  readonly marks: Mark[];
  readonly divergences: Writable<DeviceRecord["divergences"]>;
}

function emptyNotes(): Notes {
  return {
    motion: createMotionRecorder(),
    coverage: createCoverageRecorder(),
    events: [],
    projected: [],
    projectedBattery: [],
    planned: [],
    modes: [],
    link: [],
    stages: new Map(),
    marks: [],
    divergences: [],
  };
}

type Note = (notes: Notes, t: Seconds, event: Event, goals: StageGoals) => void;

function noteEvent(...[notes, t, event, goals]: Parameters<Note>): void {
  if (Object.hasOwn(NOTES, event.type)) NOTES[event.type as EventType]?.(notes, t, event, goals);
}

const NOTES: { readonly [Type in EventType]?: Note } = {
  "contract.accepted": noteAccepted,
  "stage.started": (notes, t, event) => changeStage(notes, event, { status: "started", startT: t }),
  "stage.attempt": (notes, _t, event) =>
    changeStage(notes, event, { attempts: readEventData("stage.attempt", event.data)?.n ?? 1 }),
  "stage.completed": (notes, t, event) => changeStage(notes, event, { status: "completed", endT: t }),
  "stage.failed": (notes, t, event, goals) => {
    changeStage(notes, event, { status: "failed", endT: t });
    mark(notes, t, `fails: ${goals.of(event)}`, "stage");
  },
  estimate: (notes, t, event) => {
    const data = readEventData("estimate", event.data);
    if (data && data.route.length > 1) notes.planned.push({ t, points: data.route });
  },
  coverage: ({ coverage }, _t, event) => coverage.note(event),
  movement: (notes, t, event) => {
    const data = readEventData("movement", event.data);
    if (data) mark(notes, t, data.kind === "PICK" ? `took ${data.sku}` : `put ${data.sku} down`, "load");
  },
  "link.changed": (notes, t, event) => {
    const isOnline = event.data["state"] === "online";
    notes.link.push({ t, isOnline });
    if (!isOnline) mark(notes, t, "noticed that the link is gone", "link");
  },
  boot: (notes, t, event) => {
    if (event.data["start"] === "restart" && t > 0.5) mark(notes, t, "agent restarted", "fault");
  },
};

function noteAccepted(notes: Notes, t: Seconds, event: Event, goals: StageGoals): void {
  const data = readEventData("contract.accepted", event.data);
  if (!data) return;
  const contract = data.name ?? event.contractId ?? "";
  mark(notes, t, `stored contract ${contract}`, "cloud");
  for (const { stageId } of data.stages) {
    const goal = goals.goal(event.contractId ?? "", stageId);
    notes.stages.set(`${event.contractId}/${stageId}`, { contract, stageId, goal, status: "pending", attempts: 0 });
  }
}

function changeStage(notes: Notes, event: Event, change: Partial<StageRecord>): void {
  const key = `${event.contractId}/${event.stageId}`;
  const known = notes.stages.get(key);
  if (!known) return;
  const isRestart = change.startT !== undefined && known.startT !== undefined;
  notes.stages.set(key, { ...known, ...change, ...(isRestart ? { startT: known.startT! } : {}) });
}

function noteReport(notes: Notes, t: Seconds, items: readonly DivergenceText[]): void {
  mark(notes, t, "reconciled", "cloud");
  for (const item of items) {
    notes.divergences.push({ t, kind: item.kind, text: divergenceText(item), size: item.size });
  }
}

function tell(notes: Notes, t: Seconds, who: DeviceRecord["events"][number]["who"], text: string | undefined): void {
  if (text !== undefined) notes.events.push({ t, who, text });
}

function mark(notes: Notes, t: Seconds, text: string, kind: Mark["kind"]): void {
  notes.marks.push({ t, text, kind });
}

function deviceRecord(
  { id, footprint, tool }: Setting["robots"][number],
  notes: Notes,
  track: readonly TrackPoint[],
  violations: readonly Mark[],
): DeviceRecord {
  const truth = track.map(({ atMs, x, y, yaw }) => ({ t: atMs / 1000, x, y, yaw }));
  const battery = [
    ...everyNth(track, 5).map(({ atMs, charge }) => ({ t: atMs / 1000, actual: charge })),
    ...notes.projectedBattery.map(({ t, charge }) => ({ t, actual: chargeAt(track, t), projected: charge })),
  ].toSorted((a, b) => a.t - b.t);
  const { projected, planned, modes, link, marks, divergences, events } = notes;
  const motion = notes.motion.record();
  const stages = [...notes.stages.values()];
  const coverage = notes.coverage.record(truth, tool);
  return {
    id,
    ...(coverage && { coverage }),
    footprint,
    truth,
    projected,
    planned,
    modes,
    link,
    battery,
    stages,
    marks: placed([...marks, ...violations], track),
    divergences,
    events,
    ...(motion.gate.length > 0 && { motion }),
  };
}

/** Marks at the place where the robot truly was. */
function placed(marks: readonly Mark[], track: readonly TrackPoint[]): Mark[] {
  return marks.map((one) => {
    if (one.at) return one;
    const point = pointAt(track, one.t);
    return point ? { ...one, at: [point.x, point.y] } : one;
  });
}

function pointAt(track: readonly TrackPoint[], t: Seconds): TrackPoint | undefined {
  return track.findLast((point) => point.atMs <= t * 1000) ?? track[0];
}

function chargeAt(track: readonly TrackPoint[], t: Seconds): number {
  return pointAt(track, t)?.charge ?? 0;
}

function everyNth<Item>(items: readonly Item[], n: number): Item[] {
  return items.filter((_, index) => index % n === 0);
}
