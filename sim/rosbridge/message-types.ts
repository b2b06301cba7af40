import { assert } from "#lib/errors";
import {
  ACTION_DEFINITIONS,
  MESSAGE_DEFINITIONS,
  SERVICE_DEFINITIONS,
  type RosVersion,
} from "./message-definitions.ts";

/** A number, as `.msg` files name it. */
export type NumberType =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

/** What a field holds. */
export type FieldType =
  | { readonly kind: "number"; readonly type: NumberType }
  | { readonly kind: "bool" }
  | { readonly kind: "string" }
  | { readonly kind: "time" }
  | { readonly kind: "message"; readonly message: MessageType }
  | { readonly kind: "array"; readonly of: FieldType; readonly length: number | undefined };

/** A message with its fields in order. */
export interface MessageType {
  /** `package/Name`, the same in both generations. */
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly type: FieldType }[];
}

/** The types that a ROS system of this generation knows. */
export interface TypeRegistry {
  readonly version: RosVersion;
  /** The name that this generation uses: `package/msg/Name` in ROS 2. */
  spell(name: string, kind?: "msg" | "srv" | "action"): string;
  /** `package/Name` of a name as clients write it; undefined when it is spelled wrongly for this generation. */
  canonical(name: string): string | undefined;
  message(name: string): MessageType | undefined;
  service(name: string): { readonly request: MessageType; readonly response: MessageType } | undefined;
  action(
    name: string,
  ): { readonly goal: MessageType; readonly result: MessageType; readonly feedback: MessageType } | undefined;
}

/** Reads the definitions as a system of this generation has them. */
export function createTypeRegistry(version: RosVersion): TypeRegistry {
  const known = new Map<string, MessageType>();
  const header = version === 1 ? "uint32 seq\ntime stamp\nstring frame_id" : "time stamp\nstring frame_id";

  function message(name: string): MessageType | undefined {
    const before = known.get(name);
    if (before) return before;
    const text = name === "std_msgs/Header" ? header : MESSAGE_DEFINITIONS[name];
    if (text === undefined) return undefined;
    const type = parse(name, text);
    known.set(name, type);
    return type;
  }
  function parse(name: string, text: string): MessageType {
    const home = name.slice(0, name.indexOf("/"));
    const lines = text.split("\n").filter((line) => line !== "");
    return { name, fields: lines.map((line) => fieldOf(line, home)) };
  }
  function fieldOf(line: string, home: string): MessageType["fields"][number] {
    const [written = "", name = ""] = line.split(" ");
    const [, base = "", length] = /^([^[]+)(?:\[(\d*)\])?$/.exec(written) ?? [];
    const single = singleType(base, home);
    if (length === undefined) return { name, type: single };
    return { name, type: { kind: "array", of: single, length: length === "" ? undefined : Number(length) } };
  }
  function singleType(base: string, home: string): FieldType {
    if (base === "bool" || base === "string") return { kind: base };
    if (base === "time" || base === "duration") return { kind: "time" };
    if (base === "byte" || base === "char") return { kind: "number", type: "uint8" };
    if (NUMBERS.has(base)) return { kind: "number", type: base as NumberType };
    const name = base === "Header" ? "std_msgs/Header" : base.includes("/") ? base : `${home}/${base}`;
    const found = message(name);
    assert(found, `the definitions know ${name}`);
    return { kind: "message", message: found };
  }
  function canonical(name: string): string | undefined {
    const parts = name.split("/").filter((part) => part !== "");
    if (parts.length === 2) return parts.join("/");
    return version === 2 && parts.length === 3 ? `${parts[0]}/${parts[2]}` : undefined;
  }
  const section = (name: string, part: string, text: string): MessageType => parse(`${name}_${part}`, text);
  return {
    version,
    canonical,
    spell: (name, kind = "msg") => (version === 1 ? name : name.replace("/", `/${kind}/`)),
    message: (name) => message(canonical(name) ?? ""),
    service(name) {
      const found = canonical(name) ?? "";
      const definition = SERVICE_DEFINITIONS[found];
      if (!definition) return undefined;
      return { request: section(found, "Request", definition[0]), response: section(found, "Response", definition[1]) };
    },
    action(name) {
      const found = canonical(name) ?? "";
      const definition = version === 2 ? ACTION_DEFINITIONS[found] : undefined;
      if (!definition) return undefined;
      const [goal, result, feedback] = definition;
      return {
        goal: section(found, "Goal", goal),
        result: section(found, "Result", result),
        feedback: section(found, "Feedback", feedback),
      };
    },
  };
}

const NUMBERS = new Set<string>([
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
]);
