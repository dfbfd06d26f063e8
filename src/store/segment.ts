import { judgedWidth, type CleanList } from "../model/clean-list.ts";
import { IdSet } from "../model/id-set.ts";

const idBytes = 20;
const magic = 0x3147_4553; // "SEG1"
const headerBytes = 16;
const bucketCount = 1 << 16;

/**
 * Clean contents of earlier scans as they lie in the cache: ids by their first two bytes, found without a row or an object for each. `judged` counts its
 * contents and rules by position, as a `CleanList` does.
 */
export class Segment {
  readonly list: CleanList;
  readonly #first: Uint32Array;

  private constructor(list: CleanList) {
    this.list = list;
    this.#first = new Uint32Array(bucketCount + 1);
    const { ids } = list;
    for (let at = 0; at < ids.length; at += idBytes) this.#first[bucketOf(ids, at) + 1]!++;
    for (let i = 1; i <= bucketCount; i++) this.#first[i]! += this.#first[i - 1]!;
  }

  /** Puts lists together, each content once. Rules of all lists count in the same ruleset. */
  static of(lists: readonly CleanList[]): Segment {
    const seen = new IdSet();
    const taken = lists.map(({ ids, sizes }) => Uint8Array.from(sizes, (_, at) => Number(seen.add(ids, at * idBytes))));
    // Only the buckets are in order; a bucket holds a handful.
    const next = new Uint32Array(bucketCount + 1);
    const all = seen.ids();
    for (let at = 0; at < all.length; at += idBytes) next[bucketOf(all, at) + 1]!++;
    for (let i = 1; i <= bucketCount; i++) next[i]! += next[i - 1]!;
    const ids = new Uint8Array(all.length);
    const sizes = new Float64Array(seen.size);
    const judged: number[] = [];
    lists.forEach((list, number) => {
      const placeOf = new Int32Array(list.sizes.length).fill(-1);
      list.sizes.forEach((size, at) => {
        if (taken[number]![at] === 0) return;
        const place = next[bucketOf(list.ids, at * idBytes)]!++;
        placeOf[at] = place;
        ids.set(list.ids.subarray(at * idBytes, (at + 1) * idBytes), place * idBytes);
        sizes[place] = size;
      });
      for (let j = 0; j < list.judged.length; j += judgedWidth) {
        const place = placeOf[list.judged[j]!]!;
        if (place >= 0) judged.push(place, list.judged[j + 1]!, list.judged[j + 2]!, list.judged[j + 3]!);
      }
    });
    return new Segment({ ids, sizes, judged: Uint32Array.from(judged) });
  }

  /** Reads what `bytes` wrote. Undefined for anything else. */
  static read(bytes: Uint8Array): Segment | undefined {
    if (bytes.length < headerBytes) return undefined;
    const copy = new Uint8Array(bytes);
    const [mark, count, entries] = new Uint32Array(copy.buffer, 0, 3) as unknown as [number, number, number];
    if (mark !== magic || copy.length !== headerBytes + count * (8 + idBytes) + entries * judgedWidth * 4)
      return undefined;
    const sizes = new Float64Array(copy.buffer, headerBytes, count);
    const judged = new Uint32Array(copy.buffer, headerBytes + count * 8, entries * judgedWidth);
    return new Segment({ ids: copy.subarray(copy.length - count * idBytes), sizes, judged });
  }

  /** Header (mark, contents, entries of `judged`, 0), sizes, judged, ids; numbers as this machine writes them. */
  bytes(): Uint8Array {
    const { ids, sizes, judged } = this.list;
    const header = Uint32Array.of(magic, sizes.length, judged.length / judgedWidth, 0);
    return Buffer.concat(
      [header, sizes, judged, ids].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)),
    );
  }

  /** The position of the id at `ids[at … at+19]`, or -1. */
  find(ids: Uint8Array, at: number): number {
    const bucket = bucketOf(ids, at);
    const known = this.list.ids;
    for (let i = this.#first[bucket]!; i < this.#first[bucket + 1]!; i++) {
      let byte = 2;
      while (byte < idBytes && known[i * idBytes + byte] === ids[at + byte]) byte++;
      if (byte === idBytes) return i;
    }
    return -1;
  }
}

function bucketOf(ids: Uint8Array, at: number): number {
  return ids[at]! * 256 + ids[at + 1]!;
}
