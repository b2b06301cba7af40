import { Encoder } from "cbor-x";
import { encode as encodePng } from "fast-png";
import { z } from "zod";

const cbor = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });

/** A protocol message in CBOR; arrays of numbers become typed arrays (RFC 8746, little-endian). */
export function encodeCbor(message: object): Uint8Array {
  return cbor.encode(message);
}

/** A protocol message whose JSON is the pixels of a PNG: red, green, blue in turn, the last row filled with line feeds. */
export function pngOf(json: string): object {
  const text = Buffer.from(json);
  const width = Math.max(1, Math.floor(Math.sqrt(text.length / 3)));
  const height = Math.max(1, Math.ceil(text.length / (width * 3)));
  const data = new Uint8Array(width * height * 3).fill(LINE_FEED);
  data.set(text);
  return { op: "png", data: Buffer.from(encodePng({ width, height, data, channels: 3 })).toString("base64") };
}

/** The fragments of a message that is longer than `size`, or the message itself. */
export function fragmentsOf(json: string, size: number | undefined, id: string): readonly string[] {
  if (size === undefined || json.length <= size) return [json];
  const total = Math.ceil(json.length / size);
  return Array.from({ length: total }, (_, num) =>
    JSON.stringify({ op: "fragment", id, data: json.slice(num * size, (num + 1) * size), num, total }),
  );
}

/** Puts the fragments that a client sends together again. */
export interface Defragmenter {
  /** Takes a fragment and gives the whole message once it is complete; says why a fragment is refused. */
  take(fragment: Readonly<Record<string, unknown>>): { readonly whole?: string; readonly refused?: string };
}

const LINE_FEED = 0x0a;
const FRAGMENTS_MAX = 10_000;
const MESSAGES_MAX = 64;
const Fragment = z.looseObject({
  id: z.union([z.string(), z.number()]),
  data: z.string(),
  num: z.int().min(0),
  total: z.int().min(1).max(FRAGMENTS_MAX),
});

/** A defragmenter of one client; of too many unfinished messages the oldest is given up. */
export function createDefragmenter(): Defragmenter {
  const lists = new Map<string | number, { readonly total: number; readonly parts: Map<number, string> }>();
  return {
    take(message) {
      const parsed = Fragment.safeParse(message);
      if (!parsed.success) return { refused: "received invalid fragment!" };
      const { id, data, num: at, total: count } = parsed.data;
      const list = lists.get(id) ?? { total: count, parts: new Map<number, string>() };
      const fits = list.total === count && at < count && !list.parts.has(at);
      if (!fits) return { refused: `error while trying to append fragment ${at}` };
      list.parts.set(at, data);
      lists.set(id, list);
      if (lists.size > MESSAGES_MAX) lists.delete(lists.keys().next().value!);
      if (list.parts.size < count) return {};
      lists.delete(id);
      return { whole: Array.from({ length: count }, (_, part) => list.parts.get(part)).join("") };
    },
  };
}
