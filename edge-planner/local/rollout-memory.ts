/** Sizes of a controller's search: they fix the layout of its memory. */
export interface RolloutShape {
  /** Sequences of velocities that are tried; a multiple of 4. */
  readonly samples: number;
  /** Steps of a sequence. */
  readonly steps: number;
  /** Edge of the square window, in cells. */
  readonly cells: number;
}

/**
 * What rollouts read and write. All 32-bit floats, side by side in one buffer, which may be a WebAssembly memory.
 */
export interface RolloutMemory {
  readonly shape: RolloutShape;
  readonly parameters: Float32Array;
  /** Discs that fill the footprint, four numbers each: x, y (in cells, in the frame of the base), radius in metres, unused. */
  readonly discs: Float32Array;
  /** The sequence to vary: forward velocities, then turn rates. */
  readonly mean: Float32Array;
  /** For each sample 1 if it varies `mean`, 0 if it stands for itself. */
  readonly keep: Float32Array;
  /** Variations, step by step for all samples: forward velocities, then turn rates. */
  readonly noise: Float32Array;
  /** The result: what each sample costs. */
  readonly costs: Float32Array;
  /** Metres from each cell to the nearest obstacle, and what it costs from there to the end of the way. */
  readonly distances: Float32Array;
  readonly costToGo: Float32Array;
  /** What a metre in each cell costs. */
  readonly slowness: Float32Array;
}

/** Rolls out the first so many samples (a multiple of 4) and writes what they cost. */
export type RollOut = (samples: number) => void;

/** Places of the parameters. */
export const PARAMETER = {
  /** Start: position in cells, heading as cosine and sine, velocity. */
  x: 0,
  y: 1,
  cos: 2,
  sin: 3,
  linear: 4,
  angular: 5,
  /** Cells per metre and step, half a step in seconds. */
  cellsPerSpeed: 6,
  halfStep: 7,
  /** Bounds of what is asked for, and of its change in one step. */
  slowest: 8,
  fastest: 9,
  turnMost: 10,
  speedUp: 11,
  slowDown: 12,
  turnUp: 13,
  /** The footprint: circumscribed radius, number of discs, room beyond which more is no better and its reciprocal, room below which it touches. */
  circumscribed: 14,
  discs: 15,
  roomy: 16,
  perRoomy: 17,
  touching: 18,
  /** Weights of the cost table. */
  crowding: 19,
  hurrying: 20,
  hurrySpeed: 21,
  hurryPerRoom: 22,
  turning: 23,
  reversing: 24,
  jerking: 25,
  swerving: 26,
  progress: 27,
  ending: 28,
  collision: 29,
  collisionPerStep: 30,
  /** How far ahead of the base, in cells, the way's slope is looked at. */
  ahead: 31,
  /** Weight of room that is less than `pressed` metres, that room, and its reciprocal. */
  pressing: 32,
  pressed: 33,
  perPressed: 34,
  /** Weight of the cells that are driven through, times the seconds of a step. */
  traversing: 35,
} as const;

export const PARAMETERS = 36;
export const DISCS_MAX = 8;
/** Steps between two looks at the cost to go. */
export const LOOK_STRIDE = 8;

/** Lays the parts out in a buffer; returns them and how many bytes they take. */
export function layOut(shape: RolloutShape, buffer: ArrayBufferLike, offset = 0): RolloutMemory & { end: number } {
  const { samples, steps, cells } = shape;
  let at = offset;
  const take = (length: number): Float32Array => {
    const part = new Float32Array(buffer, at, length);
    at += length * Float32Array.BYTES_PER_ELEMENT;
    return part;
  };
  const memory = {
    shape,
    parameters: take(PARAMETERS),
    discs: take(4 * DISCS_MAX),
    mean: take(2 * steps),
    keep: take(samples),
    noise: take(2 * steps * samples),
    costs: take(samples),
    distances: take(cells * cells),
    costToGo: take(cells * cells),
    slowness: take(cells * cells),
  };
  return { ...memory, end: at };
}

/** Bytes that a memory of this shape takes. */
export function bytesOf({ samples, steps, cells }: RolloutShape): number {
  const floats = PARAMETERS + 4 * DISCS_MAX + 2 * steps + samples + 2 * steps * samples + samples + 3 * cells * cells;
  return floats * Float32Array.BYTES_PER_ELEMENT;
}
