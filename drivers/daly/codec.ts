import { viewOf } from "../framing/bytes.ts";
import { sum8 } from "../framing/checksums.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** A frame of a Daly BMS; request and reply look alike, the address tells who speaks. */
export interface DalyFrame {
  /** 0x40 is the host, 0x01 the BMS (more where several share a bus). */
  readonly address: number;
  readonly command: number;
  /** Eight bytes. */
  readonly data: Uint8Array;
}

/** What the replies say, by command. */
export type DalyReply =
  | { readonly type: "status"; readonly voltageV: number; readonly currentA: number; readonly charge: number }
  | {
      readonly type: "cell-range";
      readonly max: { readonly mV: number; readonly cell: number };
      readonly min: { readonly mV: number; readonly cell: number };
    }
  | { readonly type: "temperature-range"; readonly maxC: number; readonly minC: number }
  | {
      readonly type: "switches";
      readonly state: "idle" | "charging" | "discharging" | "unknown";
      readonly isChargingAllowed: boolean;
      readonly isDischargingAllowed: boolean;
      readonly remainingMah: number;
    }
  | {
      readonly type: "pack";
      readonly cells: number;
      readonly sensors: number;
      readonly hasCharger: boolean;
      readonly hasLoad: boolean;
      readonly digitalIo: number;
      readonly cycles: number;
    }
  /** Three cells each, counted from frame 1; the last frames may be padded with zeros. */
  | { readonly type: "cells"; readonly frame: number; readonly mV: readonly number[] }
  | { readonly type: "alarms"; readonly bits: readonly number[] };

export const DALY_COMMAND = {
  status: 0x90,
  cellRange: 0x91,
  temperatureRange: 0x92,
  switches: 0x93,
  pack: 0x94,
  cells: 0x95,
  alarms: 0x98,
} as const;

const START = 0xa5;
const LENGTH = 13;
const DATA_BYTES = 8;
const HOST = 0x40;
/** Currents are sent as tenths of an ampere above this. */
const CURRENT_OFFSET = 30_000;
const TEMPERATURE_OFFSET_C = 40;

/** Frames of 13 bytes: A5, address, command, 08, data, sum. Source: Daly UART/485 protocol V1.2. */
export const DALY_FORMAT: FrameFormat<DalyFrame> = {
  longest: LENGTH,
  starts: (byte) => byte === START,
  read(bytes) {
    if (bytes.length > 3 && bytes[3] !== DATA_BYTES) return { garbage: 1 };
    if (bytes.length < LENGTH) return "incomplete";
    if (sum8(bytes.subarray(0, LENGTH - 1)) !== bytes[LENGTH - 1]) return { garbage: 1 };
    return { frame: { address: bytes[1]!, command: bytes[2]!, data: bytes.slice(4, LENGTH - 1) }, length: LENGTH };
  },
};

/** The bytes of a frame. */
export function encodeDaly({ address, command, data }: DalyFrame): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  bytes.set([START, address, command, DATA_BYTES]);
  bytes.set(data, 4);
  bytes[LENGTH - 1] = sum8(bytes.subarray(0, LENGTH - 1));
  return bytes;
}

/** The host's question. */
export function dalyRequest(command: number): Uint8Array {
  return encodeDaly({ address: HOST, command, data: new Uint8Array(DATA_BYTES) });
}

/** What a reply says; undefined for requests and unknown commands. Positive currents charge the pack. */
export function readDaly({ address, command, data }: DalyFrame): DalyReply | undefined {
  const view = viewOf(data);
  return address === HOST ? undefined : READERS[command]?.(view);
}

const READERS: Readonly<Record<number, (view: DataView) => DalyReply>> = {
  [DALY_COMMAND.status]: (view) => ({
    type: "status",
    voltageV: view.getUint16(0) / 10,
    currentA: (view.getUint16(4) - CURRENT_OFFSET) / 10,
    charge: view.getUint16(6) / 1000,
  }),
  [DALY_COMMAND.cellRange]: (view) => ({
    type: "cell-range",
    max: { mV: view.getUint16(0), cell: view.getUint8(2) },
    min: { mV: view.getUint16(3), cell: view.getUint8(5) },
  }),
  [DALY_COMMAND.temperatureRange]: (view) => ({
    type: "temperature-range",
    maxC: view.getUint8(0) - TEMPERATURE_OFFSET_C,
    minC: view.getUint8(2) - TEMPERATURE_OFFSET_C,
  }),
  [DALY_COMMAND.switches]: (view) => ({
    type: "switches",
    state: (["idle", "charging", "discharging"] as const)[view.getUint8(0)] ?? "unknown",
    isChargingAllowed: view.getUint8(1) !== 0,
    isDischargingAllowed: view.getUint8(2) !== 0,
    remainingMah: view.getUint32(4),
  }),
  [DALY_COMMAND.pack]: (view) => ({
    type: "pack",
    cells: view.getUint8(0),
    sensors: view.getUint8(1),
    hasCharger: view.getUint8(2) !== 0,
    hasLoad: view.getUint8(3) !== 0,
    digitalIo: view.getUint8(4),
    cycles: view.getUint16(5),
  }),
  [DALY_COMMAND.cells]: (view) => ({
    type: "cells",
    frame: view.getUint8(0),
    mV: [1, 3, 5].map((at) => view.getUint16(at)),
  }),
  [DALY_COMMAND.alarms]: (view) => ({
    type: "alarms",
    bits: Array.from({ length: DATA_BYTES * 8 }, (_, bit) => bit).filter(
      (bit) => view.getUint8(bit >> 3) & (1 << (bit & 7)),
    ),
  }),
};
