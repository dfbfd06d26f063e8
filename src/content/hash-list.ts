/** A growing list of path hashes, eight bytes each; takes any number. */
export class HashList {
  #values = new Float64Array(1024);
  #count = 0;
  /** All of them in ascending order, once that was asked for. */
  #ordered: Float64Array | undefined;

  add(hash: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = hash;
  }

  forEach(visit: (hash: number, index: number) => void): void {
    for (let i = 0; i < this.#count; i++) visit(this.#values[i] ?? 0, i);
  }

  /** Hashes that were added more than once, ascending; no more than `max`. Nothing is added afterwards. */
  repeated(max: number): readonly number[] {
    const values = (this.#ordered ??= this.#values.slice(0, this.#count).sort());
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
    const values = count === this.#count && this.#ordered ? this.#ordered : this.#values.subarray(0, count).sort();
    this.#values = new Float64Array(0);
    let kept = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (i === 0 || value !== values[i - 1]) values[kept++] = value;
    }
    return kept === values.buffer.byteLength / values.BYTES_PER_ELEMENT ? values : values.slice(0, kept);
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
