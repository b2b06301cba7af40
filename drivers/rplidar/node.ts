import { viewOf } from "../framing/bytes.ts";

/** One point of a standard scan. Angles are in degrees, clockwise seen from above. */
export interface ScanNode {
  /** Whether a new revolution begins here. */
  readonly isStart: boolean;
  readonly quality: number;
  readonly angleDeg: number;
  /** 0 where nothing came back. */
  readonly distanceMm: number;
}

export const NODE_BYTES = 5;

/** A node of five bytes; undefined when its check bits are wrong: the start bit comes with its inverse, and another is 1. */
export function readNode(bytes: Uint8Array): ScanNode | undefined {
  const first = bytes[0]!;
  const isStart = (first & 1) === 1;
  const hasInverse = ((first >> 1) & 1) === Number(!isStart);
  if (!hasInverse || (bytes[1]! & 1) === 0) return undefined;
  const view = viewOf(bytes);
  return {
    isStart,
    quality: first >> 2,
    angleDeg: (view.getUint16(1, true) >> 1) / 64,
    distanceMm: view.getUint16(3, true) / 4,
  };
}

/** The bytes of a node, as the lidar sends it. */
export function encodeNode({ isStart, quality, angleDeg, distanceMm }: ScanNode): Uint8Array {
  const bytes = new Uint8Array(NODE_BYTES);
  const view = viewOf(bytes);
  bytes[0] = (quality << 2) | (isStart ? 0b01 : 0b10);
  view.setUint16(1, (Math.round(angleDeg * 64) << 1) | 1, true);
  view.setUint16(3, Math.round(distanceMm * 4), true);
  return bytes;
}
