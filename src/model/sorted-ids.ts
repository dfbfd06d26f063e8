import { wordAt } from "./id-word.ts";
import type { IdBytes } from "./object-id.ts";

/** The parts of `SortedIds`, which lie in memory that threads share. */
export interface SharedIds {
  readonly words: Uint32Array;
  readonly first: Uint32Array;
  readonly idBytes: IdBytes;
}

/** Ids of one bucket at the most, on average. */
const idsPerBucket = 4;
/** Longer buckets are cut in halves: ids can be made so that they all want the same one. */
const longBucket = 16;
const wordBits = 32;

/**
 * Ids that are known from the start, in order, numbered from 0: 21 bytes an id (SHA-1) where an open-addressing table has 34 to 68. Ids are random, so their first word tells a
 * bucket of some four ids; where they are not, a bucket is searched by halves.
 */
export class SortedIds {
  readonly idBytes: IdBytes;
  readonly #idWords: number;
  readonly #words: Uint32Array;
  /** Where each bucket begins, in ids; the last one ends at the last place. */
  readonly #first: Uint32Array;
  readonly #shift: number;

  constructor({ words, first, idBytes }: SharedIds) {
    this.idBytes = idBytes;
    this.#idWords = idBytes / 4;
    this.#words = words;
    this.#first = first;
    this.#shift = wordBits - Math.log2(first.length - 1);
  }

  /** The ids of all lists, each list ids back to back, in shared memory. An id that comes twice is one. */
  static of(idBytes: IdBytes, lists: readonly Uint8Array[]): SortedIds {
    const idWords = idBytes / 4;
    const count = lists.reduce((sum, list) => sum + Math.floor(list.length / idBytes), 0);
    const buckets = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(1, count / idsPerBucket))));
    const shift = wordBits - Math.log2(buckets);
    const first = new Uint32Array(new SharedArrayBuffer(4 * (buckets + 1)));
    eachId(lists, idBytes, (list, at) => first[(wordAt(list, at) >>> shift) + 1]!++);
    for (let i = 1; i <= buckets; i++) first[i]! += first[i - 1]!;
    const words = new Uint32Array(new SharedArrayBuffer(Math.max(1, count) * idBytes));
    // Begins move to the ends of their buckets while ids are put there: to the begin of the next one.
    eachId(lists, idBytes, (list, at) => {
      const to = first[wordAt(list, at) >>> shift]!++ * idWords;
      for (let word = 0; word < idWords; word++) words[to + word] = wordAt(list, at + 4 * word);
    });
    let kept = 0;
    let from = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const end = first[bucket]!;
      sortIds(words, from, end, idWords);
      first[bucket] = kept;
      for (let i = from; i < end; i++) {
        if (kept > first[bucket]! && compareIds(words, (kept - 1) * idWords, i * idWords, idWords) === 0) continue;
        if (kept !== i) words.copyWithin(kept * idWords, i * idWords, (i + 1) * idWords);
        kept++;
      }
      from = end;
    }
    first[buckets] = kept;
    return new SortedIds({ words, first, idBytes });
  }

  get size(): number {
    return this.#first[this.#first.length - 1]!;
  }

  /** What other threads make the same of. */
  share(): SharedIds {
    return { words: this.#words, first: this.#first, idBytes: this.idBytes };
  }

  has(bytes: Uint8Array, at: number): boolean {
    return this.find(bytes, at) >= 0;
  }

  /** The number of the id at `bytes[at … at + idBytes - 1]`, or -1. */
  find(bytes: Uint8Array, at: number): number {
    const words = this.#words;
    const idWords = this.#idWords;
    const own = wordAt(bytes, at);
    const bucket = own >>> this.#shift;
    let low = this.#first[bucket]!;
    let high = this.#first[bucket + 1]!;
    while (high - low > longBucket) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(middle * idWords, bytes, at)) low = middle + 1;
      else high = middle + 1;
    }
    for (let i = low; i < high; i++) if (words[i * idWords] === own && this.#endsLike(i * idWords, bytes, at)) return i;
    return -1;
  }

  /** The id with a number, at `to` of `bytes`. */
  copy(number: number, bytes: Uint8Array, to: number): void {
    for (let word = 0; word < this.#idWords; word++) {
      const value = this.#words[number * this.#idWords + word]!;
      for (let i = 0; i < 4; i++) bytes[to + 4 * word + i] = value >>> (8 * i);
    }
  }

  /** The ids with the numbers from `from` to before `to`, back to back. */
  ids(from = 0, to = this.size): Uint8Array {
    const ids = new Uint8Array((to - from) * this.idBytes);
    for (let number = from; number < to; number++) this.copy(number, ids, (number - from) * this.idBytes);
    return ids;
  }

  #isBefore(i: number, bytes: Uint8Array, at: number): boolean {
    for (let word = 0; word < this.#idWords; word++) {
      const other = wordAt(bytes, at + 4 * word);
      if (this.#words[i + word] !== other) return this.#words[i + word]! < other;
    }
    return false;
  }

  #endsLike(i: number, bytes: Uint8Array, at: number): boolean {
    for (let word = 1; word < this.#idWords; word++)
      if (this.#words[i + word] !== wordAt(bytes, at + 4 * word)) return false;
    return true;
  }
}

function eachId(lists: readonly Uint8Array[], idBytes: number, told: (list: Uint8Array, at: number) => void): void {
  for (const list of lists) for (let at = 0; at + idBytes <= list.length; at += idBytes) told(list, at);
}

/** Puts the ids `[from, end)` in order. */
function sortIds(words: Uint32Array, from: number, end: number, idWords: number): void {
  if (end - from > longBucket) {
    const places = Uint32Array.from({ length: end - from }, (_, i) => (from + i) * idWords);
    places.sort((a, b) => compareIds(words, a, b, idWords));
    const sorted = new Uint32Array(places.length * idWords);
    places.forEach((place, i) => sorted.set(words.subarray(place, place + idWords), i * idWords));
    words.set(sorted, from * idWords);
    return;
  }
  const held = new Uint32Array(idWords);
  for (let i = from + 1; i < end; i++) {
    let to = i;
    while (to > from && compareIds(words, (to - 1) * idWords, i * idWords, idWords) > 0) to--;
    if (to === i) continue;
    held.set(words.subarray(i * idWords, (i + 1) * idWords));
    words.copyWithin((to + 1) * idWords, to * idWords, i * idWords);
    words.set(held, to * idWords);
  }
}

function compareIds(words: Uint32Array, a: number, b: number, idWords: number): number {
  for (let word = 0; word < idWords; word++)
    if (words[a + word] !== words[b + word]) return words[a + word]! < words[b + word]! ? -1 : 1;
  return 0;
}
