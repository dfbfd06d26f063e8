import type { IdBytes } from "./object-id.ts";

/** The parts of an `IdSet` that threads can share; it is only read once it is shared. */
export interface SharedIds {
  readonly words: Uint32Array;
  readonly numbers: Uint32Array;
  readonly idBytes: IdBytes;
}

/**
 * Numbers ids of one length in the order in which they come: an open-addressing table of 50 to 100 bytes an id (SHA-1; more for SHA-256) instead
 * of a string and a map entry each.
 */
export class IdSet {
  #words: Uint32Array;
  /** Number of the id in each slot, plus one; 0: free. */
  #numbers: Uint32Array;
  #size = 0;
  readonly idBytes: IdBytes;
  readonly #idWords: number;
  readonly #key: Uint32Array;
  readonly #keyBytes: Uint8Array;

  /** An empty set for ids of so many bytes, or one that was shared. */
  constructor(from: SharedIds | IdBytes = 20) {
    this.idBytes = typeof from === "number" ? from : from.idBytes;
    this.#idWords = this.idBytes / 4;
    this.#key = new Uint32Array(this.#idWords);
    this.#keyBytes = new Uint8Array(this.#key.buffer);
    this.#words = typeof from === "number" ? new Uint32Array(1024 * this.#idWords) : from.words;
    this.#numbers = typeof from === "number" ? new Uint32Array(1024) : from.numbers;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the id at `bytes[at … at+idBytes-1]`. Gives true when it was not there yet. */
  add(bytes: Uint8Array, at: number): boolean {
    const before = this.#size;
    this.number(bytes, at);
    return this.#size > before;
  }

  /** The number of an id, which is added when it is not there yet. */
  number(bytes: Uint8Array, at: number): number {
    this.#load(bytes, at);
    const slot = this.#find();
    const known = this.#numbers[slot]!;
    if (known > 0) return known - 1;
    this.#words.set(this.#key, slot * this.#idWords);
    this.#numbers[slot] = ++this.#size;
    if (this.#size * 2 > this.#numbers.length) this.#grow();
    return this.#size - 1;
  }

  /** The number of an id, or -1. */
  find(bytes: Uint8Array, at: number): number {
    this.#load(bytes, at);
    return this.#numbers[this.#find()]! - 1;
  }

  has(bytes: Uint8Array, at: number): boolean {
    return this.find(bytes, at) >= 0;
  }

  /** All ids, back to back, in the order of their numbers. */
  ids(): Uint8Array {
    const idWords = this.#idWords;
    const ids = new Uint32Array(this.#size * idWords);
    this.#numbers.forEach((number, slot) => {
      if (number > 0) ids.set(this.#words.subarray(slot * idWords, slot * idWords + idWords), (number - 1) * idWords);
    });
    return new Uint8Array(ids.buffer);
  }

  /** A copy in shared memory. */
  share(): SharedIds {
    const words = new Uint32Array(new SharedArrayBuffer(this.#words.byteLength));
    const numbers = new Uint32Array(new SharedArrayBuffer(this.#numbers.byteLength));
    words.set(this.#words);
    numbers.set(this.#numbers);
    return { words, numbers, idBytes: this.idBytes };
  }

  #load(bytes: Uint8Array, at: number): void {
    const { idBytes } = this;
    for (let i = 0; i < idBytes; i++) this.#keyBytes[i] = bytes[at + i]!;
  }

  /** The key's slot, or the free one where it would go. Ids are hashes already: their first word is the hash. */
  #find(): number {
    const mask = this.#numbers.length - 1;
    const key = this.#key;
    const idWords = this.#idWords;
    for (let slot = key[0]! & mask; ; slot = (slot + 1) & mask) {
      if (this.#numbers[slot] === 0) return slot;
      const at = slot * idWords;
      let word = 0;
      while (word < idWords && this.#words[at + word] === key[word]) word++;
      if (word === idWords) return slot;
    }
  }

  #grow(): void {
    const idWords = this.#idWords;
    const words = this.#words;
    const numbers = this.#numbers;
    this.#words = new Uint32Array(words.length * 2);
    this.#numbers = new Uint32Array(numbers.length * 2);
    for (let slot = 0; slot < numbers.length; slot++) {
      if (numbers[slot] === 0) continue;
      for (let word = 0; word < idWords; word++) this.#key[word] = words[slot * idWords + word]!;
      const to = this.#find();
      this.#numbers[to] = numbers[slot]!;
      this.#words.set(this.#key, to * idWords);
    }
  }
}
