import { deflateRawSync } from "node:zlib";
import type { GridFrame } from "#edge-planner/grid";
import type {
  CostmapRecord,
  DeviceRecord,
  DoorRecord,
  MotionRecord,
  MoverRecord,
  RunRecord,
  ScanRecord,
} from "../record.ts";
import { spansOf } from "./track-geometry.ts";
import type { TimeScale } from "./time-scale.ts";
import type { Viewport } from "./viewport.ts";

/**
 * A run as the page holds it. Columns are whole numbers, each but the first as its difference from the one before: times in
 * hundredths of a second, places in centimetres, angles in milliradians, shares in ten-thousandths.
 */
export interface PageData {
  readonly duration: number;
  readonly view: Viewport;
  readonly axis: { readonly left: number; readonly right: number; readonly end: number; readonly width: number };
  readonly devices: readonly PageDevice[];
  readonly movers: readonly (Omit<MoverRecord, "samples"> & { readonly course: Columns })[];
  readonly doors: readonly (Pick<DoorRecord, "id" | "line"> & { readonly states: readonly PageSpan[] })[];
  readonly grids: readonly PageGrid[];
}

export type Columns = Readonly<Record<string, readonly number[]>>;

export interface PageDevice {
  readonly id: string;
  readonly footprint: DeviceRecord["footprint"];
  readonly truth: Columns;
  readonly projected: Columns;
  readonly battery: Columns;
  readonly link: readonly PageSpan[];
  readonly modes: readonly PageSpan[];
  readonly stages: readonly PageSpan[];
  readonly gate: readonly PageSpan[];
  readonly routes: readonly { readonly t: number; readonly way: Columns }[];
  readonly scans: PageScans;
  readonly costmaps: readonly {
    readonly t: number;
    readonly grid: number;
    readonly observed: readonly PageObserved[];
  }[];
}

