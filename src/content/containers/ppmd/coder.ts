/** Reads the numbers of which a model knows how likely they are. */
export interface RangeCoder {
  /** Where among `total` the next number lies. */
  threshold(total: number): number;
  /** Takes what lies there: `size` of the total from `start` on. */
  take(start: number, size: number): void;
  /** The next bit, where `zeros` of 2 ** 14 are 0. */
  bit(zeros: number): number;
}

const top = 2 ** 24;
/** Below this RAR's coder cuts its range, instead of carrying. */
const bottom = 2 ** 15;
export const probabilityBits = 14;

/** The next byte; throws where there is none. */
export type NextByte = () => number;

/** The range coder of 7z. */
export class SevenZipCoder implements RangeCoder {
  readonly #next: NextByte;
  #range = 0xffffffff;
  #code = 0;

  /** Takes the first five bytes, the first of which is 0. */
  constructor(next: NextByte) {
    this.#next = next;
    for (let i = 0; i < 5; i++) this.#code = ((this.#code << 8) | next()) >>> 0;
  }

  threshold(total: number): number {
    this.#range = Math.floor(this.#range / total);
    return Math.floor(this.#code / this.#range);
  }

  take(start: number, size: number): void {
    this.#code -= start * this.#range;
    this.#range *= size;
    this.#normalize();
  }

  bit(zeros: number): number {
    const bound = (this.#range >>> probabilityBits) * zeros;
    const bit = this.#code < bound ? 0 : 1;
    if (bit === 0) this.#range = bound;
    else {
      this.#code -= bound;
      this.#range -= bound;
    }
    this.#normalize();
    return bit;
  }

  #normalize(): void {
    while (this.#range < top) {
      // What is damaged may have no range at all.
      if (this.#range === 0) this.#range = 1;
      this.#code = ((this.#code << 8) | this.#next()) >>> 0;
      this.#range = (this.#range << 8) >>> 0;
    }
  }
}

/** The range coder of RAR 3, which knows no carry. */
export class RarCoder implements RangeCoder {
  readonly #next: NextByte;
  #low = 0;
  #range = 0xffffffff;
  #code = 0;

  /** Takes the first four bytes. */
  constructor(next: NextByte) {
    this.#next = next;
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | next()) >>> 0;
  }

  threshold(total: number): number {
    this.#range = Math.floor(this.#range / total);
    return Math.floor(((this.#code - this.#low) >>> 0) / this.#range);
  }

  take(start: number, size: number): void {
    this.#low = (this.#low + start * this.#range) >>> 0;
    this.#range = (this.#range * size) >>> 0;
    for (;;) {
      if ((this.#low ^ (this.#low + this.#range)) >>> 0 >= top) {
        if (this.#range >= bottom) return;
        this.#range = -this.#low & (bottom - 1);
      }
      this.#code = ((this.#code << 8) | this.#next()) >>> 0;
      this.#range = (this.#range << 8) >>> 0;
      this.#low = (this.#low << 8) >>> 0;
    }
  }

  bit(zeros: number): number {
    const bit = this.threshold(1 << probabilityBits) < zeros ? 0 : 1;
    if (bit === 0) this.take(0, zeros);
    else this.take(zeros, (1 << probabilityBits) - zeros);
    return bit;
  }
}
