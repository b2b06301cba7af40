import { FREE, OCCUPIED, type OccupancyGrid, UNKNOWN } from "#contract/occupancy-grid";
import { type Point, pointAlong, polylineLength } from "#lib/geometry";
import type { DeviceRecord, ProjectedPoint, RunRecord, StageRecord, TrackPoint } from "../record.ts";

/** A made-up run to draw: one robot picks, loses its link, goes around two obstacles and hands over. */
export function sampleRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    scenario: "warehouse-pick",
    title: "A robot keeps its contract through an outage: pick order #4521 from Rack B-12 to Packing Station 2",
    seed: 42,
    outcome: "passed",
    duration: 158,
    map: roomMap(),
    zones: [
      {
        id: "kitting-area",
        kind: "keepout",
        polygon: [
          [-2.3, -2.4],
          [2, -2.4],
          [2, 2.1],
          [-2.3, 2.1],
        ],
      },
      {
        id: "crossing",
        kind: "speed-limit",
        maxSpeed: 0.5,
        polygon: [
          [4.4, -6.5],
          [9.8, -6.5],
          [9.8, -3.9],
          [4.4, -3.9],
        ],
      },
      {
        id: "picking",
        kind: "work",
        polygon: [
          [-9.4, -22.8],
          [12.6, -22.8],
          [12.6, 2.6],
          [-9.4, 2.6],
        ],
      },
    ],
    landmarks: [
      { id: "rack-b-12", kind: "rack", pose: [-0.25, -10, Math.PI] },
      { id: "packing-station-2", kind: "station", pose: [10.5, -14.9, 0] },
      { id: "packing-station-1", kind: "station", pose: [10.5, -20.9, 0] },
      { id: "charger-1", kind: "charger", pose: [-13.6, -3, Math.PI] },
      { id: "start", kind: "parking", pose: [-5.5, -1, 0] },
    ],
    unmapped: [
      { kind: "circle", x: 2.9, y: -4.6, radius: 0.35 },
      {
        kind: "polygon",
        points: [
          [8.5, -9.4],
          [9.3, -9.6],
          [9.5, -8.8],
          [8.7, -8.6],
        ],
      },
    ],
    devices: [sampleDevice()],
    expectations: [{ name: "done", detail: "contract('order-4521').status == 'completed'", verdict: { is: "met" } }],
    movers: [],
    doors: [],
    ...changes,
  };
}

/** The robot of the sample run. */
export function sampleDevice(changes: Partial<DeviceRecord> = {}): DeviceRecord {
  const truth = sampleTruth();
  return {
    id: "amr-7",
    footprint: [
      [0.35, 0.25],
      [-0.35, 0.25],
      [-0.35, -0.25],
      [0.35, -0.25],
    ],
    truth,
    projected: projection(),
    planned: [
      { t: 4, points: TO_RACK },
      { t: 30, points: TO_RACK.slice(2) },
      { t: 70, points: PLAN_TO_STATION },
      { t: 96, points: TO_STATION.slice(3) },
    ],
    modes: [
      { t: 0, mode: "live" },
      { t: 80, mode: "projected" },
      { t: 131, mode: "reconciled" },
      { t: 137, mode: "live" },
    ],
    link: [
      { t: 0, isOnline: true },
      { t: 74, isOnline: false },
      { t: 130, isOnline: true },
    ],
    battery: Array.from({ length: 159 }, (_, t) => ({ t, actual: 0.87 - t * 0.00022, ...projectedShare(t) })),
    stages: [
      stage("s1", "Drive to Rack B-12", 5, 52),
      { ...stage("s2", "Pick SKU-7890 from shelf 3", 52, 70), attempts: 2 },
      stage("s3", "Drive to Packing Station 2", 70, 141),
      stage("s4", "Place the item on the conveyor", 141, 155),
    ],
    marks: sampleMarks(truth),
    divergences: [
      { t: 131, kind: "position", text: "2.2 m behind the projection", size: "material" },
      { t: 131, kind: "timing", text: "Drive to Packing Station 2 ends 9 s later than projected", size: "none" },
      { t: 131, kind: "battery", text: "84 % instead of 83 %", size: "minor" },
    ],
    events: [
      { t: 3, who: "device", text: "has stored contract order-4521 (4 steps) on its disk" },
      { t: 80, who: "cloud", text: "cannot hear amr-7: it is projected from now on, its task stays locked" },
    ],
    ...changes,
  };
}

