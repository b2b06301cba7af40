import { concatBytes, textOf, viewOf } from "../framing/bytes.ts";
import { sumOf } from "../framing/checksums.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** A frame of a JBD (Xiaoxiang) BMS: what a host reads or writes, or the answer. */
export type JbdFrame =
  | { readonly type: "read" | "write"; readonly register: number; readonly data: Uint8Array }
  | { readonly type: "reply"; readonly register: number; readonly status: number; readonly data: Uint8Array };

/** Register 0x03. Positive currents charge the pack. */
export interface JbdBasicInfo {
  readonly voltageV: number;
  readonly currentA: number;
  readonly remainingAh: number;
  readonly nominalAh: number;
  readonly cycles: number;
  /** When it was made, as `YYYY-MM-DD`. */
  readonly madeOn: string;
  /** Cells that are being balanced: bit 0 is the first of 1 to 16, and of 17 to 32. */
  readonly balanceLow: number;
  readonly balanceHigh: number;
  /** Bits of what protection tripped; 0 is none. */
  readonly protection: number;
  readonly version: string;
  /** Share of charge, 0 to 1. */
  readonly charge: number;
  readonly isChargingAllowed: boolean;
  readonly isDischargingAllowed: boolean;
  readonly cells: number;
  readonly temperaturesC: readonly number[];
  /** Bytes that newer firmware appends. */
  readonly extraBytes: number;
}

export const JBD_REGISTER = { basicInfo: 0x03, cellVoltages: 0x04, version: 0x05 } as const;

const [START, READ, WRITE, END] = [0xdd, 0xa5, 0x5a, 0x77];
const HEADER_BYTES = 4;
const TAIL_BYTES = 3;
const LENGTH_AT = 3;
/** What the fixed part of register 0x03 takes, before the temperatures. */
const BASIC_BYTES = 23;
const ZERO_CELSIUS_IN_TENTHS_KELVIN = 2731;

/** DD, two bytes of kind and register or register and status, length, data, checksum (big-endian), 77. */
export const JBD_FORMAT: FrameFormat<JbdFrame> = {
  longest: HEADER_BYTES + 255 + TAIL_BYTES,
  starts: (byte) => byte === START,
  read(bytes) {
    if (bytes.length < HEADER_BYTES) return "incomplete";
    const dataEnd = HEADER_BYTES + bytes[LENGTH_AT]!;
    const length = dataEnd + TAIL_BYTES;
    if (bytes.length < length) return "incomplete";
    const checksum = viewOf(bytes).getUint16(dataEnd);
    if (bytes[length - 1] !== END || checksumOf(bytes, dataEnd) !== checksum) return { garbage: 1 };
    return { frame: frameOf(bytes[1]!, bytes[2]!, bytes.slice(HEADER_BYTES, dataEnd)), length };
  },
};

/** The question for a register. There is no encoder for writing: register 0xE1 would cut the robot's power. */
export function jbdRead(register: number): Uint8Array {
  return framed([START, READ, register, 0]);
}

/** The BMS's answer; status 0 is good, 0x80 an error. */
export function encodeJbdReply(register: number, data: Uint8Array, status = 0): Uint8Array {
  return framed(concatBytes([START, register, status, data.length], data));
}

/** The data of register 0x03; undefined when they are too short for what they announce. */
export function readBasicInfo(data: Uint8Array): JbdBasicInfo | undefined {
  const sensors = data[BASIC_BYTES - 1] ?? 0;
  const length = BASIC_BYTES + 2 * sensors;
  if (data.length < length) return undefined;
  const view = viewOf(data);
  const switches = view.getUint8(20);
  return {
    voltageV: view.getUint16(0) / 100,
    currentA: view.getInt16(2) / 100,
    remainingAh: view.getUint16(4) / 100,
    nominalAh: view.getUint16(6) / 100,
    cycles: view.getUint16(8),
    madeOn: dateOf(view.getUint16(10)),
    balanceLow: view.getUint16(12),
    balanceHigh: view.getUint16(14),
    protection: view.getUint16(16),
    version: `${view.getUint8(18) >> 4}.${view.getUint8(18) & 0xf}`,
    charge: Math.min(1, view.getUint8(19) / 100),
    isChargingAllowed: (switches & 1) !== 0,
    isDischargingAllowed: (switches & 2) !== 0,
    cells: view.getUint8(21),
    temperaturesC: Array.from({ length: sensors }, (_, at) => celsius(view.getUint16(BASIC_BYTES + 2 * at))),
    extraBytes: data.length - length,
  };
}

/** The data of register 0x03, as the BMS sends them. */
export function encodeBasicInfo(info: Omit<JbdBasicInfo, "extraBytes">): Uint8Array {
  const data = new Uint8Array(BASIC_BYTES + 2 * info.temperaturesC.length);
  const view = viewOf(data);
  const [year, month, day] = info.madeOn.split("-").map(Number);
  const [major, minor] = info.version.split(".").map(Number);
  view.setUint16(0, Math.round(info.voltageV * 100));
  view.setInt16(2, Math.round(info.currentA * 100));
  view.setUint16(4, Math.round(info.remainingAh * 100));
  view.setUint16(6, Math.round(info.nominalAh * 100));
  view.setUint16(8, info.cycles);
  view.setUint16(10, ((year! - 2000) << 9) | (month! << 5) | day!);
  [info.balanceLow, info.balanceHigh, info.protection].forEach((bits, at) => view.setUint16(12 + 2 * at, bits));
  view.setUint8(18, (major! << 4) | minor!);
  view.setUint8(19, Math.round(info.charge * 100));
  view.setUint8(20, Number(info.isChargingAllowed) | (Number(info.isDischargingAllowed) << 1));
  view.setUint8(21, info.cells);
  view.setUint8(22, info.temperaturesC.length);
  info.temperaturesC.forEach((temperature, at) => {
    view.setUint16(BASIC_BYTES + 2 * at, Math.round(temperature * 10) + ZERO_CELSIUS_IN_TENTHS_KELVIN);
  });
  return data;
}

/** The data of register 0x04: volts of each cell. */
export function readCellVoltages(data: Uint8Array): readonly number[] {
  const view = viewOf(data);
  return Array.from({ length: data.length >> 1 }, (_, at) => view.getUint16(2 * at) / 1000);
}

/** The data of register 0x05: what the hardware calls itself. */
export function readVersion(data: Uint8Array): string {
  return textOf(data).replaceAll(/[^\x20-\x7e]/g, "");
}

function frameOf(second: number, third: number, data: Uint8Array): JbdFrame {
  if (second === READ || second === WRITE) return { type: second === READ ? "read" : "write", register: third, data };
  return { type: "reply", register: second, status: third, data };
}

function framed(head: Uint8Array | readonly number[]): Uint8Array {
  const bytes = concatBytes(head, [0, 0, END]);
  const dataEnd = bytes.length - TAIL_BYTES;
  viewOf(bytes).setUint16(dataEnd, checksumOf(bytes, dataEnd));
  return bytes;
}

/** The two's complement of the sum from the third byte to the end of the data. */
function checksumOf(bytes: Uint8Array, dataEnd: number): number {
  return -sumOf(bytes.subarray(2, dataEnd)) & 0xffff;
}

function celsius(tenthsKelvin: number): number {
  return (tenthsKelvin - ZERO_CELSIUS_IN_TENTHS_KELVIN) / 10;
}

function dateOf(bits: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${2000 + (bits >> 9)}-${two((bits >> 5) & 0xf)}-${two(bits & 0x1f)}`;
}
