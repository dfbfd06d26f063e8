import type { Bytes } from "../bytes.ts";
import { RarDamage } from "./entry.ts";

const atOnce = 1 << 18;
/** Zeros behind the last bytes, so that bits may be looked at there. */
const padding = 4;

/** The bits of a part of some bytes, the highest one of each byte first. Those behind the end are zeros, which may be looked at, not taken. */
export class BitReader {
  readonly #bytes: Bytes;
  readonly #end: number;
  #buffer: Buffer = Buffer.alloc(padding);
  /** Where the buffer's first byte stands, and how many of its bytes are not padding. */
  #from: number;
  #filled = 0;
  #at = 0;
  #bit = 0;

  constructor(bytes: Bytes, from: number, to: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#end = Math.min(to, bytes.size);
    this.#fill();
  }

  /** The byte in which the next bit stands. */
  get position(): number {
    return this.#from + this.#at;
  }

  /** How many bits of that byte are taken. */
  get bit(): number {
    return this.#bit;
  }

  /** The next 16 bits, which are not taken. */
  peek(): number {
    const at = this.#at;
    const buffer = this.#buffer;
    return (((buffer[at]! << 16) | (buffer[at + 1]! << 8) | buffer[at + 2]!) >>> (8 - this.#bit)) & 0xffff;
  }

  /** Takes at most 16 bits. */
  skip(count: number): void {
    const bit = this.#bit + count;
    this.#at += bit >>> 3;
    this.#bit = bit & 7;
    if (this.#at + 3 > this.#filled) this.#fill();
  }

  /** The next bits, at most 16. */
  bits(count: number): number {
    if (count === 0) return 0;
    const bits = this.peek() >>> (16 - count);
    this.skip(count);
    return bits;
  }

  /** The same for at most 32. */
  longBits(count: number): number {
    return count <= 16 ? this.bits(count) : this.bits(count - 16) * 0x10000 + this.bits(16);
  }

  toNextByte(): void {
    if (this.#bit > 0) this.skip(8 - this.#bit);
  }

  #fill(): void {
    const from = this.#from + this.#at;
    if (from > this.#end || (from === this.#end && this.#bit > 0)) throw new RarDamage("it ends too early");
    if (this.#from + this.#filled >= this.#end && this.#filled > 0) return;
    const read = this.#bytes.read(from, Math.min(atOnce, this.#end - from));
    if (read.length === 0 && from < this.#end) throw new RarDamage("it ends too early");
    this.#buffer = Buffer.alloc(read.length + padding);
    read.copy(this.#buffer);
    this.#from = from;
    this.#at = 0;
    this.#filled = read.length;
  }
}
