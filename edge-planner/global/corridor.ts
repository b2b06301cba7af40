import { codeAt } from "../grid.ts";
import { createBucketQueue } from "./bucket-queue.ts";
import { EAST, NORTH, SOUTH, WEST } from "./cell-search.ts";
import { type Corridor, isWithin, type Piece, piecesOf, sectorOf, type Sectors } from "./sectors.ts";
import { ESCAPE_COST } from "./traversal-cost.ts";

const BUCKET_WIDTH = 1;

/**
 * The sectors along a short way from one cell to another, and those around them; undefined where no way leads there. `within` keeps the
 * search to what a coarser level found. What one-way ground forbids inside of a sector is not seen here, so on such ground a corridor may
 * turn out to be shut.
 */
export function findCorridor(sectors: Sectors, from: number, to: number, within?: Corridor): Corridor | undefined {
  const search = startPieceSearch(sectors, to, within);
  const { queue, reached } = search;
  const start = pieceAt(search, from);
  reached.set(start, 0);
  queue.push(start, remaining(search, start));
  for (let piece = queue.pop(); piece >= 0; piece = queue.pop()) {
    if (piece === search.goal) return corridorAlong(search, start);
    if (reached.get(piece)! + remaining(search, piece) < queue.poppedCost()) continue;
    expandPiece(search, piece);
  }
  return undefined;
}

/** A piece is numbered by its sector and its place there. */
interface PieceSearch {
  readonly sectors: Sectors;
  readonly within: Corridor | undefined;
  readonly reached: Map<number, number>;
  readonly cameFrom: Map<number, number>;
  readonly goal: number;
  readonly goalPlace: Piece;
  readonly queue: ReturnType<typeof createBucketQueue>;
}

function startPieceSearch(sectors: Sectors, to: number, within: Corridor | undefined): PieceSearch {
  // Between the middles of pieces two sectors apart, at the highest cost.
  const longestStep = (3 << sectors.shift) * (ESCAPE_COST + 1);
  return {
    sectors,
    within,
    reached: new Map(),
    cameFrom: new Map(),
    goal: pieceAt({ sectors }, to),
    goalPlace: placeOf({ sectors }, pieceAt({ sectors }, to)),
    queue: createBucketQueue(BUCKET_WIDTH, longestStep),
  };
}

const PIECES_MAX = 256;

function pieceAt({ sectors }: Pick<PieceSearch, "sectors">, cell: number): number {
  const sector = sectorOf(sectors, cell);
  piecesOf(sectors, sector);
  return sector * PIECES_MAX + codeAt(sectors.pieceOf, cell) - 1;
}

function placeOf({ sectors }: Pick<PieceSearch, "sectors">, piece: number): Piece {
  return piecesOf(sectors, Math.trunc(piece / PIECES_MAX))[piece % PIECES_MAX]!;
}

function remaining(search: PieceSearch, piece: number): number {
  return between(placeOf(search, piece), search.goalPlace);
}

function between(a: Piece, b: Piece): number {
  return Math.hypot(a.column - b.column, a.row - b.row);
}

function expandPiece(search: PieceSearch, piece: number): void {
  const { columns, rows, shift, ground } = search.sectors;
  const { width } = ground;
  const sector = Math.trunc(piece / PIECES_MAX);
  const row = Math.trunc(sector / columns);
  const column = sector - row * columns;
  const corner = (row << shift) * width + (column << shift);
  const last = (1 << shift) - 1;
  if (column > 0) crossBorder(search, piece, sector - 1, corner, width, -1, WEST);
  if (column + 1 < columns) crossBorder(search, piece, sector + 1, corner + last, width, 1, EAST);
  if (row > 0) crossBorder(search, piece, sector - columns, corner, 1, -width, SOUTH);
  if (row + 1 < rows) crossBorder(search, piece, sector + columns, corner + last * width, 1, width, NORTH);
}

/** Looks along one border of a piece's sector, from its first cell in strides, for pieces on the other side of it. */
function crossBorder(
  search: PieceSearch,
  piece: number,
  beyond: number,
  first: number,
  stride: number,
  across: number,
  step: number,
): void {
  const { sectors, within } = search;
  const { pieceOf, ground, shift } = sectors;
  const { allowedSteps, width, height } = ground;
  const row = Math.trunc((first + across) / width);
  const column = first + across - row * width;
  if (within && !isWithin(within, column, row)) return;
  piecesOf(sectors, beyond);
  const label = (piece % PIECES_MAX) + 1;
  // At the far borders of the grid sectors are cut short.
  const length = Math.min(1 << shift, stride === 1 ? width - column : height - row);
  let met = 0;
  for (let at = 0, cell = first; at < length; at++, cell += stride) {
    const other = codeAt(pieceOf, cell + across);
    if (other === 0 || other === met || codeAt(pieceOf, cell) !== label) continue;
    if (allowedSteps && (codeAt(allowedSteps, cell) & codeAt(allowedSteps, cell + across) & step) === 0) continue;
    met = other;
    reach(search, piece, beyond * PIECES_MAX + other - 1);
  }
}

/** Pieces meet at four sides only; a way that turns is measured across the corner, or slanting ways would seem too long. */
function reach(search: PieceSearch, from: number, to: number): void {
  const place = placeOf(search, to);
  const straight = search.reached.get(from)! + stepCost(placeOf(search, from), place);
  const before = search.cameFrom.get(from);
  const slanting =
    before === undefined || !isAcrossCorner(search, before, to)
      ? Infinity
      : search.reached.get(before)! + stepCost(placeOf(search, before), place);
  const through = Math.min(straight, slanting);
  if (through >= (search.reached.get(to) ?? Infinity)) return;
  search.reached.set(to, through);
  // What a cost was measured from is what it came from: then costs only fall on the way back, and it cannot go round in circles.
  search.cameFrom.set(to, slanting < straight ? before! : from);
  search.queue.push(to, through + between(place, search.goalPlace));
}

function stepCost(a: Piece, b: Piece): number {
  return (between(a, b) * (a.cost + b.cost)) / 2;
}

function isAcrossCorner({ sectors: { columns } }: PieceSearch, a: number, b: number): boolean {
  const apart = Math.abs(Math.trunc(a / PIECES_MAX) - Math.trunc(b / PIECES_MAX));
  return apart === columns - 1 || apart === columns + 1;
}

function corridorAlong(search: PieceSearch, start: number): Corridor {
  const { columns, rows, shift } = search.sectors;
  const flags = new Uint8Array(columns * rows);
  for (let piece = search.goal; ; piece = search.cameFrom.get(piece)!) {
    const sector = Math.trunc(piece / PIECES_MAX);
    const [row, column] = [Math.trunc(sector / columns), sector % columns];
    for (let up = Math.max(0, row - 1); up <= Math.min(rows - 1, row + 1); up++) {
      flags.fill(1, up * columns + Math.max(0, column - 1), up * columns + Math.min(columns, column + 2));
    }
    if (piece === start) return { shift, columns, flags };
  }
}
