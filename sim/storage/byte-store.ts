/** Room that is made at once. */
const LEAST_BYTES = 65_536;

/** Bytes that grow: what a file holds. A gap that was never written reads as zeros. */
export class ByteStore {
  #bytes = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Copies what there is from `offset` on into `target`; returns how many bytes that were. */
  read(target: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(target.length, this.#size - offset));
    target.set(this.#bytes.subarray(offset, offset + count));
    return count;
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#reach(offset + bytes.length);
    this.#bytes.set(bytes, offset);
  }

  /** Cuts off what is beyond `size`, or fills up to it with zeros. */
  resize(size: number): void {
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    else this.#reach(size);
    this.#size = size;
  }

  /** A copy of what there is between two offsets. */
  slice(from: number, to: number): Uint8Array {
    return this.#bytes.slice(from, Math.min(to, this.#size));
  }

  #reach(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length, LEAST_BYTES));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#size = Math.max(this.#size, size);
  }
}
