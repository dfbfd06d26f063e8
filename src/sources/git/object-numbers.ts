import { IdSet } from "../../model/id-set.ts";
import type { IdBytes } from "../../model/object-id.ts";
import { SortedIds, type SharedIds } from "../../model/sorted-ids.ts";

/** Numbers of objects: those of a store have the number that they have there; what is only named comes after them. */
export class ObjectNumbers {
  readonly idBytes: IdBytes;
  readonly #present: SortedIds;
  readonly #others: IdSet;

  constructor(present: SharedIds) {
    this.idBytes = present.idBytes;
    this.#present = new SortedIds(present);
    this.#others = new IdSet(present.idBytes);
  }

  get size(): number {
    return this.#present.size + this.#others.size;
  }

  /** The number of the id at `bytes[at …]`, which gets one when it has none. */
  number(bytes: Uint8Array, at: number): number {
    const known = this.#present.find(bytes, at);
    return known >= 0 ? known : this.#present.size + this.#others.number(bytes, at);
  }

  /** The number of an id, or -1. */
  find(bytes: Uint8Array, at: number): number {
    const known = this.#present.find(bytes, at);
    if (known >= 0) return known;
    const other = this.#others.find(bytes, at);
    return other < 0 ? -1 : this.#present.size + other;
  }

  /** Gives the ids of numbers, in hexadecimal. No number comes after it. */
  names(): (number: number) => string {
    const others = this.#others.ids();
    const id = Buffer.alloc(this.idBytes);
    return (number) => {
      if (number < this.#present.size) this.#present.copy(number, id, 0);
      else id.set(others.subarray((number - this.#present.size) * this.idBytes).subarray(0, this.idBytes));
      return id.toString("hex");
    };
  }
}
