import { z } from "zod";
import type { Clock } from "#lib/clock";
import { actionOperations } from "./action-operations.ts";
import type { RosGraph } from "./graph.ts";
import { serviceOperations } from "./service-operations.ts";
import type { Operations, OperationId, SessionContext, StatusLevel } from "./session-context.ts";
import { topicOperations } from "./topic-operations.ts";
import { createDefragmenter, fragmentsOf } from "./wire.ts";

export interface SessionOptions {
  readonly clock: Clock;
  readonly graph: RosGraph;
  /** Name of the client among the nodes. */
  readonly node: string;
  /** Sends text, or bytes where the client asked for CBOR. */
  readonly send: (data: string | Uint8Array) => void;
  /**
   * Whether goals and calls get threads of their own. Where they do not, as a bridge of ROS 2 does unless it is told otherwise,
   * everything else that the client says waits until they have ended, the cancelling of goals included.
   */
  readonly threads: "one" | "many";
}

/** One client of the bridge, speaking rosbridge v2. */
export interface BridgeSession {
  receive(text: string): void;
  /** The client is gone: what it offered and listened to is withdrawn. */
  end(): void;
}

const Envelope = z.looseObject({
  op: z.string(),
  id: z.union([z.string(), z.number()]).optional(),
  fragment_size: z.int().min(1).nullish(),
});
const SetLevel = z.looseObject({ level: z.enum(["none", "error", "warning", "info"]) });
const LEVELS: readonly (StatusLevel | "none")[] = ["none", "error", "warning", "info"];

/** Starts serving a client. */
export function createBridgeSession(options: SessionOptions): BridgeSession {
  const { clock, graph, node, send } = options;
  const defragmenter = createDefragmenter();
  let level: StatusLevel | "none" = "error";
  let fragmentSize: number | undefined;
  let fragmented = 0;
  let isEnded = false;

  const context: SessionContext = {
    clock,
    graph,
    node,
    say(message) {
      if (isEnded) return;
      const { id } = message as { readonly id?: OperationId };
      const fragmentId = id === undefined ? `fragment:${fragmented++}` : String(id);
      for (const text of fragmentsOf(JSON.stringify(message), fragmentSize, fragmentId)) send(text);
    },
    sayBytes: (bytes) => !isEnded && send(bytes),
    status(severity, msg, id) {
      if (LEVELS.indexOf(severity) > LEVELS.indexOf(level)) return;
      context.say({ op: "status", level: severity, msg, ...(id === undefined ? {} : { id }) });
    },
  };
  const parts = [topicOperations(context), serviceOperations(context), actionOperations(context)];
  const operations: Operations["byOp"] = {
    ...Object.assign({}, ...parts.map(({ byOp }) => byOp)),
    set_level(message: unknown) {
      level = SetLevel.parse(message).level;
    },
    fragment(message: unknown, id: OperationId) {
      const { whole, refused } = defragmenter.take(message as Readonly<Record<string, unknown>>);
      if (whole !== undefined) void obey(whole);
      if (refused !== undefined) context.status("error", refused, id);
    },
  };

  function obey(text: string): void | Promise<void> {
    const json = parseJson(text);
    const envelope = Envelope.safeParse(json);
    if (!envelope.success) {
      return context.status("error", `Received a message without an op: ${text.slice(0, 200)}`, undefined);
    }
    const { op, id, fragment_size } = envelope.data;
    const operation = Object.hasOwn(operations, op) ? operations[op] : undefined;
    if (!operation) {
      const allowed = Object.keys(operations).join(", ");
      return context.status("error", `Unknown operation: ${op}. Allowed operations: ${allowed}`, id);
    }
    // Any message may set it, for all that follows.
    if (typeof fragment_size === "number") fragmentSize = fragment_size;
    const refuse = (thrown: unknown): void => {
      if (!(thrown instanceof z.ZodError)) throw thrown;
      context.status("error", `${op}: ${z.prettifyError(thrown)}`, id);
    };
    try {
      return operation(json, id)?.catch(refuse);
    } catch (thrown) {
      return refuse(thrown);
    }
  }
  const receive = options.threads === "one" ? oneAtATime(obey) : obey;
  return {
    receive: (text) => void receive(text),
    end() {
      isEnded = true;
      for (const part of parts) part.end();
    },
  };
}

/** Obeys in order, waiting for what takes its time. */
function oneAtATime(obey: (text: string) => void | Promise<void>): (text: string) => void {
  const waiting: string[] = [];
  let isBusy = false;
  function next(): void {
    while (!isBusy && waiting.length > 0) {
      const work = obey(waiting.shift()!);
      if (!work) continue;
      isBusy = true;
      void work.finally(() => {
        isBusy = false;
        next();
      });
    }
  }
  return (text) => {
    waiting.push(text);
    next();
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
