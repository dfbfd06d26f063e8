/** Reads bytes that come in pieces, from their beginning to their end. A piece need only be valid until the next one is asked for. */
export class ChunkReader {
  readonly #chunks: Iterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  /** What of the piece is taken. */
  #at = 0;
  #isOver = false;
  /** Bytes of the pieces before this one. */
  #before = 0;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** Bytes that were taken, given or skipped. */
  get position(): number {
    return this.#before + this.#at;
  }

  /** The next bytes, without taking them: `length`, fewer at the end. Valid until the next call. */
  peek(length: number): Buffer {
    while (this.#chunk.length - this.#at < length && !this.#isOver) {
      const rest = Buffer.from(this.#chunk.subarray(this.#at));
      const before = this.position;
      const next = this.#next();
      this.#chunk = rest.length === 0 ? next : Buffer.concat([rest, next]);
      this.#before = before;
      this.#at = 0;
    }
    const { buffer, byteOffset, byteLength } = this.#chunk;
    return Buffer.from(buffer, byteOffset + this.#at, Math.min(byteLength - this.#at, length));
  }

  /** Exactly so many bytes, of their own; undefined where fewer are left (these are then gone). */
  take(length: number): Buffer | undefined {
    const parts: Buffer[] = [];
    for (const part of this.stream(length)) parts.push(Buffer.from(part));
    const taken = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    return taken.length === length ? taken : undefined;
  }

  /** The next byte; -1 at the end. */
  byte(): number {
    if (this.#at === this.#chunk.length && !this.#refill()) return -1;
    return this.#chunk[this.#at++]!;
  }

  /** The next `length` bytes, or all that are left, in pieces. */
  *stream(length = Infinity): Generator<Uint8Array, void> {
    let left = length;
    while (left > 0) {
      if (this.#at === this.#chunk.length && !this.#refill()) return;
      const part = this.#chunk.subarray(this.#at, Math.min(this.#chunk.length, this.#at + left));
      this.#at += part.length;
      left -= part.length;
      yield part;
    }
  }

  /** Passes over bytes; false where fewer were left. */
  skip(length: number): boolean {
    let left = length;
    while (left > 0) {
      if (this.#at === this.#chunk.length && !this.#refill()) return false;
      const step = Math.min(left, this.#chunk.length - this.#at);
      this.#at += step;
      left -= step;
    }
    return true;
  }

  /** Passes over all zeros that come next. */
  skipZeros(): void {
    while (this.#at < this.#chunk.length || this.#refill()) {
      if (this.#chunk[this.#at] !== 0) return;
      this.#at++;
    }
  }

  get isAtEnd(): boolean {
    return this.#at === this.#chunk.length && !this.#refill();
  }

  #refill(): boolean {
    while (this.#at === this.#chunk.length && !this.#isOver) {
      this.#before += this.#at;
      this.#at = 0;
      this.#chunk = this.#next();
    }
    return this.#at < this.#chunk.length;
  }

  #next(): Uint8Array {
    const next = this.#isOver ? undefined : this.#chunks.next();
    if (next === undefined || next.done === true) {
      this.#isOver = true;
      return new Uint8Array(0);
    }
    return next.value;
  }
}
