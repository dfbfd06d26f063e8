import { wordAt } from "./id-word.ts";
import type { IdBytes } from "./object-id.ts";

/** Free slots end a search: fewer make it longer, more take memory. */
const slotsPerId = 1.4;
/** Words of a SHA-1 id; a SHA-256 id has three more. */
const shortWords = 5;
const longWords = 8;
const leastSlots = 1024;

/**
 * Numbers ids of one length in the order in which they come: an open-addressing table of 34 to 68 bytes an id (SHA-1; more for SHA-256) instead
 * of a string and a map entry each. Trees and commits may name any bytes as an id, so slots are told by random factors: nobody can prepare ids that all
 * want the same one.
 */
export class IdSet {
  readonly idBytes: IdBytes;
  readonly #idWords: number;
  #words: Uint32Array;
  /** Number of the id in each slot, plus one; 0: free. */
  #numbers: Uint32Array;
  readonly #factors = randomFactors();
  /** The upper bits of a hash are the slot: these are the others. */
  #shift: number;
  #size = 0;

  /** An empty set for ids of so many bytes. */
  constructor(idBytes: IdBytes = 20) {
    this.idBytes = idBytes;
    this.#idWords = idBytes / 4;
    this.#words = new Uint32Array(leastSlots * this.#idWords);
    this.#numbers = new Uint32Array(leastSlots);
    this.#shift = shiftFor(leastSlots);
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
    const slot = this.#slot(bytes, at);
    const known = this.#numbers[slot]!;
    if (known > 0) return known - 1;
    const words = this.#words;
    const to = slot * this.#idWords;
    for (let word = 0; word < this.#idWords; word++) words[to + word] = wordAt(bytes, at + 4 * word);
    this.#numbers[slot] = ++this.#size;
    if (this.#size * slotsPerId > this.#numbers.length) this.#grow();
    return this.#size - 1;
  }

  /** The number of an id, or -1. */
  find(bytes: Uint8Array, at: number): number {
    return this.#numbers[this.#slot(bytes, at)]! - 1;
  }

  has(bytes: Uint8Array, at: number): boolean {
    return this.find(bytes, at) >= 0;
  }

  /** All ids, back to back, in the order of their numbers. */
  ids(): Uint8Array {
    const idWords = this.#idWords;
    const words = this.#words;
    const ids = new Uint8Array(this.#size * this.idBytes);
    const view = new DataView(ids.buffer);
    this.#numbers.forEach((number, slot) => {
      if (number === 0) return;
      const to = (number - 1) * this.idBytes;
      for (let word = 0; word < idWords; word++) view.setUint32(to + 4 * word, words[slot * idWords + word]!, true);
    });
    return ids;
  }

  /** The id's slot, or the free one where it would go. */
  #slot(bytes: Uint8Array, at: number): number {
    const numbers = this.#numbers;
    const words = this.#words;
    const idWords = this.#idWords;
    const mask = numbers.length - 1;
    // Read once, into registers: trees ask for each of their entries.
    const a = wordAt(bytes, at);
    const b = wordAt(bytes, at + 4);
    const c = wordAt(bytes, at + 8);
    const d = wordAt(bytes, at + 12);
    const e = wordAt(bytes, at + 16);
    const factors = this.#factors;
    let hash =
      Math.imul(a, factors[0]!) +
      Math.imul(b, factors[1]!) +
      Math.imul(c, factors[2]!) +
      Math.imul(d, factors[3]!) +
      Math.imul(e, factors[4]!);
    for (let word = shortWords; word < idWords; word++) hash += Math.imul(wordAt(bytes, at + 4 * word), factors[word]!);
    for (let slot = hash >>> this.#shift; ; slot = (slot + 1) & mask) {
      if (numbers[slot] === 0) return slot;
      const i = slot * idWords;
      if (words[i] !== a || words[i + 1] !== b || words[i + 2] !== c || words[i + 3] !== d || words[i + 4] !== e)
        continue;
      if (idWords === shortWords || this.#endsLike(i, bytes, at)) return slot;
    }
  }

  #endsLike(i: number, bytes: Uint8Array, at: number): boolean {
    for (let word = shortWords; word < this.#idWords; word++)
      if (this.#words[i + word] !== wordAt(bytes, at + 4 * word)) return false;
    return true;
  }

  #grow(): void {
    const idWords = this.#idWords;
    const words = this.#words;
    const numbers = this.#numbers;
    this.#words = new Uint32Array(words.length * 2);
    this.#numbers = new Uint32Array(numbers.length * 2);
    this.#shift = shiftFor(this.#numbers.length);
    const mask = this.#numbers.length - 1;
    for (let slot = 0; slot < numbers.length; slot++) {
      if (numbers[slot] === 0) continue;
      // No id is in the table twice: the first free slot is the one.
      let hash = 0;
      for (let word = 0; word < idWords; word++) hash += Math.imul(words[slot * idWords + word]!, this.#factors[word]!);
      let to = hash >>> this.#shift;
      while (this.#numbers[to] !== 0) to = (to + 1) & mask;
      this.#numbers[to] = numbers[slot]!;
      this.#words.set(words.subarray(slot * idWords, (slot + 1) * idWords), to * idWords);
    }
  }
}

function shiftFor(slots: number): number {
  return 32 - Math.log2(slots);
}

/** Odd: each word counts. */
function randomFactors(): Uint32Array {
  return Uint32Array.from({ length: longWords }, () => (Math.random() * 2 ** 32) | 1);
}
