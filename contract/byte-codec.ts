import { assert } from "#lib/errors";

/** Integers up to this size survive every step of the codec exactly. */
export const INTEGER_MAX = 2 ** 49;

/** Collects bytes; grows as needed. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** An unsigned LEB128 number: seven bits a byte, the lowest first. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x8000_0000) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A signed number, small magnitudes first (zigzag). */
  signed(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written so far, copied. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what a `ByteWriter` wrote. Throws an `InvariantError` at the end of the bytes: check them before. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    assert(value !== undefined, "the bytes end where their counts say");
    return value;
  }

  varint(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const part = this.byte();
      value += (part & 127) * scale;
      if (part < 128) return value;
      scale *= 128;
      assert(scale < 2 ** 63, "a number has at most nine bytes");
    }
  }

  signed(): number {
    const coded = this.varint();
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
  }

  text(): string {
    const length = this.varint();
    assert(this.#at + length <= this.#bytes.length, "the bytes end where their counts say");
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return new TextDecoder().decode(part);
  }

  /** How many bytes are left. */
  left(): number {
    return this.#bytes.length - this.#at;
  }
}
