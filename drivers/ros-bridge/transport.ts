import { AbstractTransport, type RosbridgeMessage } from "roslib";
import { assert } from "#lib/errors";
import type { Line } from "../line.ts";

const BRACE = 0x7b;
const utf8 = new TextDecoder();
/** A string, or one of the words that Python writes and JSON does not have. */
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
const JSON_FOR: Readonly<Record<string, string>> = { NaN: "null", Infinity: "1e999", "-Infinity": "-1e999" };

/** roslib over a line of ours: each chunk of the line is a message, text or CBOR. */
export class LineTransport extends AbstractTransport {
  #line: Line | undefined;
  #state: "open" | "closed" = "closed";

  /** Begins: everything that is sent goes over this line. */
  begin(line: Line): void {
    this.#line = line;
    this.#state = "open";
    this.emit("open", undefined);
  }

  receive(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    if (chunk[0] !== BRACE) return this.handleRawMessage(new Uint8Array(chunk).buffer);
    const text = utf8.decode(chunk);
    this.handleRawMessage(parseRepaired(text) ?? text);
  }

  send(message: RosbridgeMessage): void {
    assert(this.#line, "roslib sends only over an open connection");
    if (this.#state === "open") this.#line.write(encodeMessage(message));
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.emit("close", undefined);
  }

  isConnecting(): boolean {
    return false;
  }

  isOpen(): boolean {
    return this.#state === "open";
  }

  isClosing(): boolean {
    return false;
  }

  isClosed(): boolean {
    return this.#state === "closed";
  }
}

/** A protocol message as text. */
export function encodeMessage(message: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/**
 * A message of a bridge that writes NaN and Infinity into JSON, as the one of ROS 2 does for arrays of fixed length; and a fragment
 * whose id is the number 0, which roslib takes for none. Undefined for what is no JSON at all.
 */
export function parseRepaired(text: string): unknown {
  const message = parse(text) ?? parse(text.replace(STRING_OR_WORD, (word) => JSON_FOR[word] ?? word));
  if (typeof message !== "object" || message === null) return undefined;
  const { op, id } = message as { readonly op?: unknown; readonly id?: unknown };
  return op === "fragment" && typeof id === "number" ? { ...message, id: String(id) } : message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
