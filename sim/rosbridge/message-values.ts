import { unreachable } from "#lib/errors";
import type { FieldType, MessageType, NumberType } from "./message-types.ts";
import type { RosVersion } from "./message-definitions.ts";

/** A message: every field is there, and arrays of numbers are typed arrays. */
export type RosMessage = { readonly [field: string]: RosValue };
/** What a field may hold. */
export type RosValue = number | bigint | boolean | string | RosTime | NumberArray | RosMessage | readonly RosValue[];
type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** A time or a duration. */
export class RosTime {
  readonly seconds: number;
  readonly nanoseconds: number;

  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  static fromMs(ms: number): RosTime {
    const seconds = Math.floor(ms / 1000);
    return new RosTime(seconds, Math.round((ms - seconds * 1000) * 1e6));
  }

  toMs(): number {
    return this.seconds * 1000 + this.nanoseconds / 1e6;
  }
}

/** What a client's JSON became: the message, or why it is none of that type. */
export type Populated =
  | { readonly ok: true; readonly message: RosMessage }
  | { readonly ok: false; readonly reason: string };

/**
 * A message of a type from a client's JSON, as `populate_instance` of rosbridge_library makes it: what is left out is zero, a header
 * without a stamp gets `nowMs`, an unknown field or a value of another type is refused.
 */
export function populate(type: MessageType, json: unknown, nowMs: number): Populated {
  try {
    return { ok: true, message: objectFrom(type, json, { root: type.name, path: [], nowMs }) };
  } catch (thrown) {
    if (!(thrown instanceof Misfit)) throw thrown;
    return { ok: false, reason: thrown.reason };
  }
}

/** The message as JSON carries it: no NaN and no infinity, bytes as base64. */
export function toJson(message: RosMessage, version: RosVersion): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, jsonOf(value, version)]));
}

/** The message as CBOR carries it: arrays of numbers stay typed arrays. */
export function toCborValue(message: RosMessage, version: RosVersion): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, plainOf(value, version)]));
}

interface Place {
  readonly root: string;
  readonly path: readonly string[];
  readonly nowMs: number;
}