/** Something that held from one time to another, in seconds, and the words for it. */
export interface PageSpan {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface PageObserved {
  readonly t: number;
  readonly appeared: readonly number[];
  readonly gone: readonly number[];
}

/** Sweeps of one lidar; `ranges` in steps of `unit` metres, scan after scan, 0 where nothing was hit. */
export interface PageScans {
  readonly course: Columns;
  readonly rays: number;
  readonly angleMin: number;
  readonly angleStep: number;
  readonly unit: number;
  readonly ranges: readonly number[];
}

export interface PageGrid {
  /** The grid that is drawn. */
  readonly frame: GridFrame;
  /** The grid in which observed cells are numbered. */
  readonly cells: GridFrame;
  /** Level and how many cells in a row have it, over and over. */
  readonly runs: readonly number[];
  readonly closed: number;
  readonly rings: CostmapRecord["rings"];
}

/** How much of what was recorded goes into a page: every how many-th scan and ray, and how finely. */
export interface Thinning {
  readonly scans: number;
  readonly rays: number;
  readonly rangeUnit: number;
}

/** From all that was recorded to what is always small; a run takes the first that fits. */
const THINNINGS: readonly Thinning[] = [
  { scans: 1, rays: 1, rangeUnit: 0.02 },
  { scans: 2, rays: 1, rangeUnit: 0.04 },
  { scans: 2, rays: 2, rangeUnit: 0.05 },
  { scans: 4, rays: 2, rangeUnit: 0.05 },
  { scans: 10, rays: 2, rangeUnit: 0.05 },
  { scans: 40, rays: 3, rangeUnit: 0.1 },
];
/** Cells of a costmap that a page draws; a larger one is coarsened. */
const GRID_CELLS_MAX = 400_000;

/** The data of a page as base64 of deflated JSON, thinned until it takes at most `bytesMax`, or as far as it can be. */
export function packPage(
  record: RunRecord,
  view: Viewport,
  axis: TimeScale & { readonly width: number },
  bytesMax: number,
): string {
  let packed = "";
  for (const thinning of THINNINGS) {
    packed = deflateRawSync(JSON.stringify(pageData(record, view, axis, thinning)), { level: 9 }).toString("base64");
    if (packed.length <= bytesMax) break;
  }
  return packed;
}

export function pageData(
  record: RunRecord,
  view: Viewport,
  { left, right, end, width }: TimeScale & { readonly width: number },
  thinning: Thinning,
): PageData {
  const grids = new GridList();
  return {
    duration: record.duration,
    view,
    axis: { left, right, end, width },
    devices: record.devices.map((device) => pageDevice(device, record.duration, grids, thinning)),
    movers: record.movers.map(({ samples, ...mover }) => ({
      ...mover,
      course: columns(samples, { t: 100, x: 100, y: 100, yaw: 1000 }),
    })),
    doors: record.doors.map(({ id, line, changes }) => ({
      id,
      line,
      states: spans(changes, record.duration, ({ state }) => state),
    })),
    grids: grids.all,
  };
}

function pageDevice(device: DeviceRecord, end: number, grids: GridList, thinning: Thinning): PageDevice {
  const { id, footprint, truth, projected, battery, stages, motion = NO_MOTION } = device;
  return {
    id,
    footprint,
    truth: columns(truth, { t: 100, x: 100, y: 100, yaw: 1000 }),
    projected: columns(projected, { t: 100, x: 100, y: 100, sigma: 100 }),
    battery: columns(
      battery.map(({ t, actual }) => ({ t, actual })),
      { t: 100, actual: 10_000 },
    ),
    link: spans(device.link, end, ({ isOnline }) => (isOnline ? "online" : "offline")),
    modes: spans(device.modes, end, ({ mode }) => mode),
    stages: stages.flatMap(({ goal, status, startT, endT = end }) =>
      startT === undefined
        ? []
        : [{ from: startT, to: endT, text: status === "completed" ? goal : `${goal} (${status})` }],
    ),
    gate: spans(motion.gate, end, ({ action, reason }) =>
      reason ? `${action}: ${reason.replaceAll("_", " ")}` : action,
    ),
    routes: motion.routes.map(({ t, points }) => ({
      t,
      way: columns(
        points.map(([x, y]) => ({ x, y })),
        { x: 100, y: 100 },
      ),
    })),
    scans: pageScans(motion.scans, thinning),
    costmaps: motion.costmaps.map((costmap) => ({
      t: costmap.t,
      grid: grids.take(costmap),
      observed: costmap.observed.map(({ t, appeared, gone }) => ({
        t,
        appeared: deltas(appeared),
        gone: deltas(gone),
      })),
    })),
  };
}

const NO_MOTION: MotionRecord = { scans: [], gate: [], routes: [], costmaps: [] };

function spans<Change extends { readonly t: number }>(
  changes: readonly Change[],
  end: number,
  textOf: (change: Change) => string,
): PageSpan[] {
  return spansOf(changes, end, textOf).map(({ from, to, value }) => ({
    from: hundredths(from),
    to: hundredths(to),
    text: value,
  }));
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function columns<Name extends string>(
  rows: readonly Readonly<Record<Name, number>>[],
  scales: Readonly<Record<Name, number>>,
): Columns {
  const names = Object.keys(scales) as Name[];
  return Object.fromEntries(
    names.map((name) => [name, deltas(rows.map((row) => Math.round(row[name] * scales[name])))]),
  );
}

function deltas(values: readonly number[]): number[] {
  return values.map((value, at) => (at === 0 ? value : value - values[at - 1]!));
}

function pageScans(all: readonly ScanRecord[], thinning: Thinning): PageScans {
  const shape = all[0];
  // A lidar does not change its sweep; should one be exchanged, the first is shown.
  const scans = all.filter(({ ranges }, at) => ranges.length === shape!.ranges.length && at % thinning.scans === 0);
  const rays = Math.ceil((shape?.ranges.length ?? 0) / thinning.rays);
  const ranges = scans.flatMap((scan) =>
    scan.ranges.filter((_, ray) => ray % thinning.rays === 0).map((range) => Math.round(range / thinning.rangeUnit)),
  );
  return {
    course: columns(
      scans.map(({ t, lidar }) => ({ t, ...lidar })),
      { t: 100, x: 100, y: 100, yaw: 1000 },
    ),
    rays,
    angleMin: shape?.angleMin ?? 0,
    angleStep: (shape?.angleStep ?? 0) * thinning.rays,
    unit: thinning.rangeUnit,
    ranges: deltas(ranges),
  };
}

/** Costmaps by what they show: robots of one kind on one map share one. */
class GridList {
  readonly all: PageGrid[] = [];
  readonly #known = new Map<string, number>();

  take(costmap: CostmapRecord): number {
    const grid = pageGrid(costmap);
    const key = JSON.stringify(grid);
    const at = this.#known.get(key) ?? this.all.length;
    if (at === this.all.length) this.all.push(grid);
    this.#known.set(key, at);
    return at;
  }
}

function pageGrid({ frame, levels, closed, rings }: CostmapRecord): PageGrid {
  const side = Math.max(1, Math.ceil(Math.sqrt(levels.length / GRID_CELLS_MAX)));
  const [width, height] = [Math.ceil(frame.width / side), Math.ceil(frame.height / side)];
  const coarse = new Uint8Array(width * height);
  for (const [cell, level] of levels.entries()) {
    const into = Math.floor(cell / frame.width / side) * width + Math.floor((cell % frame.width) / side);
    if (level > coarse[into]!) coarse[into] = level;
  }
  return {
    frame: { ...frame, width, height, resolution: frame.resolution * side },
    cells: frame,
    runs: runLengths(coarse),
    closed,
    rings,
  };
}

function runLengths(values: Uint8Array): number[] {
  const runs: number[] = [];
  for (let from = 0; from < values.length;) {
    let to = from + 1;
    while (to < values.length && values[to] === values[from]) to++;
    runs.push(values[from]!, to - from);
    from = to;
  }
  return runs;
}
