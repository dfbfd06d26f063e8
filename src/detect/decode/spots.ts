import { partition } from "../../model/partition.ts";
import type { Decoded } from "./encoding.ts";

/** Where a text that was decoded bit by bit differs from the bytes it was made of. */
export class SpotList {
  readonly #from: number;
  /** For each spot: begin and end in the text, begin and end (addresses) in the bytes. */
  #places: Uint32Array;
  /** Their kinds, as indexes into `names`. */
  #kinds: Uint8Array;
  #count = 0;
  /** What kinds there are: a handful. */
  readonly #names: string[] = [];

  /** `from`: the address of the first byte. `room`: for so many spots; it grows when they are more. */
  constructor(from: number, room: number) {
    this.#from = from;
    this.#places = new Uint32Array(4 * room);
    this.#kinds = new Uint8Array(room);
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

  decoded(text: Buffer): Decoded {
    const places = this.#places;
    return {
      text,
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
