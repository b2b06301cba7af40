import { concatBytes, viewOf } from "../framing/bytes.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";
import type { SerialAddress, SocketAddress } from "../line.ts";

/** What the guard is started with, as JSON in its first argument. */
export interface GuardSettings {
  /** Where the base is. */
  readonly address: SerialAddress | SocketAddress;
  /** Bytes, in hexadecimal, that stop the base whatever it does. */
  readonly stop: string;
}

/**
 * What goes through the pipes between driver and guard. To the guard: `write` bytes, and `drive` ones that must be followed by
 * others in time. From it: `opened`, `bytes` of the device, and `ended` with the reason.
 */
export interface GuardMessage {
  readonly type: "write" | "drive" | "opened" | "bytes" | "ended";
  readonly data: Uint8Array;
}

/** A base is stopped so long after the last `drive`, so that zero is on the wire within 300 ms. */
export const GUARD_MS = 250;

const TYPES: readonly GuardMessage["type"][] = ["write", "drive", "opened", "bytes", "ended"];
const HEAD_BYTES = 3;
const DATA_BYTES_MAX = 65_535;

/** One byte of type, two of length (little-endian), data. */
export const GUARD_FORMAT: FrameFormat<GuardMessage> = {
  longest: HEAD_BYTES + DATA_BYTES_MAX,
  starts: (byte) => byte < TYPES.length,
  read(bytes) {
    if (bytes.length < HEAD_BYTES) return "incomplete";
    const length = HEAD_BYTES + viewOf(bytes).getUint16(1, true);
    if (bytes.length < length) return "incomplete";
    return { frame: { type: TYPES[bytes[0]!]!, data: bytes.slice(HEAD_BYTES, length) }, length };
  },
};

/** The bytes of a message. */
export function encodeGuard(type: GuardMessage["type"], data: Uint8Array = new Uint8Array()): Uint8Array {
  return concatBytes([TYPES.indexOf(type), data.length & 0xff, data.length >> 8], data);
}
