import { cellAt, codeAt, linkAt } from "../grid.ts";
import type { SearchGround } from "./cell-search.ts";
import { CLOSED } from "./traversal-cost.ts";

/**
 * The coarse level of a costed grid: squares of cells, each split into its connected pieces of open floor. Two pieces meet where open
 * cells face each other across a border, so the pieces are connected exactly where the cells are. A sector is split when first looked at,
 * and again after `forget`: a change of the map costs no more than the sectors that it touches.
 */
export interface Sectors {
  /** Cells along the edge of a sector, as a power of two. */
  readonly shift: number;
  readonly columns: number;
  readonly rows: number;
  readonly ground: SearchGround;
  /** Which piece of its sector a cell belongs to, from 1 on; 0 where it is closed. */
  readonly pieceOf: Uint8Array;
  /** The pieces of each sector that was looked at since it changed. */
  readonly pieces: (readonly Piece[] | undefined)[];
  /** Memory of `fillPiece`. */
  readonly stack: Int32Array;
}

/** Open floor of one sector that hangs together; its middle in cells, and the mean cost of going through. */
export interface Piece {
  readonly column: number;
  readonly row: number;
  readonly cost: number;
}

/** Sectors that a search keeps to: one flag each. */
export interface Corridor {
  readonly shift: number;
  readonly columns: number;
  readonly flags: Uint8Array;
}

export function createSectors(ground: SearchGround, shift: number): Sectors {
  const edge = 1 << shift;
  const [columns, rows] = [(ground.width + edge - 1) >> shift, (ground.height + edge - 1) >> shift];
  return {
    shift,
    columns,
    rows,
    ground,
    pieceOf: new Uint8Array(ground.width * ground.height),
    pieces: Array.from({ length: columns * rows }, () => undefined),
    stack: new Int32Array(edge * edge),
  };
}

/** The sector that holds a cell. */
export function sectorOf({ columns, shift, ground }: Sectors, cell: number): number {
  const row = Math.trunc(cell / ground.width);
  return (row >> shift) * columns + ((cell - row * ground.width) >> shift);
}

export function isWithin({ columns, shift, flags }: Corridor, column: number, row: number): boolean {
  return codeAt(flags, (row >> shift) * columns + (column >> shift)) !== 0;
}

/** The pieces of a sector. A diagonal step needs both cells beside it, so four neighbours tell what hangs together. */
export function piecesOf(sectors: Sectors, sector: number): readonly Piece[] {
  return sectors.pieces[sector] ?? (sectors.pieces[sector] = split(sectors, sector));
}

/** To be called for a cell whose cost changed. */
export function forget(sectors: Sectors, cell: number): void {
  sectors.pieces[sectorOf(sectors, cell)] = undefined;
}

function split(sectors: Sectors, sector: number): readonly Piece[] {
  const { columns, pieceOf, ground, shift } = sectors;
  const { width, height, costs } = ground;
  const [left, bottom] = [(sector % columns) << shift, Math.trunc(sector / columns) << shift];
  const [right, top] = [Math.min(width, left + (1 << shift)), Math.min(height, bottom + (1 << shift))];
  for (let row = bottom; row < top; row++) pieceOf.fill(0, row * width + left, row * width + right);
  const pieces: Piece[] = [];
  for (let row = bottom; row < top; row++) {
    for (let cell = row * width + left; cell < row * width + right; cell++) {
      if (cellAt(costs, cell) === CLOSED || codeAt(pieceOf, cell) !== 0) continue;
      pieces.push(fillPiece(sectors, cell, pieces.length + 1, [left, bottom, right, top]));
    }
  }
  return pieces;
}

type Box = readonly [left: number, bottom: number, right: number, top: number];

function fillPiece(sectors: Sectors, seed: number, label: number, box: Box): Piece {
  const { pieceOf, stack } = sectors;
  const { width, costs } = sectors.ground;
  const [left, bottom, right, top] = box;
  let [held, count, columnSum, rowSum, costSum] = [0, 0, 0, 0, 0];
  const visit = (cell: number): void => {
    if (codeAt(pieceOf, cell) !== 0 || cellAt(costs, cell) === CLOSED) return;
    pieceOf[cell] = label;
    stack[held++] = cell;
  };
  visit(seed);
  while (held > 0) {
    const cell = linkAt(stack, --held);
    const row = Math.trunc(cell / width);
    const column = cell - row * width;
    count++;
    columnSum += column;
    rowSum += row;
    costSum += cellAt(costs, cell);
    if (column > left) visit(cell - 1);
    if (column + 1 < right) visit(cell + 1);
    if (row > bottom) visit(cell - width);
    if (row + 1 < top) visit(cell + width);
  }
  return { column: columnSum / count, row: rowSum / count, cost: costSum / count };
}
