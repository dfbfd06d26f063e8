/** Whole numbers below 2^32, one after the other. It grows by a half; a plain array of numbers would take eight bytes and more each. */
export class NumberList {
  #values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Uint32Array(Math.ceil(this.#values.length * 1.5));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** What was pushed; it shares memory with the list. */
  take(): Uint32Array {
    return this.#values.subarray(0, this.length);
  }
}
