import type { BitReader } from "./bit-reader.ts";
import { RarDamage } from "./entry.ts";

const longest = 15;
/** Codes of so many bits are found by one look. */
const quickBits = 9;

/** A canonical Huffman code: shorter codes come first, and of equal ones those of smaller numbers. */
class HuffmanCode {
  readonly #quick = new Uint16Array(1 << quickBits);
  readonly #symbols: Uint16Array;
  /** By length: the first code that is longer, filled up to 16 bits. */
  readonly #limits = new Uint32Array(longest + 1);
  /** By length: the place of its first number. */
  readonly #starts = new Uint16Array(longest + 1);

  constructor(symbols: number) {
    this.#symbols = new Uint16Array(symbols);
  }

  /** `lengths`: of the code of each number, 0 for one that has none. Throws where there are more codes than bits tell apart. */
  set(lengths: Uint8Array): void {
    const counts = new Uint16Array(longest + 1);
    for (let i = 0; i < lengths.length; i++) counts[lengths[i]!]!++;
    let limit = 0;
    let start = 0;
    const next = new Uint16Array(longest + 1);
    for (let length = 1; length <= longest; length++) {
      next[length] = this.#starts[length] = start;
      start += counts[length]!;
      limit += counts[length]! << (16 - length);
      this.#limits[length] = limit;
    }
    if (limit > 0x10000) throw new RarDamage("its codes are damaged");
    for (let i = 0; i < lengths.length; i++) if (lengths[i]! > 0) this.#symbols[next[lengths[i]!]!++] = i;
    this.#quick.fill(0);
    for (let length = 1, at = 0; length <= quickBits; length++)
      for (let i = 0; i < counts[length]!; i++, at += 1 << (quickBits - length))
        this.#quick.fill(
          (this.#symbols[this.#starts[length]! + i]! << 4) | length,
          at,
          at + (1 << (quickBits - length)),
        );
  }

  read(input: BitReader): number {
    const bits = input.peek();
    const entry = this.#quick[bits >>> (16 - quickBits)]!;
    if (entry !== 0) {
      input.skip(entry & 15);
      return entry >>> 4;
    }
    for (let length = quickBits + 1; length <= longest; length++)
      if (bits < this.#limits[length]!) {
        input.skip(length);
        return this.#symbols[this.#starts[length]! + ((bits - this.#limits[length - 1]!) >>> (16 - length))]!;
      }
    throw new RarDamage("its codes are damaged");
  }
}

const metaCodes = 20;
const metaCode = new HuffmanCode(metaCodes);

/**
 * Reads the lengths of codes, which are packed by a code of their own. `lengths`: those that were read before; with `isAdded` they are what the numbers are
 * added to (RAR 3), and otherwise they are written over.
 */
function readLengths(input: BitReader, lengths: Uint8Array, isAdded: boolean): void {
  const meta = new Uint8Array(metaCodes);
  for (let i = 0; i < metaCodes; i++) {
    const length = input.bits(4);
    const zeros = length === 15 ? input.bits(4) : 0;
    if (zeros === 0) meta[i] = length;
    else i += zeros + 1;
  }
  metaCode.set(meta);
  for (let i = 0; i < lengths.length;) {
    const number = metaCode.read(input);
    if (number < 16) {
      lengths[i] = isAdded ? (lengths[i]! + number) & 15 : number;
      i++;
      continue;
    }
    if (number < 18 && i === 0) throw new RarDamage("its codes are damaged");
    const end = Math.min(lengths.length, i + ((number & 1) === 0 ? 3 + input.bits(3) : 11 + input.bits(7)));
    lengths.fill(number < 18 ? lengths[i - 1]! : 0, i, end);
    i = end;
  }
}

/** The four codes of a block, by how many numbers each has: letters and lengths, distances, their low bits, lengths of copies from last distances. */
export class BlockCodes {
  readonly letters: HuffmanCode;
  readonly distances: HuffmanCode;
  readonly lows: HuffmanCode;
  readonly repeats: HuffmanCode;
  readonly #sizes: readonly [number, number, number, number];
  readonly #lengths: Uint8Array;

  constructor(sizes: readonly [letters: number, distances: number, lows: number, repeats: number]) {
    const [letters, distances, lows, repeats] = sizes;
    this.letters = new HuffmanCode(letters);
    this.distances = new HuffmanCode(distances);
    this.lows = new HuffmanCode(lows);
    this.repeats = new HuffmanCode(repeats);
    this.#sizes = sizes;
    this.#lengths = new Uint8Array(letters + distances + lows + repeats);
  }

  /** Forgets the lengths that others may be added to. */
  clear(): void {
    this.#lengths.fill(0);
  }

  /** Reads all four. `isAdded`: as `readLengths` has it. */
  read(input: BitReader, isAdded: boolean): void {
    readLengths(input, this.#lengths, isAdded);
    let at = 0;
    for (const [i, code] of [this.letters, this.distances, this.lows, this.repeats].entries())
      code.set(this.#lengths.subarray(at, (at += this.#sizes[i]!)));
  }
}
