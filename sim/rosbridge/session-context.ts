import type { Clock } from "#lib/clock";
import type { RosGraph } from "./graph.ts";
import type { MessageType } from "./message-types.ts";
import { type Populated, populate } from "./message-values.ts";

/** How far a status message is from being fine. */
export type StatusLevel = "error" | "warning" | "info";

/** An id as clients choose it. */
export type OperationId = string | number | undefined;

/** What the operations of one client share. */
export interface SessionContext {
  readonly clock: Clock;
  readonly graph: RosGraph;
  /** Name of the client among the nodes. */
  readonly node: string;
  /** Sends a protocol message as JSON, in fragments where the client wants them. */
  readonly say: (message: object) => void;
  /** Sends bytes. */
  readonly sayBytes: (bytes: Uint8Array) => void;
  /** Tells the client, if it wants to hear that much. */
  readonly status: (level: StatusLevel, text: string, id: OperationId) => void;
}

/** Does operations for one client, until `end`. */
export interface Operations {
  /** By `op`, what to do with a message. A promise keeps later messages waiting where the server works in one thread. */
  readonly byOp: Readonly<Record<string, (message: unknown, id: OperationId) => void | Promise<void>>>;
  end(): void;
}

/** A request's `args`: an object, or values in the order of the fields. */
export function populateArgs(type: MessageType, args: unknown, nowMs: number): Populated {
  if (!Array.isArray(args)) return populate(type, args ?? {}, nowMs);
  if (args.length > type.fields.length) return { ok: false, reason: `${type.name} takes no ${args.length} arguments` };
  return populate(type, Object.fromEntries(args.map((value, at) => [type.fields[at]!.name, value])), nowMs);
}

/** An `id` for an answer: there only where the request had one. */
export function idOf(id: OperationId): { id?: string | number } {
  return id === undefined ? {} : { id };
}

/** Why a client says that its service or action failed. */
export function failureText(values: unknown): string {
  return typeof values === "string" ? values : "it failed";
}
