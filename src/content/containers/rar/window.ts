import { RarDamage } from "./entry.ts";

/** The last bytes that were unpacked, from which copies are made. */
export class Window {
  #bytes: Buffer = Buffer.alloc(0);
  #mask = 0;
  /** Bytes that were unpacked. */
  position = 0;

  /** Bytes that are kept. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Makes room for so many bytes at least; what is kept stays. */
  reserve(bytes: number): void {
    if (bytes <= this.capacity) return;
    const grown = Buffer.alloc(2 ** Math.ceil(Math.log2(bytes)));
    for (let at = Math.max(0, this.position - this.capacity); at < this.position;) {
      const piece = this.piece(at, this.position);
      const to = at % grown.length;
      const length = Math.min(piece.length, grown.length - to);
      piece.copy(grown, to, 0, length);
      at += length;
    }
    this.#bytes = grown;
    this.#mask = grown.length - 1;
  }

  put(byte: number): void {
    this.#bytes[this.position++ & this.#mask] = byte;
  }

  /** Copies what stands `distance` bytes before. */
  copy(length: number, distance: number): void {
    const bytes = this.#bytes;
    const mask = this.#mask;
    if (distance > this.position || distance > bytes.length || (distance === 0 && length > 0))
      throw new RarDamage("it refers to bytes before its beginning");
    let to = this.position & mask;
    let from = (this.position - distance) & mask;
    this.position += length;
    if (to + length <= bytes.length && from + length <= bytes.length) {
      for (const end = to + length; to < end;) bytes[to++] = bytes[from++]!;
      return;
    }
    for (let left = length; left > 0; left--) {
      bytes[to] = bytes[from]!;
      to = (to + 1) & mask;
      from = (from + 1) & mask;
    }
  }

  /** What is kept from one place of all that was unpacked to another, as far as it lies in one piece. */
  piece(from: number, to: number): Buffer {
    const at = from & this.#mask;
    return this.#bytes.subarray(at, Math.min(this.#bytes.length, at + to - from));
  }
}
