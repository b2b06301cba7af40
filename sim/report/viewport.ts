import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { RunRecord } from "../record.ts";
import { type Box, boundsOf, grown, nearestIn } from "./box.ts";
import type { Region } from "./grid-outline.ts";

/** The part of the plane that the report shows, and where on the page it stands. */
export interface Viewport {
  readonly region: Region;
  /** On the page, pixels. */
  readonly panel: Box;
  readonly pixelsPerMetre: number;
}

/** Where a place in the frame `map` stands on the page. */
export function toPage(view: Viewport, [x, y]: Point): Point {
  const { region, panel, pixelsPerMetre } = view;
  return [panel.x + (x - region.x) * pixelsPerMetre, panel.y + panel.height - (y - region.y) * pixelsPerMetre];
}

/**
 * The view of a run in a panel of the given width: all tracks, the landmarks around them and a margin, widened to the
 * shape of the panel. The panel takes the height that the run asks for, between the two limits (pixels).
 */
export function chooseViewport(
  record: RunRecord,
  place: { readonly x: number; readonly y: number; readonly width: number },
  height: { readonly least: number; readonly most: number },
): Viewport {
  const wanted = wantedRegion(record);
  const natural = (place.width * wanted.height) / wanted.width;
  const panel = { ...place, height: Math.max(height.least, Math.min(height.most, natural)) };
  const pixelsPerMetre = Math.min(panel.width / wanted.width, panel.height / wanted.height);
  const [width, tall] = [panel.width / pixelsPerMetre, panel.height / pixelsPerMetre];
  const { map } = record;
  return {
    panel,
    pixelsPerMetre,
    region: {
      x: slide(wanted.x + wanted.width / 2, width, map.originX, map.width * map.resolution),
      y: slide(wanted.y + wanted.height / 2, tall, map.originY, map.height * map.resolution),
      width,
      height: tall,
    },
  };
}

/** A landmark this near to a track is part of the story; farther ones stretch the view for nothing. */
const LANDMARK_REACH: Metres = 10;
const MARGIN: Metres = 2.5;
/** A robot that never moved is shown in at least this much of its surroundings. */
const EXTENT_AT_LEAST: Metres = 8;

function wantedRegion(record: RunRecord): Region {
  const { map } = record;
  const whole = {
    x: map.originX,
    y: map.originY,
    width: map.width * map.resolution,
    height: map.height * map.resolution,
  };
  const tracks = boundsOf(trackPoints(record));
  const landmarks = record.landmarks.map((landmark): Point => [landmark.pose[0], landmark.pose[1]]);
  const near = tracks === undefined ? landmarks : landmarks.filter((point) => isNear(tracks, point));
  const bounds = boundsOf([...trackPoints(record), ...near]) ?? whole;
  return atLeast(bounds === whole ? whole : grown(bounds, MARGIN), EXTENT_AT_LEAST);
}

function trackPoints(record: RunRecord): Point[] {
  return record.devices.flatMap((device) => [
    // Of a run that is only planned, there is nothing else to look at.
    ...(device.truth.length === 0 ? device.planned.flatMap(({ points }) => points) : []),
    ...device.truth.map((point): Point => [point.x, point.y]),
    ...device.projected.map((point): Point => [point.x, point.y]),
  ]);
}

function isNear(tracks: Box, [x, y]: Point): boolean {
  const [nearX, nearY] = nearestIn(tracks, [x, y]);
  return Math.hypot(nearX - x, nearY - y) <= LANDMARK_REACH;
}

function atLeast(region: Region, extent: Metres): Region {
  const [width, height] = [Math.max(region.width, extent), Math.max(region.height, extent)];
  return {
    x: region.x - (width - region.width) / 2,
    y: region.y - (height - region.height) / 2,
    width,
    height,
  };
}

/** Where an interval around `centre` starts when it is moved inside the map, or centred on it when it is longer. */
function slide(centre: Metres, length: Metres, mapStart: Metres, mapLength: Metres): Metres {
  if (length >= mapLength) return mapStart + (mapLength - length) / 2;
  return Math.min(Math.max(centre - length / 2, mapStart), mapStart + mapLength - length);
}
