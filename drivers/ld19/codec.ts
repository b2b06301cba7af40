import { viewOf } from "../framing/bytes.ts";
import { crc8Ldrobot } from "../framing/checksums.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** One packet of an LDROBOT LD06, LD19, STL-19P or D500: twelve points. Angles are in degrees, clockwise seen from above. */
export interface Ld19Packet {
  readonly speedDegPerSecond: number;
  readonly startDeg: number;
  /** May be less than `startDeg` when the packet passes 360 degrees. */
  readonly endDeg: number;
  /** Of the lidar's own clock, which wraps at 30 000. */
  readonly timestampMs: number;
  readonly points: readonly Ld19Point[];
}

export interface Ld19Point {
  readonly angleDeg: number;
  /** 0 where nothing came back, whatever the confidence says. */
  readonly distanceMm: number;
  readonly confidence: number;
}

const [HEADER, VERSION] = [0x54, 0x2c];
const POINTS = 12;
const LENGTH = 47;
const [FIRST_POINT, END_ANGLE, TIMESTAMP, CHECKSUM] = [6, 42, 44, 46];

/** Packets of 47 bytes, little-endian, with a CRC-8. Source: LD19 Development Manual V2.3. */
export const LD19_FORMAT: FrameFormat<Ld19Packet> = {
  longest: LENGTH,
  starts: (byte) => byte === HEADER,
  read(bytes) {
    if (bytes.length > 1 && bytes[1] !== VERSION) return { garbage: 1 };
    if (bytes.length < LENGTH) return "incomplete";
    if (crc8Ldrobot(bytes.subarray(0, CHECKSUM)) !== bytes[CHECKSUM]) return { garbage: 1 };
    return { frame: packetOf(bytes), length: LENGTH };
  },
};

/** The bytes of a packet, as the lidar sends it; the angles of its points follow from start and end. */
export function encodeLd19(packet: Ld19Packet): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = viewOf(bytes);
  bytes.set([HEADER, VERSION]);
  view.setUint16(2, packet.speedDegPerSecond, true);
  view.setUint16(4, Math.round(packet.startDeg * 100), true);
  packet.points.forEach(({ distanceMm, confidence }, at) => {
    view.setUint16(FIRST_POINT + 3 * at, distanceMm, true);
    view.setUint8(FIRST_POINT + 3 * at + 2, confidence);
  });
  view.setUint16(END_ANGLE, Math.round(packet.endDeg * 100), true);
  view.setUint16(TIMESTAMP, packet.timestampMs, true);
  bytes[CHECKSUM] = crc8Ldrobot(bytes.subarray(0, CHECKSUM));
  return bytes;
}

function packetOf(bytes: Uint8Array): Ld19Packet {
  const view = viewOf(bytes);
  const startDeg = view.getUint16(4, true) / 100;
  const endDeg = view.getUint16(END_ANGLE, true) / 100;
  const stepDeg = (endDeg - startDeg + (endDeg < startDeg ? 360 : 0)) / (POINTS - 1);
  const points = Array.from({ length: POINTS }, (_, at): Ld19Point => {
    const offset = FIRST_POINT + 3 * at;
    const angleDeg = (startDeg + at * stepDeg) % 360;
    return { angleDeg, distanceMm: view.getUint16(offset, true), confidence: view.getUint8(offset + 2) };
  });
  const timestampMs = view.getUint16(TIMESTAMP, true);
  return { speedDegPerSecond: view.getUint16(2, true), startDeg, endDeg, timestampMs, points };
}
