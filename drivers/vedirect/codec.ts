import { bytesOf } from "../framing/bytes.ts";
import { sum8 } from "../framing/checksums.ts";
import type { FrameFormat, Reading } from "../framing/frame-decoder.ts";

/** A block of VE.Direct text as label and value, or a message of its HEX protocol that came in between. */
export type VeFrame =
  | { readonly type: "text"; readonly fields: ReadonlyMap<string, string> }
  | { readonly type: "hex"; readonly text: string };

const [CR, LF, TAB, COLON] = [0x0d, 0x0a, 0x09, 0x3a];
const CHECKSUM_LABEL = "Checksum";
const LABEL_CHARACTERS_MAX = 9;
const VALUE_CHARACTERS_MAX = 33;
const HEX_CHARACTERS_MAX = 80;

/**
 * Blocks of `CR LF label TAB value` that end with the label `Checksum` and one raw byte, which may be any: the sum of all
 * bytes is 0 modulo 256. HEX messages (`:` to LF) may stand in between and count for nothing. Source: Victron,
 * "VE.Direct Protocol", with its FAQ.
 */
export const VEDIRECT_FORMAT: FrameFormat<VeFrame> = {
  longest: 2048,
  starts: (byte) => byte === CR || byte === COLON,
  read: (bytes) => (bytes[0] === COLON ? readHex(bytes) : new Block(bytes).read()),
};

/** The bytes of a block, as the device sends it. */
export function encodeVeText(fields: ReadonlyMap<string, string>): Uint8Array {
  const text = [...fields].map(([label, value]) => `\r\n${label}\t${value}`).join("");
  const bytes = bytesOf(`${text}\r\n${CHECKSUM_LABEL}\t\0`);
  bytes[bytes.length - 1] = -sum8(bytes) & 0xff;
  return bytes;
}

function readHex(bytes: Uint8Array): Reading<VeFrame> {
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] === LF)
      return { frame: { type: "hex", text: String.fromCharCode(...bytes.slice(1, at)) }, length: at + 1 };
    if (!isHexDigit(bytes[at]!) || at > HEX_CHARACTERS_MAX) return { garbage: at };
  }
  return "incomplete";
}

/** Why a part of a block could not be read. */
type End = "incomplete" | "broken";

/** Reads one block byte by byte, over HEX messages that interrupt it. */
class Block {
  readonly #bytes: Uint8Array;
  readonly #fields = new Map<string, string>();
  #at = 0;
  #sum = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): Reading<VeFrame> {
    for (;;) {
      const fieldAt = this.#at;
      const label = this.#label();
      if (label === "incomplete") return "incomplete";
      if (label === "broken") return { garbage: 1 };
      if (label.text === CHECKSUM_LABEL) return this.#end();
      // A label that is there already begins the next block: the end of this one was lost.
      if (this.#fields.has(label.text)) return { garbage: fieldAt - 1 };
      const value = this.#word(CR, VALUE_CHARACTERS_MAX);
      if (value === "incomplete") return "incomplete";
      if (value === "broken") return { garbage: 1 };
      this.#fields.set(label.text, value.text);
    }
  }

  /** `CR LF label TAB`; the CR is the end of the value before. */
  #label(): End | { text: string } {
    if (this.#at === 0) this.#next();
    const feed = this.#next();
    if (feed === undefined) return "incomplete";
    return feed === LF ? this.#word(TAB, LABEL_CHARACTERS_MAX) : "broken";
  }

  #word(until: number, longest: number): End | { text: string } {
    let text = "";
    for (;;) {
      const byte = this.#next();
      if (byte === undefined) return "incomplete";
      if (byte === until) return text === "" && until === TAB ? "broken" : { text };
      if (byte < 0x20 || byte > 0x7e || text.length === longest) return "broken";
      text += String.fromCharCode(byte);
    }
  }

  #end(): Reading<VeFrame> {
    const checksum = this.#bytes[this.#at];
    if (checksum === undefined) return "incomplete";
    const length = this.#at + 1;
    if (((this.#sum + checksum) & 0xff) !== 0) return { garbage: length };
    return { frame: { type: "text", fields: this.#fields }, length };
  }

  #next(): number | undefined {
    while (this.#bytes[this.#at] === COLON) {
      const end = this.#bytes.indexOf(LF, this.#at);
      if (end < 0) return undefined;
      this.#at = end + 1;
    }
    const byte = this.#bytes[this.#at++];
    this.#sum += byte ?? 0;
    return byte;
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
