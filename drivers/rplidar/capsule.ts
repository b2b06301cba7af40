import { viewOf } from "../framing/bytes.ts";
import { xor8 } from "../framing/checksums.ts";

/** A capsule of an express scan: 32 points whose angles are known when the next capsule is here. */
export interface Capsule {
  readonly startDeg: number;
  /** Whether the scan was started anew, so that the capsule before does not lead here. */
  readonly isFirst: boolean;
  readonly points: readonly CapsulePoint[];
}

export interface CapsulePoint {
  /** 0 where nothing came back. */
  readonly distanceMm: number;
  /** What the even spacing has to be reduced by. */
  readonly offsetDeg: number;
}

export const CAPSULE_BYTES = 84;
const [SYNC_1, SYNC_2] = [0xa0, 0x50];
const CABINS_AT = 4;
const CABIN_BYTES = 5;
const CABINS = 16;
const POINTS = 2 * CABINS;
const FIRST_BIT = 0x8000;

/** Whether these bytes, perhaps too few, may begin a capsule. */
export function isCapsuleStart(bytes: Uint8Array): boolean {
  return (bytes[0]! & 0xf0) === SYNC_1 && (bytes.length < 2 || (bytes[1]! & 0xf0) === SYNC_2);
}

/** A capsule of 84 bytes; undefined when its checksum is wrong. Source: SLAMTEC SDK, `handler_capsules.cpp`. */
export function readCapsule(bytes: Uint8Array): Capsule | undefined {
  const checksum = (bytes[0]! & 0xf) | ((bytes[1]! & 0xf) << 4);
  if (xor8(bytes.subarray(2, CAPSULE_BYTES)) !== checksum) return undefined;
  const view = viewOf(bytes);
  const start = view.getUint16(2, true);
  const points: CapsulePoint[] = [];
  for (let at = CABINS_AT; at < CAPSULE_BYTES; at += CABIN_BYTES) {
    const low = view.getUint8(at + 4);
    points.push(pointOf(view.getUint16(at, true), low & 0xf), pointOf(view.getUint16(at + 2, true), low >> 4));
  }
  return { startDeg: (start & ~FIRST_BIT) / 64, isFirst: (start & FIRST_BIT) !== 0, points };
}

/** The bytes of a capsule, as the lidar sends it. */
export function encodeCapsule({ startDeg, isFirst, points }: Capsule): Uint8Array {
  const bytes = new Uint8Array(CAPSULE_BYTES);
  const view = viewOf(bytes);
  view.setUint16(2, Math.round(startDeg * 64) | (isFirst ? FIRST_BIT : 0), true);
  points.forEach(({ distanceMm, offsetDeg }, at) => {
    const cabin = CABINS_AT + CABIN_BYTES * (at >> 1);
    const offset = Math.round(offsetDeg * 8);
    view.setUint16(cabin + 2 * (at & 1), (Math.round(distanceMm) << 2) | (offset >> 4), true);
    bytes[cabin + 4]! |= (offset & 0xf) << (4 * (at & 1));
  });
  const checksum = xor8(bytes.subarray(2));
  bytes[0] = SYNC_1 | (checksum & 0xf);
  bytes[1] = SYNC_2 | (checksum >> 4);
  return bytes;
}

/** The points of a capsule, spread evenly to where the next one starts. Angles are in degrees, clockwise, 0 to 360. */
export function capsulePoints(capsule: Capsule, next: Capsule): { angleDeg: number; distanceMm: number }[] {
  const spanDeg = next.startDeg - capsule.startDeg + (next.startDeg < capsule.startDeg ? 360 : 0);
  return capsule.points.map(({ distanceMm, offsetDeg }, at) => {
    const angleDeg = capsule.startDeg + (spanDeg / POINTS) * at - offsetDeg;
    return { angleDeg: (angleDeg + 360) % 360, distanceMm };
  });
}

function pointOf(distanceAndHigh: number, low: number): CapsulePoint {
  return { distanceMm: distanceAndHigh >> 2, offsetDeg: (((distanceAndHigh & 3) << 4) | low) / 8 };
}
