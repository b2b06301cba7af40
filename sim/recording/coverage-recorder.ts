import { type CoverageGrid, decodeCells, isSameGrid } from "#contract/coverage";
import { readEventData } from "#contract/event-data";
import type { Event } from "#contract/event";
import { sweepTool } from "#edge-planner/coverage/tool-sweep";
import type { Point } from "#lib/geometry";
import type { CoverageRecord, TrackPoint } from "../record.ts";

/** Keeps what a device says it has covered, and counts how often its tool really passed there. */
export interface CoverageRecorder {
  note(event: Event): void;
  /** By the course that it truly drove; undefined where it covered nothing or has no tool. */
  record(truth: readonly TrackPoint[], tool: readonly Point[] | undefined): CoverageRecord | undefined;
}

/** A tool that comes back to a cell after so many seconds makes another pass over it. */
const PASS_GAP = 2;
const MOST_PASSES = 255;

export function createCoverageRecorder(): CoverageRecorder {
  let grid: CoverageGrid | undefined;
  let covered = new Uint8Array();
  let share = 0;
  return {
    note(event) {
      const data = readEventData("coverage", event.data);
      const cells = data?.grid && data.cells !== undefined ? decodeCells(data.cells, data.grid) : undefined;
      if (!data?.grid || !cells) return;
      if (!grid || !isSameGrid(grid, data.grid)) [grid, covered] = [data.grid, new Uint8Array(cells.length)];
      for (let index = 0; index < cells.length; index++) covered[index] = covered[index]! | cells[index]!;
      share = data.share;
    },
    record(truth, tool) {
      if (!grid || !tool) return undefined;
      return { grid, passes: passesOver(grid, covered, truth, tool), share };
    },
  };
}

function passesOver(
  { cell, origin, width, height }: CoverageGrid,
  covered: Uint8Array,
  truth: readonly TrackPoint[],
  tool: readonly Point[],
): Uint8Array {
  const frame = { width, height, resolution: cell, originX: origin[0], originY: origin[1] };
  const passes = new Uint8Array(covered.length);
  const passedAt = new Float64Array(covered.length).fill(-Infinity);
  for (let at = 1; at < truth.length; at++) {
    const { t } = truth[at]!;
    sweepTool(frame, tool, truth[at - 1]!, truth[at]!, (index) => {
      if (covered[index] !== 1) return;
      if (t - passedAt[index]! >= PASS_GAP) passes[index] = Math.min(MOST_PASSES, passes[index]! + 1);
      passedAt[index] = t;
    });
  }
  // What the device believes to have covered, and its true course did not, counts as passed once.
  return passes.map((count, index) => Math.max(count, covered[index]!));
}
