import { concatBytes, viewOf } from "../framing/bytes.ts";
import { sum8 } from "../framing/checksums.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";
import { packetOf, PACKETS } from "./packets.ts";

/** One frame of the sensor stream: values by packet id, see `packets.ts`. */
export type StreamFrame = ReadonlyMap<number, number>;

const HEADER = 19;
/** Header, length and checksum. */
const FRAME_EXTRA = 3;
/** All single packets together take less. */
const FRAME_BYTES_MAX = 160;

/**
 * Frames `19, length, (id, data)…, checksum` with a sum of 0 modulo 256, every 15 ms.
 * Source: iRobot Create 2 Open Interface Specification, "Stream".
 */
export const STREAM_FORMAT: FrameFormat<StreamFrame> = {
  longest: FRAME_BYTES_MAX,
  starts: (byte) => byte === HEADER,
  read(bytes) {
    if (bytes.length < 2) return "incomplete";
    const length = bytes[1]! + FRAME_EXTRA;
    if (length === FRAME_EXTRA || length > FRAME_BYTES_MAX) return { garbage: 1 };
    const frame = readPackets(bytes.subarray(2, Math.min(bytes.length, length - 1)), bytes[1]!);
    if (frame === "broken") return { garbage: 1 };
    if (bytes.length < length) return "incomplete";
    return sum8(bytes.subarray(0, length)) === 0 ? { frame, length } : { garbage: 1 };
  },
};

/** The bytes of a stream frame, as the base sends it. */
export function encodeStream(values: StreamFrame): Uint8Array {
  const packets = [...values].map(([id, value]) => {
    const { bytes } = PACKETS[id]!;
    return bytes === 1 ? [id, value & 0xff] : [id, (value >> 8) & 0xff, value & 0xff];
  });
  const body = packets.flat();
  const frame = concatBytes([HEADER, body.length], body, [0]);
  frame[frame.length - 1] = -sum8(frame) & 0xff;
  return frame;
}

/** What may be told to the base, by name. Speeds in mm/s, positive is forward. */
export type OiCommand =
  | { readonly type: "start" | "safe" | "full" | "clean" | "spot" | "dock" | "power" | "stop" | "reset" }
  /** `radiusMm`: positive turns left; -1 and 1 turn in place, 32767 goes straight. */
  | { readonly type: "drive"; readonly mmPerSecond: number; readonly radiusMm: number }
  | { readonly type: "drive-direct"; readonly right: number; readonly left: number }
  /** Bits: 0 side brush, 1 vacuum, 2 main brush. */
  | { readonly type: "motors"; readonly bits: number }
  | { readonly type: "stream" | "query"; readonly packets: readonly number[] }
  | { readonly type: "toggle-stream"; readonly state: number };

const OPCODES = {
  reset: 7,
  start: 128,
  safe: 131,
  full: 132,
  power: 133,
  spot: 134,
  clean: 135,
  drive: 137,
  motors: 138,
  dock: 143,
  "drive-direct": 145,
  stream: 148,
  query: 149,
  "toggle-stream": 150,
  stop: 173,
} as const satisfies Record<OiCommand["type"], number>;

/** The bytes of a command: an opcode and its data, big-endian. */
export function encodeOi(command: OiCommand): Uint8Array {
  return Uint8Array.from([OPCODES[command.type], ...dataOf(command)]);
}

/** The commands as the base takes them; they have no checksum, so only the opcode tells. */
export const OI_COMMAND_FORMAT: FrameFormat<OiCommand> = {
  longest: 2 + 255,
  starts: (byte) => TYPES.has(byte),
  read(bytes) {
    const type = TYPES.get(bytes[0]!)!;
    const isList = type === "stream" || type === "query";
    if (isList && bytes.length < 2) return "incomplete";
    const length = isList ? 2 + bytes[1]! : 1 + (DATA_BYTES[type] ?? 0);
    return bytes.length < length
      ? "incomplete"
      : { frame: READERS[type]?.(bytes.slice(1, length)) ?? ({ type } as OiCommand), length };
  },
};

const TYPES = new Map(Object.entries(OPCODES).map(([type, opcode]) => [opcode as number, type as OiCommand["type"]]));
const DATA_BYTES: { readonly [Type in OiCommand["type"]]?: number } = {
  drive: 4,
  "drive-direct": 4,
  motors: 1,
  "toggle-stream": 1,
};

function dataOf(command: OiCommand): readonly number[] {
  if ("radiusMm" in command) return [...int16(command.mmPerSecond), ...int16(command.radiusMm)];
  if ("right" in command) return [...int16(command.right), ...int16(command.left)];
  if ("bits" in command) return [command.bits];
  if ("packets" in command) return [command.packets.length, ...command.packets];
  return "state" in command ? [command.state] : [];
}

/** Reads the data of the commands that have any. */
const READERS: { readonly [Type in OiCommand["type"]]?: (data: Uint8Array) => OiCommand } = {
  drive: (data) => ({ type: "drive", mmPerSecond: viewOf(data).getInt16(0), radiusMm: viewOf(data).getInt16(2) }),
  "drive-direct": (data) => ({ type: "drive-direct", right: viewOf(data).getInt16(0), left: viewOf(data).getInt16(2) }),
  motors: (data) => ({ type: "motors", bits: data[0]! }),
  stream: (data) => ({ type: "stream", packets: [...data.subarray(1)] }),
  query: (data) => ({ type: "query", packets: [...data.subarray(1)] }),
  "toggle-stream": (data) => ({ type: "toggle-stream", state: data[0]! }),
};

/** What of the packets is here; `broken` when there is an unknown one, or one that is longer than the frame. */
function readPackets(bytes: Uint8Array, length: number): Map<number, number> | "broken" {
  const values = new Map<number, number>();
  for (let at = 0; at < bytes.length;) {
    const packet = packetOf(bytes[at]!);
    if (!packet || at + 1 + packet.bytes > length) return "broken";
    if (at + 1 + packet.bytes > bytes.length) return values;
    values.set(bytes[at]!, packet.read(viewOf(bytes), at + 1));
    at += 1 + packet.bytes;
  }
  return values;
}

function int16(value: number): readonly [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}
