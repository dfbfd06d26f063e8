/** A set of whole numbers that lie densely: a bit each, where a `Set` takes some forty bytes. */
export class NumberSet {
  #bits = new Uint32Array(1024);

  /** Gives true when the number was not there yet. */
  add(number: number): boolean {
    const word = number >>> 5;
    if (word >= this.#bits.length) this.#grow(word + 1);
    const bit = 1 << (number & 31);
    const before = this.#bits[word]!;
    this.#bits[word] = before | bit;
    return (before & bit) === 0;
  }

  #grow(words: number): void {
    const larger = new Uint32Array(Math.max(words, this.#bits.length * 2));
    larger.set(this.#bits);
    this.#bits = larger;
  }
}
