/** Hashes of one block; a power of two. */
const blockHashes = 1 << 16;

/** A growing list of path hashes, eight bytes each; takes any number. */
export class HashList {
  /** All but the last are full. A list that doubles would hold three times what is in it while it grows. */
  #blocks: Float64Array[] = [];
  #count = 0;
  /** All of them in ascending order, once that was asked for. */
  #ordered: Float64Array | undefined;

  add(hash: number): void {
    const place = this.#count++ % blockHashes;
    if (place === 0) this.#blocks.push(new Float64Array(blockHashes));
    this.#blocks.at(-1)![place] = hash;
  }

  forEach(visit: (hash: number, index: number) => void): void {
    for (let i = 0; i < this.#count; i++) visit(this.#blocks[Math.floor(i / blockHashes)]![i % blockHashes]!, i);
  }

  /** Hashes that were added more than once, ascending; no more than `max`. Nothing is added afterwards. */
  repeated(max: number): readonly number[] {
    const values = (this.#ordered ??= this.#first(this.#count).sort());
    const found: number[] = [];
    for (let i = 1; i < values.length && found.length < max; i++) {
      const value = values[i] ?? 0;
      if (value === values[i - 1] && value !== found.at(-1)) found.push(value);
    }
    return found;
  }

  /** The hashes in ascending order, each once, or those of the first `count` alone; the list is not to be used afterwards. */
  sorted(count = this.#count): Float64Array {
    // Layers can have millions: no list is made that is there already.
    const values = count === this.#count && this.#ordered ? this.#ordered : this.#first(count).sort();
    this.#blocks = [];
    this.#ordered = undefined;
    let kept = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (i === 0 || value !== values[i - 1]) values[kept++] = value;
    }
    return kept === values.length ? values : values.slice(0, kept);
  }

  /** The first so many, in the order in which they came. */
  #first(count: number): Float64Array {
    const values = new Float64Array(count);
    for (let at = 0; at < count; at += blockHashes)
      values.set(this.#blocks[at / blockHashes]!.subarray(0, count - at), at);
    return values;
  }
}

/** Whether an ascending list holds a hash. */
export function hasHash(sorted: Float64Array, hash: number): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle] ?? 0;
    if (value === hash) return true;
    if (value < hash) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
