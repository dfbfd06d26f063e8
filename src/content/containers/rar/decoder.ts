import type { BitReader } from "./bit-reader.ts";
import type { Undo } from "./filters.ts";
import { RarDamage } from "./entry.ts";

/** A part of what is unpacked that was changed before it was packed. Undefined instead of what undoes it: it is not undone here. */
export interface Filter {
  readonly from: number;
  readonly length: number;
  readonly undo: Undo | undefined;
}

/** A method of RAR: takes bits, and puts bytes into its window. */
export interface Decoder {
  /** Begins with a file: `isSolid` goes on with all that it knows of the files before. */
  start(input: BitReader, isSolid: boolean): void;
  /** Goes on until the window has come to a place (a copy may end behind it), or some tables were read. False where the file is at its end. Throws RarDamage. */
  run(until: number): boolean;
  /** All bytes of the file are there: takes what marks its end, for the file that goes on behind it. */
  finish(): void;
  /** Filters of what is not given yet, in the order of their places. The caller takes them away. */
  readonly filters: Filter[];
}

/** Filters that wait: so many stand in no archive. */
const mostWaiting = 8192;

export function addFilter(filters: Filter[], filter: Filter): void {
  if (filter.length === 0) return;
  if (filters.length >= mostWaiting) throw new RarDamage("it has too many filters");
  filters.push(filter);
}

/** The last four distances of copies, the newest first. */
export class Distances {
  readonly #last = [0, 0, 0, 0];

  clear(): void {
    this.#last.fill(0);
  }

  get newest(): number {
    return this.#last[0]!;
  }

  add(distance: number): void {
    this.#last.pop();
    this.#last.unshift(distance);
  }

  /** One of them, which becomes the newest. */
  again(index: number): number {
    const distance = this.#last[index]!;
    this.#last.copyWithin(1, 0, index);
    this.#last[0] = distance;
    return distance;
  }
}
