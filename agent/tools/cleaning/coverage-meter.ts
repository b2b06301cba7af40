import { distance, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import {
  COVERAGE_CELLS_MAX,
  type CoverageGrid,
  type CoverageMap,
  type CoverageState,
  decodeCells,
} from "#contract/coverage";
import type { Floor } from "#edge-planner/coverage/floor";
import { sweepTool } from "#edge-planner/coverage/tool-sweep";
import { cellCentreX, cellCentreY, codeAt, type GridFrame, indexAt, OUTSIDE } from "#edge-planner/grid";

/** An estimate that jumps further than a robot drives between two looks says nothing of what lies in between. */
const JUMP: Metres = 0.5;

/** Measures what a tool covers of a floor, by where the tool was: every cell whose centre it passed while it worked. */
export class CoverageMeter {
  /** Square metres that the tool can get to. */
  readonly reachable: number;
  readonly #tool: readonly Point[];
  readonly #frame: GridFrame;
  readonly #wanted: Uint8Array;
  readonly #covered: Uint8Array;
  readonly #wantedCells: number;
  #coveredCells = 0;
  #last: Pose | undefined;

  constructor(floor: Floor, tool: readonly Point[], known: CoverageState | undefined) {
    this.#tool = tool;
    this.#frame = frameOf(floor);
    const cells = this.#frame.width * this.#frame.height;
    this.#wanted = Uint8Array.from({ length: cells }, (_, index) => {
      const at = indexAt(floor, cellCentreX(this.#frame, index), cellCentreY(this.#frame, index));
      return at === OUTSIDE ? 0 : codeAt(floor.wanted, at);
    });
    this.#wantedCells = this.#wanted.reduce((sum, value) => sum + value, 0);
    this.reachable = this.#wantedCells * this.#frame.resolution ** 2;
    this.#covered = new Uint8Array(cells);
    if (known) this.#recall(known);
  }

  /** Share of what the tool can get to. */
  get share(): number {
    return this.#wantedCells === 0 ? 0 : this.#coveredCells / this.#wantedCells;
  }

  /** The robot is at a pose, and the tool has worked on the way there; or has not. */
  note(pose: Pose, isWorking: boolean): void {
    const last = this.#last;
    this.#last = isWorking ? pose : undefined;
    if (!isWorking || !last || distance(last, pose) > JUMP) return;
    sweepTool(this.#frame, this.#tool, last, pose, (index) => this.#mark(index));
  }

  /** Whether the floor at a point has been covered. */
  isCovered(x: Metres, y: Metres): boolean {
    const index = indexAt(this.#frame, x, y);
    return index !== OUTSIDE && codeAt(this.#covered, index) === 1;
  }

  /** What has been covered until now; not changed by what comes. */
  map(): CoverageMap {
    const { width, height, resolution, originX, originY } = this.#frame;
    const grid: CoverageGrid = { cell: resolution, origin: [originX, originY], width, height };
    const area = this.#coveredCells * resolution ** 2;
    return { grid, cells: this.#covered.slice(), share: this.share, area };
  }

  #mark(index: number): void {
    if (codeAt(this.#wanted, index) === 0 || codeAt(this.#covered, index) === 1) return;
    this.#covered[index] = 1;
    this.#coveredCells++;
  }

  #recall({ grid, cells }: CoverageState): void {
    const known = decodeCells(cells, grid);
    if (!known) return;
    const frame: GridFrame = {
      width: grid.width,
      height: grid.height,
      resolution: grid.cell,
      originX: grid.origin[0],
      originY: grid.origin[1],
    };
    for (let index = 0; index < this.#covered.length; index++) {
      const at = indexAt(frame, cellCentreX(this.#frame, index), cellCentreY(this.#frame, index));
      if (at !== OUTSIDE && codeAt(known, at) === 1) this.#mark(index);
    }
  }
}

/** The cells of a floor that anything is wanted of, in as many as a journal takes. */
function frameOf(floor: Floor): GridFrame {
  let [left, right, bottom, top] = [floor.width, 0, floor.height, 0];
  for (let index = 0; index < floor.wanted.length; index++) {
    if (codeAt(floor.wanted, index) === 0) continue;
    const [column, row] = [index % floor.width, Math.floor(index / floor.width)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    [bottom, top] = [Math.min(bottom, row), Math.max(top, row + 1)];
  }
  if (left >= right) [left, right, bottom, top] = [0, 1, 0, 1];
  let factor = 1;
  const cells = (): number => Math.ceil((right - left) / factor) * Math.ceil((top - bottom) / factor);
  while (cells() > COVERAGE_CELLS_MAX) factor++;
  return {
    width: Math.ceil((right - left) / factor),
    height: Math.ceil((top - bottom) / factor),
    resolution: floor.resolution * factor,
    // Rounded as the journal has it, so that a map that was read back lies where it lay.
    originX: rounded(floor.originX + left * floor.resolution),
    originY: rounded(floor.originY + bottom * floor.resolution),
  };
}

function rounded(value: Metres): Metres {
  return Math.round(value * 1e6) / 1e6;
}
