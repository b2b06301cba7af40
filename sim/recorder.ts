import type { ContractDraft } from "#contract/contract";
import { readEventData, type EventType } from "#contract/event-data";
import type { Event } from "#contract/event";
import type { OccupancyGrid } from "#contract/occupancy-grid";
import type { Landmark, Zone } from "#contract/spatial";
import type { Seconds } from "#lib/units";
import type { Observer } from "./observer.ts";
import type { DeviceRecord, Mark, ProjectedPoint, RunRecord, StageRecord, UnmappedObstacle } from "./record.ts";
import { divergenceText, type DivergenceText } from "./sentences.ts";
import type { TrackPoint } from "./world/metrics.ts";
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
  readonly robots: readonly { readonly id: string; readonly footprint: DeviceRecord["footprint"] }[];
}

export interface Ending {
  readonly outcome: RunRecord["outcome"];
  readonly duration: Seconds;
  /** True course of each robot; `atMs` counts from the start of the run. */
  readonly tracks: ReadonlyMap<string, readonly TrackPoint[]>;
}

/** Watches a run and keeps what the report draws. */
export interface Recorder extends Observer {
  finish(ending: Ending): RunRecord;
}

export function createRecorder(setting: Setting): Recorder {
  const devices = new Map(setting.robots.map((robot) => [robot.id, emptyNotes()]));
  const goals = new Map(setting.contracts.flatMap((draft) => draft.stages.map((stage) => [stage.stageId, stage.goal])));
  const notesOf = (deviceId: string | undefined): Notes => devices.get(deviceId ?? "") ?? emptyNotes();
  return {
    event: (t, deviceId, event) => noteEvent(notesOf(deviceId), t, event, goals),
    cloud(t, note) {
      const notes = notesOf(note.deviceId);
      if (note.type === "device.mode") notes.modes.push({ t, mode: note.data["to"] as Mode });
      if (note.type === "reconciliation") noteReport(notes, t, (note.data["items"] ?? []) as readonly DivergenceText[]);
    },
    view(t, view) {
      const notes = notesOf(view.deviceId);
      if (view.source !== "projected") return;
      if (view.pose) notes.projected.push({ t, x: view.pose.value[0], y: view.pose.value[1], sigma: view.pose.sigma });
      if (view.battery) notes.projectedBattery.push({ t, charge: view.battery.value });
    },
    intervention(t, who, text) {
      const notes = devices.get(who);
      if (notes) mark(notes, t, text, "fault");
    },
    finish: ({ outcome, duration, tracks }) => ({
      scenario: setting.scenario,
      title: setting.title,
      seed: setting.seed,
      outcome,
      duration,
      map: setting.map,
      zones: setting.zones,
      landmarks: setting.landmarks,
      unmapped: setting.unmapped,
      devices: setting.robots.map(({ id, footprint }) =>
        deviceRecord(id, footprint, notesOf(id), tracks.get(id) ?? []),
      ),
    }),
  };
}

/** Obstacles of a world as the report draws them. */
export function unmappedOf(obstacles: readonly ObstacleSpec[]): UnmappedObstacle[] {
  return obstacles.map((obstacle) => {
    if ("polygon" in obstacle) return { kind: "polygon", points: obstacle.polygon };
    const [x, y, radius] = obstacle.circle;
    return { kind: "circle", x, y, radius };
  });
}

type Mode = DeviceRecord["modes"][number]["mode"];
type Writable<List extends readonly unknown[]> = List[number][];

interface Notes {
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

type Note = (notes: Notes, t: Seconds, event: Event, goals: ReadonlyMap<string, string>) => void;

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
    mark(notes, t, `fails: ${goals.get(event.stageId ?? "") ?? event.stageId}`, "stage");
  },
  estimate: (notes, t, event) => {
    const data = readEventData("estimate", event.data);
    if (data && data.route.length > 1) notes.planned.push({ t, points: data.route });
  },
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

function noteAccepted(notes: Notes, t: Seconds, event: Event, goals: ReadonlyMap<string, string>): void {
  const data = readEventData("contract.accepted", event.data);
  if (!data) return;
  const contract = data.name ?? event.contractId ?? "";
  mark(notes, t, `stored contract ${contract}`, "cloud");
  for (const { stageId } of data.stages) {
    const goal = goals.get(stageId) ?? stageId;
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

function mark(notes: Notes, t: Seconds, text: string, kind: Mark["kind"]): void {
  notes.marks.push({ t, text, kind });
}

function deviceRecord(
  id: string,
  footprint: DeviceRecord["footprint"],
  notes: Notes,
  track: readonly TrackPoint[],
): DeviceRecord {
  const truth = track.map(({ atMs, x, y, yaw }) => ({ t: atMs / 1000, x, y, yaw }));
  const battery = [
    ...everyNth(track, 5).map(({ atMs, charge }) => ({ t: atMs / 1000, actual: charge })),
    ...notes.projectedBattery.map(({ t, charge }) => ({ t, actual: chargeAt(track, t), projected: charge })),
  ].toSorted((a, b) => a.t - b.t);
  const { projected, planned, modes, link, marks, divergences } = notes;
  const stages = [...notes.stages.values()];
  return {
    id,
    footprint,
    truth,
    projected,
    planned,
    modes,
    link,
    battery,
    stages,
    marks: placed(marks, track),
    divergences,
  };
}

/** Marks at the place where the robot truly was. */
function placed(marks: readonly Mark[], track: readonly TrackPoint[]): Mark[] {
  return marks.map((one) => {
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
