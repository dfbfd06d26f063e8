import { judgedWidth, type CleanList } from "./clean-list.ts";

/**
 * A `CleanList` in which contents are found: ids in the order of their first two bytes, `judged` in the order of contents. Its arrays lie in memory that
 * threads share.
 */
export interface CleanIndex extends CleanList {
  /** Where the ids with each first two bytes begin: one position more than there are buckets. */
  readonly first: Uint32Array;
}

/** Clean contents under keys that were made of their own bytes, so that it matters to nobody where they were scanned. */
export interface ProvedContents {
  readonly index: CleanIndex;
  /** For each rule under which they were scanned its position among the rules of now, or -1. */
  readonly positions: Int32Array;
}

/** Bytes of an id, or of any other key. */
export const keyBytes = 20;
export const bucketCount = 1 << 16;

/** The bucket of the key at `keys[at …]`. */
export function bucketOf(keys: Uint8Array, at: number): number {
  return keys[at]! * 256 + keys[at + 1]!;
}

/** The position of the key at `keys[at … at+19]`, or -1. */
export function findClean({ ids, first }: CleanIndex, keys: Uint8Array, at: number): number {
  const bucket = bucketOf(keys, at);
  for (let i = first[bucket]!; i < first[bucket + 1]!; i++) {
    let byte = 2;
    while (byte < keyBytes && ids[i * keyBytes + byte] === keys[at + byte]) byte++;
    if (byte === keyBytes) return i;
  }
  return -1;
}

/** Where the entries of `judged` begin that are about the content at a position. */
export function judgedFrom({ judged }: CleanIndex, position: number): number {
  let low = 0;
  let high = judged.length / judgedWidth;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (judged[middle * judgedWidth]! < position) low = middle + 1;
    else high = middle;
  }
  return low * judgedWidth;
}
