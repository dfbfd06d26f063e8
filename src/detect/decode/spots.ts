import { partition } from "../../model/partition.ts";
import type { Decoded } from "./encoding.ts";

/** So much memory is kept for the next text; what a text of nothing but escapes took is not. */
const mostSpareSpots = 1 << 16;
/** A text may hold another one, which is decoded while the outer one is in use. */
const mostSpare = 4;
const spare: SpotList[] = [];

/**
 * A text that was decoded bit by bit, and where it differs from the bytes it was made of. Lists are used again: the chains of a history of bundles take
 * some hundred kilobytes each, tens of thousands of times.
 */
export class SpotList {
  #from = 0;
  #text = Buffer.alloc(0);
  /** For each spot: begin and end in the text, begin and end (addresses) in the bytes. */
  #places = new Uint32Array(0);
  /** Their kinds, as indexes into `names`. */
  #kinds = new Uint8Array(0);
  #count = 0;
  /** What kinds there are: a handful. */
  #names: string[] = [];

  /** A list without spots. `from`: the address of the first byte. `room`: for so many spots; it grows when they are more. */
  static take(from: number, room: number): SpotList {
    const list = spare.pop() ?? new SpotList();
    list.#from = from;
    list.#count = 0;
    list.#names = [];
    if (list.#kinds.length < room) {
      list.#places = new Uint32Array(4 * room);
      list.#kinds = new Uint8Array(room);
    }
    return list;
  }

  /** Room for a text of at most `bytes`. */
  text(bytes: number): Buffer {
    if (this.#text.length < bytes) this.#text = Buffer.allocUnsafeSlow(bytes);
    return this.#text;
  }

  /** Spots are added in their order. */
  add(textFrom: number, textTo: number, from: number, to: number, kind: string): void {
    if (this.#count === this.#kinds.length) this.#grow();
    const at = 4 * this.#count;
    this.#places[at] = textFrom;
    this.#places[at + 1] = textTo;
    this.#places[at + 2] = from;
    this.#places[at + 3] = to;
    const known = this.#names.indexOf(kind);
    this.#kinds[this.#count++] = known >= 0 ? known : this.#names.push(kind) - 1;
  }

  /** The first `length` bytes of the text, with its spots. */
  decoded(length: number): Decoded {
    const places = this.#places;
    return {
      text: this.#text.subarray(0, length),
      release: () => {
        if (spare.length < mostSpare && this.#kinds.length <= mostSpareSpots) spare.push(this);
      },
      // A spot right beside counts: it may be what keeps a value from its neighbour.
      kindsIn: (from, to) => {
        const first = this.#upTo(from - 1);
        if (first === this.#count || places[4 * first]! > to) return undefined;
        const kinds = new Set<string>();
        for (let i = first; i < this.#count && places[4 * i]! <= to; i++) kinds.add(this.#names[this.#kinds[i]!]!);
        return [...kinds];
      },
      placeOf: (from, to) => [this.#address(from, false), this.#address(to, true)],
    };
  }

  /** Number of spots that end at offset `at` of the text or before. */
  #upTo(at: number): number {
    return partition(this.#count, (i) => this.#places[4 * i + 1]! <= at);
  }

  /** Address of the byte that offset `at` of the text was made of; of an end the address behind the last one. */
  #address(at: number, isEnd: boolean): number {
    // The last spot that begins before `at` (for a begin: at or before).
    const low = partition(this.#count, (i) => {
      const begin = this.#places[4 * i]!;
      return isEnd ? begin < at : begin <= at;
    });
    if (low === 0) return this.#from + at;
    const i = 4 * (low - 1);
    const [textFrom, textTo, from, to] = [
      this.#places[i]!,
      this.#places[i + 1]!,
      this.#places[i + 2]!,
      this.#places[i + 3]!,
    ];
    if (at < textTo) return isEnd ? to : from;
    if (isEnd && at === textTo && textTo > textFrom) return to;
    return to + at - textTo;
  }

  #grow(): void {
    const places = new Uint32Array(2 * this.#places.length);
    places.set(this.#places);
    this.#places = places;
    const kinds = new Uint8Array(2 * this.#kinds.length);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }
}
