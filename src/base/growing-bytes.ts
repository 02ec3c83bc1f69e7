/** Bytes that come in pieces, in one buffer that doubles: many small pieces cost neither a buffer each nor many copies. */
export class GrowingBytes {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  /** The bytes; valid until the next change. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Adds a copy of a piece. @param limit bytes beyond which the buffer grows to what it must hold only */
  append(piece: Uint8Array, limit: number = Number.POSITIVE_INFINITY): void {
    const length = this.#length + piece.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, Math.min(2 * this.#buffer.length, limit)));
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }

  /** Removes bytes at the beginning, and gives the memory back when little is left. */
  drop(count: number): void {
    if (count === 0) return;
    const rest = this.#buffer.subarray(count, this.#length);
    if (2 * rest.length < this.#buffer.length) this.#buffer = Buffer.from(rest);
    else this.#buffer.copyWithin(0, count, this.#length);
    this.#length = rest.length;
  }
}
