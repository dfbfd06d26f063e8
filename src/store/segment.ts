import { bucketCount, bucketOf, findClean, judgedFrom, keyBytes, type CleanIndex } from "../model/clean-index.ts";
import { judgedWidth, type CleanList } from "../model/clean-list.ts";
import { IdSet } from "../model/id-set.ts";

const magic = 0x3247_4553; // "SEG2"
const headerBytes = 16;

/** Clean contents of earlier scans as they lie in the cache, found without a row or an object for each. */
export class Segment {
  readonly list: CleanIndex;

  private constructor({ ids, sizes, judged }: CleanList) {
    const first = new Uint32Array(new SharedArrayBuffer(4 * (bucketCount + 1)));
    for (let at = 0; at < ids.length; at += keyBytes) first[bucketOf(ids, at) + 1]!++;
    for (let i = 1; i <= bucketCount; i++) first[i]! += first[i - 1]!;
    this.list = { ids, sizes, judged, first };
  }

  /** Puts lists together, each content once: as the first list has it. Rules of all lists count in the same ruleset. `most`: more contents are left out. */
  static of(lists: readonly CleanList[], most = Infinity): Segment {
    const seen = new IdSet();
    const taken = lists.map(({ ids, sizes }) =>
      Uint8Array.from(sizes, (_, at) => Number(seen.size < most && seen.add(ids, at * keyBytes))),
    );
    // Only the buckets are in order; a bucket holds a handful.
    const next = new Uint32Array(bucketCount + 1);
    const all = seen.ids();
    for (let at = 0; at < all.length; at += keyBytes) next[bucketOf(all, at) + 1]!++;
    for (let i = 1; i <= bucketCount; i++) next[i]! += next[i - 1]!;
    const ids = new Uint8Array(new SharedArrayBuffer(all.length));
    const sizes = new Float64Array(new SharedArrayBuffer(8 * seen.size));
    const judged: number[][] = [];
    lists.forEach((list, number) => {
      const placeOf = new Int32Array(list.sizes.length).fill(-1);
      list.sizes.forEach((size, at) => {
        if (taken[number]![at] === 0) return;
        const place = next[bucketOf(list.ids, at * keyBytes)]!++;
        placeOf[at] = place;
        ids.set(list.ids.subarray(at * keyBytes, (at + 1) * keyBytes), place * keyBytes);
        sizes[place] = size;
      });
      for (let j = 0; j < list.judged.length; j += judgedWidth) {
        const place = placeOf[list.judged[j]!]!;
        if (place >= 0) judged.push([place, list.judged[j + 1]!, list.judged[j + 2]!, list.judged[j + 3]!]);
      }
    });
    judged.sort((a, b) => a[0]! - b[0]!);
    return new Segment({ ids, sizes, judged: Uint32Array.from(judged.flat()) });
  }

  /** Reads what `bytes` wrote. Undefined for anything else. */
  static read(bytes: Uint8Array): Segment | undefined {
    if (bytes.length < headerBytes) return undefined;
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const [mark, count, entries] = new Uint32Array(shared, 0, 3) as unknown as [number, number, number];
    if (mark !== magic || bytes.length !== headerBytes + count * (8 + keyBytes) + entries * judgedWidth * 4)
      return undefined;
    const sizes = new Float64Array(shared, headerBytes, count);
    const judged = new Uint32Array(shared, headerBytes + count * 8, entries * judgedWidth);
    return new Segment({ ids: new Uint8Array(shared, bytes.length - count * keyBytes), sizes, judged });
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
    return findClean(this.list, ids, at);
  }

  /** Where the entries of `judged` begin that are about the content at a position. */
  judgedFrom(position: number): number {
    return judgedFrom(this.list, position);
  }
}
