import { concatBytes, viewOf } from "../framing/bytes.ts";
import { crc16Modbus } from "../framing/checksums.ts";
import type { FrameFormat, Reading } from "../framing/frame-decoder.ts";

/** A Modbus RTU frame: which unit, which function (plus 0x80 where it answers an exception), and its data. */
export interface ModbusFrame {
  readonly unit: number;
  readonly functionCode: number;
  readonly data: Uint8Array;
}

const UNIT_MAX = 247;
const CRC_BYTES = 2;
const LONGEST = 256;
/** Unit, function and CRC. */
const EXTRA = 4;

/** What a device answers. Its length follows from the function, not from silence on the line, which no PC keeps. */
export const MODBUS_RESPONSE_FORMAT: FrameFormat<ModbusFrame> = format((bytes) => {
  const functionCode = bytes[1]!;
  if (functionCode >= 0x80) return isFunction(functionCode - 0x80) ? EXTRA + 1 : undefined;
  if (functionCode >= 1 && functionCode <= 4) return bytes.length < 3 ? "incomplete" : EXTRA + 1 + bytes[2]!;
  return isFunction(functionCode) ? EXTRA + 4 : undefined;
});

/** What a device is asked. */
export const MODBUS_REQUEST_FORMAT: FrameFormat<ModbusFrame> = format((bytes) => {
  const functionCode = bytes[1]!;
  if (functionCode >= 1 && functionCode <= 6) return EXTRA + 4;
  if (!isFunction(functionCode)) return undefined;
  return bytes.length < 7 ? "incomplete" : EXTRA + 5 + bytes[6]!;
});

/** The bytes of a frame. */
export function encodeModbus({ unit, functionCode, data }: ModbusFrame): Uint8Array {
  const bytes = concatBytes([unit, functionCode], data, [0, 0]);
  viewOf(bytes).setUint16(bytes.length - CRC_BYTES, crc16Modbus(bytes.subarray(0, -CRC_BYTES)), true);
  return bytes;
}

/** A format whose frames are as long as `lengthOf` says; undefined where no frame can be. Source: Modbus over Serial Line V1.02. */
function format(lengthOf: (bytes: Uint8Array) => number | "incomplete" | undefined): FrameFormat<ModbusFrame> {
  return {
    longest: LONGEST,
    starts: (byte) => byte >= 1 && byte <= UNIT_MAX,
    read(bytes): Reading<ModbusFrame> {
      if (bytes.length < 2) return "incomplete";
      const length = lengthOf(bytes);
      if (length === "incomplete") return "incomplete";
      if (length === undefined || length > LONGEST) return { garbage: 1 };
      if (bytes.length < length) return "incomplete";
      const crcAt = length - CRC_BYTES;
      if (crc16Modbus(bytes.subarray(0, crcAt)) !== viewOf(bytes).getUint16(crcAt, true)) return { garbage: 1 };
      return { frame: { unit: bytes[0]!, functionCode: bytes[1]!, data: bytes.slice(2, crcAt) }, length };
    },
  };
}

/** The functions that have a known length: reading and writing coils and registers. */
function isFunction(code: number): boolean {
  return (code >= 1 && code <= 6) || code === 15 || code === 16;
}
