import { assert } from "#lib/errors";
import { ByteReader, ByteWriter, INTEGER_MAX } from "./byte-codec.ts";

/** One quantity of a channel: whole multiples of `resolution`, null where it was not known. */
export interface Column {
  readonly name: string;
  /** What one tick stands for, in the unit of the quantity. */
  readonly resolution: number;
  readonly ticks: readonly (number | null)[];
}

/** Samples of one channel, by ascending time; every column has a tick for each. */
export interface Series {
  readonly channel: string;
  /** Whole milliseconds of the monotonic clock of one boot. */
  readonly atMs: readonly number[];
  readonly columns: readonly Column[];
}

/** Version of the layout below; `packed.encoding` of the wire format names it. */
export const COLUMNS_ENCODING = "columns/1";

/**
 * Series as bytes, before compression: numbers as differences in zigzag LEB128, of first or second order, whichever is
 * shorter for the column (second order is the delta-of-delta of T. Pelkonen et al., "Gorilla", VLDB 2015).
 *
 * Layout: count of series; each: channel, samples, times, count of columns; each: name, resolution as text, numbers. Texts and
 * lists of numbers carry their length; a list starts with a byte: the order of difference, plus 4 when some are null (a
 * byte 0 or 1 for each sample follows). `docs/telemetry.md` describes it for other programs.
 */
export function encodeSeries(series: readonly Series[]): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(series.length);
  for (const { channel, atMs, columns } of series) {
    writer.text(channel);
    writer.varint(atMs.length);
    writeNumbers(writer, atMs);
    writer.varint(columns.length);
    for (const { name, resolution, ticks } of columns) {
      assert(ticks.length === atMs.length, "every column has a tick for each sample");
      writer.text(name);
      writer.text(String(resolution));
      writeNumbers(writer, ticks);
    }
  }
  return writer.bytes();
}

/** The series of `encodeSeries`. Throws an `InvariantError` for bytes that are none: callers check a sum or catch. */
export function decodeSeries(bytes: Uint8Array): Series[] {
  const reader = new ByteReader(bytes);
  return list(reader, () => {
    const channel = reader.text();
    const count = checkedCount(reader);
    const atMs = readNumbers(reader, count) as number[];
    const columns = list(reader, () => {
      const name = reader.text();
      const resolution = Number(reader.text());
      return { name, resolution, ticks: readNumbers(reader, count) };
    });
    return { channel, atMs, columns };
  });
}

/** The tick nearest to a value; null for what is no number or too large for its resolution. */
export function tickOf(value: number | undefined, resolution: number): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  const tick = Math.round(value / resolution);
  return Math.abs(tick) <= INTEGER_MAX / 8 ? tick : null;
}

/** The value of a tick, without the noise of binary fractions. */
export function valueOf(tick: number, resolution: number): number {
  return Number((tick * resolution).toPrecision(14));
}

const HAS_NULLS = 4;

function writeNumbers(writer: ByteWriter, numbers: readonly (number | null)[]): void {
  const known = numbers.filter((value) => value !== null);
  const order = cost(known, 1) <= cost(known, 2) ? 1 : 2;
  const hasNulls = known.length < numbers.length;
  writer.byte(order + (hasNulls ? HAS_NULLS : 0));
  if (hasNulls) for (const value of numbers) writer.byte(value === null ? 0 : 1);
  eachDifference(known, order, (difference) => writer.signed(difference));
}

function readNumbers(reader: ByteReader, count: number): (number | null)[] {
  const kind = reader.byte();
  const isSecond = (kind & ~HAS_NULLS) === 2;
  const isKnown = kind >= HAS_NULLS ? Array.from({ length: count }, () => reader.byte() === 1) : undefined;
  const numbers: (number | null)[] = [];
  let [value, slope, seen] = [0, 0, 0];
  for (let at = 0; at < count; at++) {
    if (isKnown && !isKnown[at]) {
      numbers.push(null);
      continue;
    }
    const difference = reader.signed();
    if (isSecond && seen > 0) slope += difference;
    else slope = difference;
    value += slope;
    // The first number is its own difference and says nothing about the slope.
    if (seen++ === 0) slope = 0;
    numbers.push(value);
  }
  return numbers;
}

function eachDifference(numbers: readonly number[], order: number, take: (difference: number) => void): void {
  let [before, slope] = [0, 0];
  for (const [at, value] of numbers.entries()) {
    const difference = value - before;
    take(order === 2 && at > 0 ? difference - slope : difference);
    if (at > 0) slope = difference;
    before = value;
  }
}

/** About how many bytes a column takes. */
function cost(numbers: readonly number[], order: number): number {
  let bytes = 0;
  eachDifference(numbers, order, (difference) => {
    const size = Math.abs(difference);
    bytes += size < 64 ? 1 : size < 8192 ? 2 : 4;
  });
  return bytes;
}

function list<Item>(reader: ByteReader, read: () => Item): Item[] {
  return Array.from({ length: checkedCount(reader) }, read);
}

/** Everything counted takes a byte at least, so a count beyond what is left is no count; it must not reserve memory. */
function checkedCount(reader: ByteReader): number {
  const count = reader.varint();
  assert(count <= reader.left(), "the bytes hold what their counts say");
  return count;
}
