import { bucketCount, bucketOf, findClean, judgedFrom, keyBytes, type CleanIndex } from "../model/clean-index.ts";
import { judgedWidth, type CleanList } from "../model/clean-list.ts";
import { IdSet } from "../model/id-set.ts";
import { NumberList } from "../model/number-list.ts";

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
    // Only the buckets are in order; a bucket holds a handful.
    const next = new Uint32Array(bucketCount + 1);
    const taken = takeOnce(lists, most, (bucket) => next[bucket + 1]!++);
    for (let i = 1; i <= bucketCount; i++) next[i]! += next[i - 1]!;
    const count = next[bucketCount]!;
    const ids = new Uint8Array(new SharedArrayBuffer(count * keyBytes));
    const sizes = new Float64Array(new SharedArrayBuffer(8 * count));
    const judged = new NumberList();
    lists.forEach((list, number) => {
      const placeOf = new Int32Array(list.sizes.length).fill(-1);
      list.sizes.forEach((size, at) => {
        if (taken[number]![at] === 0) return;
        const place = next[bucketOf(list.ids, at * keyBytes)]!++;
        placeOf[at] = place;
        for (let byte = 0; byte < keyBytes; byte++) ids[place * keyBytes + byte] = list.ids[at * keyBytes + byte]!;
        sizes[place] = size;
      });
      for (let j = 0; j < list.judged.length; j += judgedWidth) {
        const place = placeOf[list.judged[j]!]!;
        if (place < 0) continue;
        judged.push(place);
        for (let word = 1; word < judgedWidth; word++) judged.push(list.judged[j + word]!);
      }
    });
    return new Segment({ ids, sizes, judged: byPlace(judged.take(), count) });
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

  /** Behind `front`: header (mark, contents, entries of `judged`, 0), sizes, judged, ids; numbers as this machine writes them. */
  bytes(front: Uint8Array = new Uint8Array()): Uint8Array {
    const { ids, sizes, judged } = this.list;
    const header = Uint32Array.of(magic, sizes.length, judged.length / judgedWidth, 0);
    return Buffer.concat(
      [front, header, sizes, judged, ids].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)),
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

/** For each list a 1 for the contents that no list before it and nothing before in it has, up to `most` in all. `told` hears the bucket of each. */
function takeOnce(lists: readonly CleanList[], most: number, told: (bucket: number) => void): readonly Uint8Array[] {
  const seen = new IdSet();
  return lists.map(({ ids, sizes }) => {
    const taken = new Uint8Array(sizes.length);
    for (let at = 0; at < taken.length; at++) {
      if (seen.size >= most || !seen.add(ids, at * keyBytes)) continue;
      taken[at] = 1;
      told(bucketOf(ids, at * keyBytes));
    }
    return taken;
  });
}

/** Entries of `judged` in the order of their contents; those of one content stay in theirs. */
function byPlace(judged: Uint32Array, contents: number): Uint32Array {
  const next = new Uint32Array(contents + 1);
  for (let j = 0; j < judged.length; j += judgedWidth) next[judged[j]! + 1]!++;
  for (let i = 1; i <= contents; i++) next[i]! += next[i - 1]!;
  const sorted = new Uint32Array(judged.length);
  for (let j = 0; j < judged.length; j += judgedWidth) {
    const to = next[judged[j]!]!++ * judgedWidth;
    for (let word = 0; word < judgedWidth; word++) sorted[to + word] = judged[j + word]!;
  }
  return sorted;
}
