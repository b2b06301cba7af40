import { FREE, OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";
import { createRng } from "#lib/rng";
import { createTerrain, type Terrain } from "#sim/world/space/terrain";

/** Metres. */
export const CAVE_EDGE = 16;
const RESOLUTION = 0.05;
/** The cave is carved in coarse cells, and then drawn in fine ones, so that its passages are wide enough for robots. */
const COARSE = 0.4;
const ROCK_SHARE = 0.42;
const ROUNDS = 4;

/** A cave of 16 x 16 m: a cellular automaton (5 or more rocks among 9 cells make a rock) on coarse cells. */
export function caveTerrain(seed: number): Terrain {
  const size = Math.round(CAVE_EDGE / COARSE);
  const rng = createRng(seed).fork("cave");
  let rocks = Uint8Array.from({ length: size * size }, () => (rng.float() < ROCK_SHARE ? 1 : 0));
  const rockAt = (column: number, row: number): number =>
    column < 1 || row < 1 || column >= size - 1 || row >= size - 1 ? 1 : rocks[row * size + column]!;
  for (let round = 0; round < ROUNDS; round++) {
    rocks = rocks.map((_rock, cell) => {
      let around = 0;
      for (let offset = 0; offset < 9; offset++) {
        around += rockAt((cell % size) + (offset % 3) - 1, Math.floor(cell / size) + Math.floor(offset / 3) - 1);
      }
      return around >= 5 ? 1 : 0;
    });
  }
  return createTerrain(refined(rockAt));
}

function refined(rockAt: (column: number, row: number) => number): OccupancyGrid {
  const [size, ratio] = [Math.round(CAVE_EDGE / RESOLUTION), Math.round(COARSE / RESOLUTION)];
  const cells = Uint8Array.from({ length: size * size }, (_, cell) => {
    const [column, row] = [Math.floor((cell % size) / ratio), Math.floor(Math.floor(cell / size) / ratio)];
    return rockAt(column, row) === 1 ? OCCUPIED : FREE;
  });
  return { width: size, height: size, resolution: RESOLUTION, originX: 0, originY: 0, cells };
}
