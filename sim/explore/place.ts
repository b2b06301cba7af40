import { encode } from "fast-png";
import type { Landmark, Occupancy, PoseTuple, Zone } from "#contract/spatial";
import { createRng, type Rng } from "#lib/rng";
import type { Metres } from "#lib/units";
import { SiteSpec } from "../world/world-spec.ts";

/** A small site in which a seed plays: racks along one wall, conveyors along the other, shelves between them. */
export interface ExploredPlace {
  readonly occupancy: Occupancy;
  readonly sites: readonly SiteSpec[];
  readonly landmarks: readonly Landmark[];
  /** Ids of the landmarks at which a robot picks, and at which it places; the site of each has the same id with a `-site` behind it. */
  readonly racks: readonly string[];
  readonly conveyors: readonly string[];
  /** Places on open floor, far enough from each other for robots and obstacles, in random order. */
  readonly spots: readonly PoseTuple[];
  readonly zones: readonly Zone[];
}

export const SKU = "SKU-1";
/** Seeds share so many places, because making one ready takes longer than a run. */
const PLACES = 8;

const RESOLUTION: Metres = 0.1;
const MARGIN: Metres = 0.9;
const SPACING: Metres = 1.6;
/** From a wall to the site in it, and to where a robot stands to work there. */
const SITE_DEPTH: Metres = 0.2;
const STAND: Metres = 1.05;

const known = new Map<number, ExploredPlace>();

/** One of a few places, the same for every run of this process. */
export function drawPlace(rng: Rng): ExploredPlace {
  const number = rng.integer(1, PLACES);
  const place = known.get(number) ?? makePlace(createRng("explored places").fork(String(number)));
  known.set(number, place);
  return place;
}

interface Box {
  readonly left: Metres;
  readonly bottom: Metres;
  readonly right: Metres;
  readonly top: Metres;
}

function makePlace(rng: Rng): ExploredPlace {
  const [width, height] = [rng.integer(9, 13), rng.integer(8, 10)];
  const shelves = drawShelves(rng.fork("shelves"), width, height);
  const racks = alongWall(rng.integer(2, 3), "rack", width, height - SITE_DEPTH, height - STAND, Math.PI / 2);
  const conveyors = alongWall(rng.integer(1, 2), "conveyor", width, SITE_DEPTH, STAND, -Math.PI / 2);
  const stands = [...racks, ...conveyors];
  return {
    occupancy: imageOf(width, height, shelves),
    sites: stands.map(({ site }) => site),
    landmarks: stands.map(({ landmark }) => landmark),
    racks: racks.map(({ landmark }) => landmark.id),
    conveyors: conveyors.map(({ landmark }) => landmark.id),
    spots: spotsOf(rng.fork("spots"), width, height, shelves),
    zones: drawZones(rng.fork("zones"), width, height),
  };
}

/** Islands in the middle of the floor, with room to pass on every side. */
function drawShelves(rng: Rng, width: Metres, height: Metres): Box[] {
  return Array.from({ length: rng.integer(0, 2) }, (_, at): Box => {
    const left = width * (0.28 + 0.32 * at) + rng.float() * 0.6;
    const bottom = height / 2 - 0.4 - rng.float() * 0.5;
    return { left, bottom, right: left + 0.7, top: bottom + 0.8 + rng.float() };
  });
}

interface Stand {
  readonly site: SiteSpec;
  readonly landmark: Landmark;
}

function alongWall(
  count: number,
  kind: "rack" | "conveyor",
  width: Metres,
  siteY: Metres,
  standY: Metres,
  yaw: number,
): Stand[] {
  return Array.from({ length: count }, (_, at) => {
    const x = (width * (at + 1)) / (count + 1);
    const id = `${kind}-${at + 1}`;
    const stock = kind === "rack" ? { [SKU]: 20 } : {};
    return {
      site: SiteSpec.parse({ id: siteAt(id), kind, pose: [x, siteY, -yaw], reach: 1.4, stock }),
      landmark: { id, kind, pose: [x, standY, yaw] },
    };
  });
}

/** The site at which a robot works that stands at a landmark. */
export function siteAt(landmarkId: string): string {
  return `${landmarkId}-site`;
}

function imageOf(width: Metres, height: Metres, shelves: readonly Box[]): Occupancy {
  const [columns, rows] = [Math.round(width / RESOLUTION), Math.round(height / RESOLUTION)];
  const data = new Uint8Array(columns * rows).fill(FREE);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x, y] = [(column + 0.5) * RESOLUTION, (rows - row - 0.5) * RESOLUTION];
      const isWall = row === 0 || column === 0 || row === rows - 1 || column === columns - 1;
      if (isWall || shelves.some((box) => isIn(box, x, y, 0))) data[row * columns + column] = OCCUPIED;
    }
  }
  const png = encode({ width: columns, height: rows, data, channels: 1, depth: 8 });
  return {
    resolution: RESOLUTION,
    origin: [0, 0, 0],
    negate: 0,
    occupied_thresh: 0.65,
    free_thresh: 0.1,
    png: Buffer.from(png).toString("base64"),
  };
}

const FREE = 254;
const OCCUPIED = 0;

function isIn({ left, right, bottom, top }: Box, x: Metres, y: Metres, margin: Metres): boolean {
  return x > left - margin && x < right + margin && y > bottom - margin && y < top + margin;
}

function spotsOf(rng: Rng, width: Metres, height: Metres, shelves: readonly Box[]): PoseTuple[] {
  const spots: { readonly pose: PoseTuple; readonly order: number }[] = [];
  for (let x = MARGIN; x <= width - MARGIN; x += SPACING) {
    for (let y = STAND + 0.9; y <= height - STAND - 0.9; y += SPACING) {
      const pose: PoseTuple = [x, y, rng.float() * 6 - 3];
      if (!shelves.some((box) => isIn(box, x, y, MARGIN))) spots.push({ pose, order: rng.uint32() });
    }
  }
  return spots.toSorted((a, b) => a.order - b.order).map(({ pose }) => pose);
}

function drawZones(rng: Rng, width: Metres, height: Metres): Zone[] {
  const corner = 0.14 * width;
  const slow: Zone = { id: "slow", kind: "speed-limit", maxSpeed: 0.5, polygon: rectangle(width / 3, 0, width, 2.2) };
  const shut: Zone = { id: "shut", kind: "keepout", polygon: rectangle(0, height / 2 - 0.6, corner, height / 2 + 0.6) };
  return [...(rng.chance(1, 2) ? [slow] : []), ...(rng.chance(1, 2) ? [shut] : [])];
}

function rectangle(left: Metres, bottom: Metres, right: Metres, top: Metres): [Metres, Metres][] {
  return [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ];
}
