import { concatBytes, viewOf } from "../framing/bytes.ts";
import { crc16Xmodem } from "../framing/checksums.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** The payload of a VESC packet: the first byte names the command, the rest is its data, big-endian. */
export interface VescPacket {
  readonly command: number;
  readonly data: Uint8Array;
}

export const VESC_COMMAND = {
  firmwareVersion: 0,
  getValues: 4,
  setDuty: 5,
  setCurrent: 6,
  setCurrentBrake: 7,
  setRpm: 8,
  alive: 30,
  forwardCan: 34,
} as const;

/** The parts of `COMM_GET_VALUES` that a base needs. */
export interface VescValues {
  readonly fetTemperatureC: number;
  readonly motorTemperatureC: number;
  readonly motorCurrentA: number;
  readonly inputCurrentA: number;
  readonly duty: number;
  /** Electrical revolutions a minute. */
  readonly erpm: number;
  readonly inputVoltageV: number;
  /** Six steps for each electrical revolution, signed. */
  readonly tachometer: number;
  /** 0 is none. */
  readonly fault: number;
  /** Of the controller on the CAN bus; absent in firmware before 3. */
  readonly controllerId?: number;
}

const [SHORT, LONG, END] = [2, 3, 3];
/** CRC and end. */
const TAIL_BYTES = 3;
const PAYLOAD_BYTES_MAX = 512;
const VALUES_BYTES = 53;
const CONTROLLER_ID_AT = 57;

/** 2 and a length of one byte or 3 and one of two, payload, CRC of the payload, 3. Source: VESC firmware, `packet.c`. */
export const VESC_FORMAT: FrameFormat<VescPacket> = {
  longest: 3 + PAYLOAD_BYTES_MAX + TAIL_BYTES,
  starts: (byte) => byte === SHORT || byte === LONG,
  read(bytes) {
    const headBytes = bytes[0]!;
    if (bytes.length < headBytes) return "incomplete";
    const payloadBytes = headBytes === SHORT ? bytes[1]! : viewOf(bytes).getUint16(1);
    if (payloadBytes === 0 || payloadBytes > PAYLOAD_BYTES_MAX) return { garbage: 1 };
    const payloadEnd = headBytes + payloadBytes;
    const length = payloadEnd + TAIL_BYTES;
    if (bytes.length < length) return "incomplete";
    const payload = bytes.slice(headBytes, payloadEnd);
    const isWhole = bytes[length - 1] === END && viewOf(bytes).getUint16(payloadEnd) === crc16Xmodem(payload);
    return isWhole ? { frame: { command: payload[0]!, data: payload.subarray(1) }, length } : { garbage: 1 };
  },
};

/** The bytes of a packet. */
export function encodeVesc({ command, data }: VescPacket): Uint8Array {
  const payload = concatBytes([command], data);
  const head = payload.length < 256 ? [SHORT, payload.length] : [LONG, payload.length >> 8, payload.length & 0xff];
  const crc = crc16Xmodem(payload);
  return concatBytes(head, payload, [crc >> 8, crc & 0xff, END]);
}

/** Asks for values, which a `COMM_GET_VALUES` answers. */
export function vescGetValues(): VescPacket {
  return { command: VESC_COMMAND.getValues, data: new Uint8Array() };
}

/** Turns the motor at so many electrical revolutions a minute. */
export function vescSetRpm(erpm: number): VescPacket {
  return { command: VESC_COMMAND.setRpm, data: int32(erpm) };
}

/** Drives the motor with a current; 0 lets it coast. */
export function vescSetCurrent(amperes: number): VescPacket {
  return { command: VESC_COMMAND.setCurrent, data: int32(amperes * 1000) };
}

/** Passes a packet on to another controller of the CAN bus. */
export function vescForward(controllerId: number, { command, data }: VescPacket): VescPacket {
  return { command: VESC_COMMAND.forwardCan, data: concatBytes([controllerId, command], data) };
}

/** What the packets that set a 32-bit value set: current in mA, electrical revolutions a minute. */
export function readInt32({ data }: VescPacket): number | undefined {
  return data.length === 4 ? viewOf(data).getInt32(0) : undefined;
}

/**
 * The answer to `COMM_GET_VALUES`; undefined for other packets and when it is too short.
 * Source: VESC firmware, `commands.c`; no independent recording of an answer was found to check it against.
 */
export function readValues({ command, data }: VescPacket): VescValues | undefined {
  if (command !== VESC_COMMAND.getValues || data.length < VALUES_BYTES) return undefined;
  const view = viewOf(data);
  return {
    fetTemperatureC: view.getInt16(0) / 10,
    motorTemperatureC: view.getInt16(2) / 10,
    motorCurrentA: view.getInt32(4) / 100,
    inputCurrentA: view.getInt32(8) / 100,
    duty: view.getInt16(20) / 1000,
    erpm: view.getInt32(22),
    inputVoltageV: view.getInt16(26) / 10,
    tachometer: view.getInt32(44),
    fault: view.getUint8(52),
    ...(data.length > CONTROLLER_ID_AT ? { controllerId: view.getUint8(CONTROLLER_ID_AT) } : {}),
  };
}

/** The answer to `COMM_GET_VALUES`, as a controller sends it. */
export function encodeValues(values: VescValues & { readonly controllerId: number }): VescPacket {
  const data = new Uint8Array(CONTROLLER_ID_AT + 1);
  const view = viewOf(data);
  view.setInt16(0, Math.round(values.fetTemperatureC * 10));
  view.setInt16(2, Math.round(values.motorTemperatureC * 10));
  view.setInt32(4, Math.round(values.motorCurrentA * 100));
  view.setInt32(8, Math.round(values.inputCurrentA * 100));
  view.setInt16(20, Math.round(values.duty * 1000));
  view.setInt32(22, Math.round(values.erpm));
  view.setInt16(26, Math.round(values.inputVoltageV * 10));
  view.setInt32(44, values.tachometer);
  view.setUint8(52, values.fault);
  view.setUint8(CONTROLLER_ID_AT, values.controllerId);
  return { command: VESC_COMMAND.getValues, data };
}

function int32(value: number): Uint8Array {
  const data = new Uint8Array(4);
  viewOf(data).setInt32(0, Math.round(value));
  return data;
}
