import { viewOf } from "../framing/bytes.ts";
import type { Telegram } from "./codec.ts";

/** The telegram `LMDscandata` of a SICK TiM or LMS. Angles are in degrees, counter-clockwise. */
export interface ScanData {
  readonly version: number;
  readonly device: number;
  readonly serialNumber: number;
  readonly status: readonly [number, number];
  readonly telegramCounter: number;
  readonly scanCounter: number;
  readonly sinceBootUs: number;
  readonly sentUs: number;
  readonly scanHz: number;
  readonly measurementFrequency: number;
  readonly encoders: number;
  /** `DIST1` and further echoes, `RSSI1` of 16 bits. */
  readonly channels16: readonly Channel[];
  /** `RSSI1` of 8 bits. */
  readonly channels8: readonly Channel[];
  /** The words that follow: position, name, comment, time, events. */
  readonly tail: readonly string[];
}

/** `values` are as sent: times `scale` plus `offset` they are millimetres, or a measure of intensity. */
export interface Channel {
  readonly name: string;
  readonly scale: number;
  readonly offset: number;
  readonly startDeg: number;
  readonly stepDeg: number;
  readonly values: readonly number[];
}

/** Of the lidar: more than any has, far less than memory. */
const [CHANNELS_MAX, VALUES_MAX, ENCODERS_MAX] = [16, 8192, 3];

/** The scan in a telegram; undefined when it carries none, or when what it counts is not there. */
export function readScanData({ type, name, args }: Telegram): ScanData | undefined {
  if (name !== "LMDscandata" || (type !== "sRA" && type !== "sSN")) return undefined;
  const words = new Words(args);
  const head = {
    version: words.number(),
    device: words.number(),
    serialNumber: words.number(),
    status: [words.number(), words.number()] as const,
    telegramCounter: words.number(),
    scanCounter: words.number(),
    sinceBootUs: words.number(),
    sentUs: words.number(),
  };
  // Digital inputs and outputs, two words each, and the angle of the layer.
  words.skip(5);
  const scanHz = words.number() / 100;
  const measurementFrequency = words.number();
  const encoders = words.count(ENCODERS_MAX);
  words.skip(2 * encoders);
  const channels16 = Array.from({ length: words.count(CHANNELS_MAX) }, () => readChannel(words));
  const channels8 = Array.from({ length: words.count(CHANNELS_MAX) }, () => readChannel(words));
  if (words.isBroken || channels16.length === 0) return undefined;
  return { ...head, scanHz, measurementFrequency, encoders, channels16, channels8, tail: words.rest() };
}

/** The telegram of a scan, as the lidar sends it. */
export function scanDataTelegram(scan: ScanData, type: "sRA" | "sSN" = "sSN"): Telegram {
  const head = [scan.version, scan.device, scan.serialNumber, ...scan.status, scan.telegramCounter, scan.scanCounter];
  const times = [scan.sinceBootUs, scan.sentUs, 0, 0, 0, 0, 0, scan.scanHz * 100, scan.measurementFrequency, 0];
  const channels = [scan.channels16, scan.channels8].flatMap((group) => [hex(group.length), ...group.flatMap(wordsOf)]);
  return { type, name: "LMDscandata", args: [...[...head, ...times].map(hex), ...channels, ...scan.tail] };
}

function readChannel(words: Words): Channel {
  const name = words.text();
  const [scale, offset] = [words.float(), words.float()];
  const startDeg = (words.number() | 0) / 10_000;
  const stepDeg = words.number() / 10_000;
  const values = Array.from({ length: words.count(VALUES_MAX) }, () => words.number());
  return { name, scale, offset, startDeg, stepDeg, values };
}

function wordsOf({ name, scale, offset, startDeg, stepDeg, values }: Channel): string[] {
  const angles = [Math.round(startDeg * 10_000), Math.round(stepDeg * 10_000)];
  return [name, floatHex(scale), floatHex(offset), ...[...angles, values.length, ...values].map(hex)];
}

/** Reads words one after the other; the first that is not what it should be breaks all that follow. */
class Words {
  readonly #words: readonly string[];
  #at = 0;
  isBroken = false;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  text(): string {
    const word = this.#words[this.#at++];
    if (word === undefined) this.isBroken = true;
    return word ?? "";
  }

  /** Hexadecimal, or decimal with a sign. */
  number(): number {
    const word = this.text();
    if (/^[0-9A-Fa-f]{1,8}$/.test(word)) return Number.parseInt(word, 16);
    if (/^[+-]\d{1,10}$/.test(word)) return Number.parseInt(word, 10);
    this.isBroken = true;
    return 0;
  }

  /** An IEEE 754 number of 32 bits in hexadecimal. */
  float(): number {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, this.number());
    return view.getFloat32(0);
  }

  /** A number of things to come; none when it is beyond reason. */
  count(most: number): number {
    const count = this.number();
    if (count > most) this.isBroken = true;
    return this.isBroken ? 0 : count;
  }

  skip(words: number): void {
    this.#at += words;
  }

  rest(): readonly string[] {
    return this.#words.slice(this.#at);
  }
}

function hex(value: number): string {
  return (Math.round(value) >>> 0).toString(16).toUpperCase();
}

function floatHex(value: number): string {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setFloat32(0, value);
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}
