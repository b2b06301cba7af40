import { cellsBeyond, decodeCells, encodeCells, isSameGrid } from "#contract/coverage";
import { attemptOf } from "./attempts.ts";
import type { EventBody } from "./event-parts.ts";
import type { Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";

/** The floor that a stage has covered beyond what the journal knows; nothing where that is none. */
export function coverageNews(situation: Situation, { stage, known }: StageView): readonly EventBody[] {
  const covered = attemptOf(situation, stage.stageId)?.coverage;
  if (!covered) return [];
  const { grid, share, area } = covered;
  const told = known.coverage && isSameGrid(known.coverage.grid, grid) && decodeCells(known.coverage.cells, grid);
  const news = told ? cellsBeyond(covered.cells, told) : covered.cells;
  if (!news.includes(1)) return [];
  const data = { share, area, grid, cells: encodeCells(news) };
  return [{ type: "coverage", stageId: stage.stageId, data }];
}
