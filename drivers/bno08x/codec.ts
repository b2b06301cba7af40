import { viewOf } from "../framing/bytes.ts";
import { sum8 } from "../framing/checksums.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** One report of a BNO08x in UART-RVC mode. Rotations apply in the order yaw, pitch, roll. */
export interface RvcReport {
  /** Counts up by one, modulo 256: a gap tells of lost reports. */
  readonly index: number;
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
  /** Acceleration in thousandths of standard gravity. */
  readonly accelerationMg: readonly [x: number, y: number, z: number];
}

const HEADER = 0xaa;
const LENGTH = 19;
const CHECKSUM = 18;

/** Reports of 19 bytes, little-endian. Source: CEVA BNO08X datasheet, "UART-RVC". */
export const RVC_FORMAT: FrameFormat<RvcReport> = {
  longest: LENGTH,
  starts: (byte) => byte === HEADER,
  read(bytes) {
    if (bytes.length > 1 && bytes[1] !== HEADER) return { garbage: 1 };
    if (bytes.length < LENGTH) return "incomplete";
    if (sum8(bytes.subarray(2, CHECKSUM)) !== bytes[CHECKSUM]) return { garbage: 1 };
    const view = viewOf(bytes);
    const field = (at: number): number => view.getInt16(3 + 2 * at, true);
    return {
      length: LENGTH,
      frame: {
        index: bytes[2]!,
        yawDeg: field(0) / 100,
        pitchDeg: field(1) / 100,
        rollDeg: field(2) / 100,
        accelerationMg: [field(3), field(4), field(5)],
      },
    };
  },
};

/** The bytes of a report, as the sensor sends it. */
export function encodeRvc({ index, yawDeg, pitchDeg, rollDeg, accelerationMg }: RvcReport): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = viewOf(bytes);
  bytes.set([HEADER, HEADER, index]);
  const degrees = [yawDeg, pitchDeg, rollDeg].map((angle) => Math.round(angle * 100));
  [...degrees, ...accelerationMg].forEach((value, at) => view.setInt16(3 + 2 * at, value, true));
  bytes[CHECKSUM] = sum8(bytes.subarray(2, CHECKSUM));
  return bytes;
}
