import { LINE_CHARS_MAX } from "../core/parse.ts";

/** What a technician's keys come to. */
export interface Keys {
  /** What an editor of lines may see: at most one line, ended by a carriage return. */
  readonly keys: string;
  /** Bytes after that line. */
  readonly rest: Uint8Array;
  readonly isLine: boolean;
}

const CTRL_C = 0x03;
const CTRL_U = 0x15;
const ESCAPE = 0x1b;
/** Home, left, end, right, backspace, tab, kill, next, previous, erase line, erase word. */
const EDITING: ReadonlySet<number> = new Set([0x01, 0x02, 0x05, 0x06, 0x08, 0x09, 0x0b, 0x0e, 0x10, 0x15, 0x17, 0x7f]);
/** Arrows, home, end and delete, as terminals send them after an escape; nothing else begins with one here. */
const SEQUENCE = /^(?:\[[ABCDHF]|O[ABCDHF]|\[[1-8]~)/;
const SEQUENCE_BYTES_MAX = 4;

/**
 * Takes bytes from a line that nobody vouches for: noise, binary files, other programs' escape sequences. What is no
 * printable ASCII and edits nothing is dropped; Ctrl-C clears the line; a line that grows too long is cleared as well,
 * because an editor's work grows with the square of its length.
 */
export class KeyFilter {
  #length = 0;
  #wasReturn = false;
  /** Set from the moment that a line got too long until it ends. */
  #isOverlong = false;

  /** The next keys; `rest` is to be given again when the line has been dealt with. */
  take(chunk: Uint8Array): Keys & { readonly isOverlong: boolean } {
    let keys = "";
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk[at]!;
      const wasReturn = this.#wasReturn;
      this.#wasReturn = code === 0x0d;
      if (code === 0x0a && wasReturn) continue;
      if (code === 0x0d || code === 0x0a) {
        const isOverlong = this.#isOverlong;
        this.reset();
        this.#wasReturn = code === 0x0d;
        return { keys: `${keys}\r`, rest: chunk.subarray(at + 1), isLine: true, isOverlong };
      }
      if (code === ESCAPE) {
        const sequence = sequenceAt(chunk, at);
        keys += sequence;
        at += Math.max(0, sequence.length - 1);
        continue;
      }
      keys += this.#key(code);
    }
    return { keys, rest: new Uint8Array(), isLine: false, isOverlong: false };
  }

  reset(): void {
    this.#length = 0;
    this.#isOverlong = false;
  }

  #key(code: number): string {
    if (this.#isOverlong) return "";
    if (code === CTRL_C || code === CTRL_U) {
      this.#length = 0;
      return String.fromCharCode(CTRL_U);
    }
    const isPrintable = code >= 0x20 && code <= 0x7e;
    if (!isPrintable && !EDITING.has(code)) return "";
    this.#length++;
    if (this.#length <= LINE_CHARS_MAX) return String.fromCharCode(code);
    this.#isOverlong = true;
    return String.fromCharCode(0x05, CTRL_U);
  }
}

function sequenceAt(chunk: Uint8Array, at: number): string {
  const after = String.fromCharCode(...chunk.subarray(at + 1, at + SEQUENCE_BYTES_MAX));
  const known = SEQUENCE.exec(after)?.[0];
  return known === undefined ? "" : String.fromCharCode(ESCAPE) + known;
}
