import { PAGE_BYTES } from "./wal.ts";

/** The values of a row as its record holds them; the key of a table without one of its own stands in `rowid`. */
export interface StoredRow {
  /** Absent in rows of tables without rowid, and of indexes. */
  readonly rowid?: number;
  readonly values: readonly StoredValue[];
}

export type StoredValue = number | string | Uint8Array | null;

/** Page numbers count from 1; undefined where there is none. */
export type PageSource = (page: number) => Uint8Array | undefined;

const LEAF_TABLE = 0x0d;
const LEAF_INDEX = 0x0a;
const FILE_HEADER_BYTES = 100;

/**
 * Every row that can be read in the leaves of a database, wherever its tables begin: it asks neither the header, nor the schema,
 * nor the pages above. Pages, cells and overflows that make no sense are passed over.
 * Format: https://www.sqlite.org/fileformat2.html#b_tree_pages.
 */
export function* readRows(pages: PageSource, count: number): Generator<StoredRow> {
  for (let number = 1; number <= count; number++) {
    const page = pages(number);
    if (page) yield* readLeaf(page, number === 1 ? FILE_HEADER_BYTES : 0, pages);
  }
}

function* readLeaf(page: Uint8Array, start: number, pages: PageSource): Generator<StoredRow> {
  const kind = page[start];
  if (kind !== LEAF_TABLE && kind !== LEAF_INDEX) return;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const cells = view.getUint16(start + 3);
  for (let cell = 0; cell < cells; cell++) {
    const pointer = start + 8 + 2 * cell;
    if (pointer + 2 > PAGE_BYTES) return;
    const row = readCell(page, { at: view.getUint16(pointer), isTable: kind === LEAF_TABLE }, pages);
    if (row) yield row;
  }
}

interface CellPlace {
  readonly at: number;
  readonly isTable: boolean;
}

function readCell(page: Uint8Array, { at, isTable }: CellPlace, pages: PageSource): StoredRow | undefined {
  const size = readVarint(page, at);
  const key = size && isTable ? readVarint(page, size.end) : undefined;
  if (!size || (isTable && !key)) return undefined;
  const payload = readPayload(page, { start: (key ?? size).end, size: size.value, isTable }, pages);
  const values = payload && readRecord(payload);
  return values && { values, ...(key && { rowid: key.value }) };
}

interface PayloadPlace {
  readonly start: number;
  readonly size: number;
  readonly isTable: boolean;
}

/** Rows are at most some megabytes: a size beyond is damage. */
const PAYLOAD_BYTES_MAX = 64 * 1024 * 1024;

function readPayload(
  page: Uint8Array,
  { start, size, isTable }: PayloadPlace,
  pages: PageSource,
): Uint8Array | undefined {
  if (size > PAYLOAD_BYTES_MAX) return undefined;
  const local = localBytes(size, isTable);
  if (start + local + (local < size ? 4 : 0) > PAGE_BYTES) return undefined;
  if (local === size) return page.subarray(start, start + size);
  const payload = new Uint8Array(size);
  payload.set(page.subarray(start, start + local));
  let next = uint32(page, start + local);
  for (let filled = local; filled < size;) {
    const overflow = next === 0 ? undefined : pages(next);
    if (!overflow) return undefined;
    const part = overflow.subarray(4, 4 + Math.min(PAGE_BYTES - 4, size - filled));
    payload.set(part, filled);
    filled += part.length;
    next = uint32(overflow, 0);
  }
  return payload;
}

/** How much of a payload is in the leaf itself. */
function localBytes(size: number, isTable: boolean): number {
  const most = isTable ? PAGE_BYTES - 35 : Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23;
  if (size <= most) return size;
  const least = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
  const fitting = least + ((size - least) % (PAGE_BYTES - 4));
  return fitting <= most ? fitting : least;
}

function readRecord(payload: Uint8Array): readonly StoredValue[] | undefined {
  const header = readVarint(payload, 0);
  if (!header || header.value > payload.length) return undefined;
  const values: StoredValue[] = [];
  let body = header.value;
  for (let at = header.end; at < header.value;) {
    const type = readVarint(payload, at);
    if (!type) return undefined;
    const bytes = valueBytes(type.value);
    if (bytes === undefined || body + bytes > payload.length) return undefined;
    values.push(readValue(payload.subarray(body, body + bytes), type.value));
    body += bytes;
    at = type.end;
  }
  return values;
}

/** By serial type 0 to 9; 10 and 11 are reserved. */
const FIXED_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function valueBytes(type: number): number | undefined {
  return type >= 12 ? Math.floor((type - 12) / 2) : FIXED_BYTES[type];
}

function readValue(bytes: Uint8Array, type: number): StoredValue {
  if (type === 0) return null;
  if (type >= 12) return type % 2 === 0 ? bytes : new TextDecoder().decode(bytes);
  if (type >= 8) return type - 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 7) return view.getFloat64(0);
  let value = view.getInt8(0);
  for (let at = 1; at < bytes.length; at++) value = value * 256 + view.getUint8(at);
  return value;
}

interface Varint {
  readonly value: number;
  /** Where the next byte is. */
  readonly end: number;
}

/** Undefined at the end of the bytes, and for what no row of ours has: beyond 2^53. */
function readVarint(bytes: Uint8Array, start: number): Varint | undefined {
  let value = 0;
  for (let at = start; at < Math.min(start + 8, bytes.length); at++) {
    const byte = bytes[at]!;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, end: at + 1 } : undefined;
  }
  return undefined;
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}