function sampleTruth(): TrackPoint[] {
  const toRack = drive(TO_RACK, 5, 52);
  const toStation = drive(TO_STATION, 70, 141);
  return [
    ...hold(toRack[0]!, 0, 5),
    ...toRack,
    ...hold(toRack.at(-1)!, 52, 70),
    ...toStation,
    ...hold(toStation.at(-1)!, 141, 158),
  ];
}

function sampleMarks(truth: readonly TrackPoint[]): DeviceRecord["marks"] {
  return [
    { t: 3, text: "contract stored on the device", kind: "stage", at: placeOf(truth, 3) },
    { t: 66, text: "picked SKU-7890", kind: "load", at: placeOf(truth, 66) },
    { t: 74, text: "lost the link", kind: "link", at: placeOf(truth, 74) },
    { t: 80, text: "the cloud projects the device from here on", kind: "cloud" },
    { t: 104, text: "agent killed and restarted", kind: "fault", at: placeOf(truth, 104) },
    { t: 130, text: "the link is back", kind: "link", at: placeOf(truth, 130) },
    { t: 131, text: "reconciled", kind: "cloud", at: placeOf(truth, 131) },
    { t: 154, text: "placed at Packing Station 2", kind: "load", at: placeOf(truth, 154) },
  ];
}

function stage(stageId: string, goal: string, startT: number, endT: number): StageRecord {
  return { contract: "order-4521", stageId, goal, status: "completed", startT, endT, attempts: 1 };
}

function projectedShare(t: number): { readonly projected?: number } {
  return t >= 80 && t <= 131 ? { projected: 0.8524 - (t - 80) * 0.00033 } : {};
}

const TO_RACK: readonly Point[] = [
  [-5.5, -1],
  [-3.6, -2.6],
  [-0.6, -3.2],
  [0.6, -4.2],
  [0.7, -8],
  [0.4, -9.6],
  [-0.25, -10],
];
const PLAN_TO_STATION: readonly Point[] = [
  [-0.25, -10],
  [1, -8],
  [2.1, -4.6],
  [3.4, -3.3],
  [7.4, -3.3],
  [8.7, -5],
  [8.9, -13],
  [10.1, -14.9],
];
const TO_STATION: readonly Point[] = [
  [-0.25, -10],
  [1, -8],
  [1.6, -5.2],
  [2.1, -3.7],
  [3, -3],
  [4.4, -3],
  [6.8, -3.1],
  [7.9, -4.6],
  [8, -8],
  [8.2, -10],
  [8.8, -11.4],
  [8.9, -13],
  [10.1, -14.9],
];

/** A square room of 30 m with a wall around it, two shelves whose inside is unknown, and open floor. */
export function roomMap(): OccupancyGrid {
  const [width, height] = [300, 300];
  const cells = new Uint8Array(width * height).fill(FREE);
  fill(cells, width, [0, 0, 300, 3], OCCUPIED);
  fill(cells, width, [0, 297, 300, 300], OCCUPIED);
  fill(cells, width, [0, 0, 3, 300], OCCUPIED);
  fill(cells, width, [297, 0, 300, 300], OCCUPIED);
  for (const left of [120, 200]) {
    fill(cells, width, [left, 20, left + 20, 190], OCCUPIED);
    fill(cells, width, [left + 1, 21, left + 19, 189], UNKNOWN);
  }
  return { width, height, resolution: 0.1, originX: -15.1, originY: -25, cells };
}

function fill(cells: Uint8Array, width: number, [left, bottom, right, top]: readonly number[], value: number): void {
  for (let row = bottom!; row < top!; row++) cells.fill(value, row * width + left!, row * width + right!);
}

/** Five places a second along a route that is driven at one speed. */
function drive(route: readonly Point[], from: number, to: number): TrackPoint[] {
  const steps = (to - from) * 5;
  const length = polylineLength(route);
  return Array.from({ length: steps + 1 }, (_, at) => ({
    t: from + at / 5,
    ...pointAlong(route, (length * at) / steps),
  }));
}

function hold(place: TrackPoint, from: number, to: number): TrackPoint[] {
  return Array.from({ length: (to - from) * 5 }, (_, at) => ({ ...place, t: from + at / 5 }));
}

/** The cloud believes the robot on its plan and three metres further than it comes. */
function projection(): ProjectedPoint[] {
  return Array.from({ length: 52 }, (_, at) => {
    const { x, y } = pointAlong(PLAN_TO_STATION, (at + 10) * 0.327 + (at / 51) * 3);
    return { t: 80 + at, x, y, sigma: 0.15 + at * 0.022 };
  });
}

function placeOf(truth: readonly TrackPoint[], t: number): Point {
  const point = truth.find((place) => place.t >= t) ?? truth.at(-1)!;
  return [point.x, point.y];
}
