/** Names that are remembered, in bytes and in number. Beyond it new ones are looked at each time, which costs time and changes nothing. */
const maxBytes = 64 << 20;
const maxNames = 4 << 20;

/**
 * Numbers names (of files, as bytes) in the order in which they come. Exact: two names share a number only where their bytes are the same. Hashes are
 * seeded, so that nobody can prepare a tree whose names all collide.
 */
export class NameTable {
  #bytes = new Uint8Array(1 << 16);
  /** Where each name begins in `#bytes`; one more than there are names. */
  #starts = new Uint32Array(1 << 10);
  #slots = new Int32Array(1 << 11);
  #hashes = new Uint32Array(1 << 10);
  size = 0;
  readonly #seed = (Math.random() * 2 ** 32) >>> 0;
  readonly #factor = ((Math.random() * 2 ** 32) >>> 0) | 1;

  /** The hash of `bytes[from … to-1]`. */
  hash(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.#seed;
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ bytes[i]!, this.#factor);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  /** The number of a name, which gets the next one (`size` before the call) when it is new; -1 when it is new and the table is full. */
  number(bytes: Uint8Array, from: number, to: number): number {
    const hash = this.hash(bytes, from, to);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (this.#hashes[number] === hash && this.#equals(number, bytes, from, to)) return number;
    }
    const start = this.#starts[this.size]!;
    if (this.size === maxNames || start + to - from > maxBytes) return -1;
    this.#room(start + to - from);
    for (let i = from; i < to; i++) this.#bytes[start + i - from] = bytes[i]!;
    this.#starts[this.size + 1] = start + to - from;
    this.#hashes[this.size] = hash;
    this.#slots[slot] = ++this.size;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return this.size - 1;
  }

  #equals(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#starts[number]!;
    if (this.#starts[number + 1]! - start !== to - from) return false;
    for (let i = from; i < to; i++) if (this.#bytes[start + i - from] !== bytes[i]) return false;
    return true;
  }

  #room(bytes: number): void {
    if (bytes > this.#bytes.length) this.#bytes = grown(this.#bytes, bytes, Uint8Array);
    if (this.size + 2 > this.#starts.length) {
      this.#starts = grown(this.#starts, this.size + 2, Uint32Array);
      this.#hashes = grown(this.#hashes, this.size + 2, Uint32Array);
    }
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = this.#hashes[number]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function grown<T extends Uint8Array | Uint32Array>(list: T, least: number, type: new (length: number) => T): T {
  const larger = new type(Math.max(least, list.length * 2));
  larger.set(list);
  return larger;
}
