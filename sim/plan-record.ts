import type { Outlook } from "#agent/core/estimate";
import type { Preview } from "#agent/core/preview";
import type { Contract } from "#contract/contract";
import { decodeOccupancy, FREE, type OccupancyGrid } from "#contract/occupancy-grid";
import { pointAlong } from "#lib/geometry";
import type { Mark, RunRecord } from "./record.ts";

/** A contract that nobody has carried out yet as a record of a run: its place, its ways, and a mark for each stage. */
export function planRecord(contract: Contract, outlook: Outlook, preview: Preview): RunRecord {
  const { spatial, task, name, taskId, deviceId } = contract;
  return {
    scenario: name ?? taskId,
    title: task.title,
    seed: 0,
    outcome: "passed",
    duration: preview.total.seconds,
    map: spatial.occupancy ? decodeOccupancy(spatial.occupancy) : emptyMap(outlook),
    zones: spatial.zones,
    landmarks: spatial.landmarks,
    unmapped: [],
    expectations: [],
    movers: [],
    doors: [],
    devices: [
      {
        id: deviceId,
        footprint: [],
        truth: [],
        projected: [],
        planned: [...outlook.routes.values()].map((points) => ({ t: 0, points })),
        modes: [],
        link: [],
        battery: [],
        stages: [],
        marks: marksOf(outlook, preview),
        divergences: [],
        events: [],
      },
    ],
  };
}

/** Each stage where it ends, at the time when it should begin; what stands still is marked where the drive before it ended. */
function marksOf(outlook: Outlook, { stages }: Preview): readonly Mark[] {
  let at: readonly [number, number] | undefined;
  return stages.map(({ stageId, goal, startSeconds, time }): Mark => {
    const route = outlook.routes.get(stageId);
    if (route) {
      const { x, y } = pointAlong(route, Infinity);
      at = [x, y];
    }
    const text = `${goal}: ${Math.round(time.seconds)} s`;
    return { t: startSeconds, text, kind: route ? "stage" : "load", ...(at && { at }) };
  });
}

const MARGIN = 5;

/** Free space around the ways of a contract that brings no map. */
function emptyMap(outlook: Outlook): OccupancyGrid {
  const points = [...outlook.routes.values()].flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [originX, originY] = [Math.min(0, ...xs) - MARGIN, Math.min(0, ...ys) - MARGIN];
  const width = Math.ceil(Math.max(0, ...xs) + MARGIN - originX);
  const height = Math.ceil(Math.max(0, ...ys) + MARGIN - originY);
  return { width, height, resolution: 1, originX, originY, cells: new Uint8Array(width * height).fill(FREE) };
}
