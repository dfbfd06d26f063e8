import { partition } from "../../model/partition.ts";
import type { Decoded } from "./encoding.ts";

/** Where a text that was decoded bit by bit differs from the bytes it was made of. */
export class SpotList {
  readonly #from: number;
  /** For each spot: begin and end in the text, begin and end (addresses) in the bytes. */
  readonly #places: number[] = [];
  readonly #kinds: string[] = [];

  /** `from`: the address of the first byte. */
  constructor(from: number) {
    this.#from = from;
  }

  /** Spots are added in their order. */
  add(textFrom: number, textTo: number, from: number, to: number, kind: string): void {
    this.#places.push(textFrom, textTo, from, to);
    this.#kinds.push(kind);
  }

  decoded(text: Buffer): Decoded {
    const places = this.#places;
    return {
      text,
      // A spot right beside counts: it may be what keeps a value from its neighbour.
      kindsIn: (from, to) => {
        const kinds = new Set<string>();
        for (let i = this.#upTo(from - 1); i < this.#kinds.length && places[4 * i]! <= to; i++)
          kinds.add(this.#kinds[i]!);
        return kinds.size === 0 ? undefined : [...kinds];
      },
      placeOf: (from, to) => [this.#address(from, false), this.#address(to, true)],
    };
  }

  /** Number of spots that end at offset `at` of the text or before. */
  #upTo(at: number): number {
    return partition(this.#kinds.length, (i) => this.#places[4 * i + 1]! <= at);
  }

  /** Address of the byte that offset `at` of the text was made of; of an end the address behind the last one. */
  #address(at: number, isEnd: boolean): number {
    // The last spot that begins before `at` (for a begin: at or before).
    const low = partition(this.#kinds.length, (i) => {
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
}