/** Says why a client's value does not fit; ends the search at once. */
class Misfit {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

function objectFrom(type: MessageType, json: unknown, place: Place): RosMessage {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw mismatch(place, type.name, json);
  const given = json as Readonly<Record<string, unknown>>;
  const known = new Set(type.fields.map(({ name }) => name));
  const extra = Object.keys(given).find((name) => !known.has(name));
  if (extra !== undefined) {
    throw new Misfit(`Message type ${place.root} does not have a field ${[...place.path, extra].join(".")}`);
  }
  return Object.fromEntries(
    type.fields.map(({ name, type: field }) => {
      const inside = { ...place, path: [...place.path, name] };
      if (Object.hasOwn(given, name)) return [name, valueFrom(field, given[name], inside)];
      if (type.name === "std_msgs/Header" && name === "stamp") return [name, RosTime.fromMs(place.nowMs)];
      // The header of a message may be left out as a whole, and then still has a time.
      if (field.kind === "message" && field.message.name === "std_msgs/Header" && place.path.length === 0) {
        return [name, objectFrom(field.message, {}, inside)];
      }
      return [name, zeroOf(field)];
    }),
  );
}

function valueFrom(type: FieldType, json: unknown, place: Place): RosValue {
  switch (type.kind) {
    case "number":
      return numberFrom(type.type, json, place);
    case "bool":
      if (typeof json !== "boolean") throw mismatch(place, "bool", json);
      return json;
    case "string":
      if (typeof json !== "string") throw mismatch(place, "string", json);
      return json;
    case "time":
      return timeFrom(json, place);
    case "message":
      return objectFrom(type.message, json, place);
    case "array":
      return arrayFrom(type, json, place);
    default:
      return unreachable(type);
  }
}

function numberFrom(type: NumberType, json: unknown, place: Place): number | bigint {
  const isFloat = type.startsWith("float");
  if (typeof json !== "number" || (!isFloat && !Number.isInteger(json))) throw mismatch(place, type, json);
  if (isFloat) return type === "float32" ? Math.fround(json) : json;
  const [low, high] = INTEGER_RANGE[type] ?? [-Infinity, Infinity];
  if (json < low || json > high) throw new Misfit(`${place.path.join(".")} must be a ${type}, but is ${json}`);
  return type.endsWith("64") ? BigInt(json) : json;
}

function timeFrom(json: unknown, place: Place): RosTime {
  if (json === "now") return RosTime.fromMs(place.nowMs);
  if (typeof json !== "object" || json === null) throw mismatch(place, "time", json);
  const given = json as Readonly<Record<string, unknown>>;
  const part = (...names: string[]): number => {
    const found = names.map((name) => given[name]).find((value) => value !== undefined) ?? 0;
    if (!Number.isInteger(found)) throw mismatch(place, "time", json);
    return found as number;
  };
  return new RosTime(part("sec", "secs"), part("nanosec", "nsecs"));
}

function arrayFrom(type: Extract<FieldType, { kind: "array" }>, json: unknown, place: Place): RosValue {
  const isBytes = type.of.kind === "number" && type.of.type === "uint8";
  const given = isBytes && typeof json === "string" ? [...Buffer.from(json, "base64")] : json;
  if (!Array.isArray(given)) throw mismatch(place, "list", json);
  if (type.length !== undefined && given.length !== type.length) {
    throw new Misfit(`${place.path.join(".")} must have ${type.length} values, but has ${given.length}`);
  }
  return arrayOf(
    type.of,
    given.map((each) => valueFrom(type.of, each, place)),
  );
}

function zeroOf(type: FieldType): RosValue {
  switch (type.kind) {
    case "number":
      return type.type.endsWith("int64") ? 0n : 0;
    case "bool":
      return false;
    case "string":
      return "";
    case "time":
      return new RosTime(0, 0);
    case "message":
      return emptyMessage(type.message);
    case "array":
      return arrayOf(
        type.of,
        Array.from({ length: type.length ?? 0 }, () => zeroOf(type.of)),
      );
    default:
      return unreachable(type);
  }
}

/** A message in which nothing was said; a rotation is none. */
function emptyMessage({ name, fields }: MessageType): RosMessage {
  const zero = fields.map((field) => [field.name, zeroOf(field.type)] as const);
  return Object.fromEntries(name === "geometry_msgs/Quaternion" ? [...zero, ["w", 1]] : zero);
}

function arrayOf(type: FieldType, values: readonly RosValue[]): RosValue {
  if (type.kind !== "number") return values;
  if (type.type === "int64") return BigInt64Array.from(values as readonly bigint[]);
  if (type.type === "uint64") return BigUint64Array.from(values as readonly bigint[]);
  return ARRAYS[type.type].from(values as readonly number[]);
}

function jsonOf(value: RosValue, version: RosVersion): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  if (value instanceof RosTime) return timeOf(value, version);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, (each) => jsonOf(each, version));
  if (isList(value)) return value.map((each) => jsonOf(each, version));
  return toJson(value, version);
}

function plainOf(value: RosValue, version: RosVersion): unknown {
  if (typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (value instanceof RosTime) return timeOf(value, version);
  if (isList(value)) return value.map((each) => plainOf(each, version));
  return toCborValue(value, version);
}

function timeOf({ seconds, nanoseconds }: RosTime, version: RosVersion): object {
  return version === 1 ? { secs: seconds, nsecs: nanoseconds } : { sec: seconds, nanosec: nanoseconds };
}

function isList(value: RosValue): value is readonly RosValue[] {
  return Array.isArray(value);
}

function mismatch({ root, path }: Place, expected: string, found: unknown): Misfit {
  const what = found === null ? "null" : Array.isArray(found) ? "list" : typeof found;
  if (path.length === 0) return new Misfit(`Expected a JSON object for type ${root} but received a ${what}`);
  return new Misfit(`${root} message requires a ${expected} for field ${path.join(".")}, but got a ${what}`);
}

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

const INTEGER_RANGE: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};
