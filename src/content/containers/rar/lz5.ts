import type { BitReader } from "./bit-reader.ts";
import { addFilter, Distances, type Decoder, type Filter } from "./decoder.ts";
import { RarDamage } from "./entry.ts";
import { arm, delta, x86, type Undo } from "./filters.ts";
import { BlockCodes } from "./huffman.ts";
import type { Window } from "./window.ts";

/** How many numbers each code has. */
const codeSizes = [306, 64, 16, 44] as const;
/** Among the letters. */
const [filterMark, lastCopy, firstDistance, firstLength] = [256, 257, 258, 262] as const;
/** RAR writes no longer ones. */
const mostFiltered = 4 << 20;

/** The compression of RAR 5: LZ77 in blocks, each with codes of its own or those of the block before. */
export class Lz5 implements Decoder {
  readonly filters: Filter[] = [];
  readonly #window: Window;
  readonly #codes = new BlockCodes(codeSizes);
  readonly #last = new Distances();
  #lastLength = 0;
  #hasCodes = false;
  #input!: BitReader;
  /** The block's last byte, and how many bits of it are its own. */
  #lastByte = -1;
  #lastBits = 0;
  #isLastBlock = false;

  constructor(window: Window) {
    this.#window = window;
  }

  start(input: BitReader, isSolid: boolean): void {
    this.#input = input;
    this.filters.length = 0;
    this.#lastByte = -1;
    this.#isLastBlock = false;
    if (isSolid) return;
    this.#last.clear();
    this.#lastLength = 0;
    this.#hasCodes = false;
  }

  run(until: number): boolean {
    const input = this.#input;
    const window = this.#window;
    while (window.position < until) {
      if (this.#isBlockOver()) {
        if (this.#isLastBlock) return false;
        if (this.#readBlock()) return true;
        continue;
      }
      const number = this.#codes.letters.read(input);
      if (number < filterMark) window.put(number);
      else if (number >= firstLength) this.#copyNew(this.#lengthOf(number - firstLength));
      else if (number >= firstDistance) {
        const distance = this.#last.again(number - firstDistance);
        this.#lastLength = this.#lengthOf(this.#codes.repeats.read(input));
        window.copy(this.#lastLength, distance);
      } else if (number === lastCopy) window.copy(this.#lastLength, this.#last.newest);
      else if (number === filterMark) this.#readFilter();
    }
    return true;
  }

  finish(): void {}

  #isBlockOver(): boolean {
    const { position, bit } = this.#input;
    return position > this.#lastByte || (position === this.#lastByte && bit >= this.#lastBits);
  }

  /** Reads the header of a block; whether it has codes of its own. */
  #readBlock(): boolean {
    const input = this.#input;
    input.toNextByte();
    const flags = input.bits(8);
    const sum = input.bits(8);
    const sizeBytes = ((flags >> 3) & 3) + 1;
    if (sizeBytes === 4) throw new RarDamage("a header is damaged");
    let size = 0;
    let check = 0x5a ^ flags;
    for (let i = 0; i < sizeBytes; i++) {
      const byte = input.bits(8);
      size += byte << (8 * i);
      check ^= byte;
    }
    if (check !== sum || size === 0) throw new RarDamage("a header is damaged");
    this.#lastByte = input.position + size - 1;
    this.#lastBits = (flags & 7) + 1;
    this.#isLastBlock = (flags & 0x40) !== 0;
    const hasOwn = (flags & 0x80) !== 0;
    if (hasOwn) this.#readCodes();
    else if (!this.#hasCodes) throw new RarDamage("it has no codes");
    return hasOwn;
  }

  #readCodes(): void {
    this.#codes.read(this.#input, false);
    this.#hasCodes = true;
  }

  #lengthOf(slot: number): number {
    if (slot < 8) return 2 + slot;
    const bits = (slot >> 2) - 1;
    return 2 + ((4 | (slot & 3)) << bits) + this.#input.bits(bits);
  }

  #copyNew(told: number): void {
    const input = this.#input;
    const slot = this.#codes.distances.read(input);
    let distance = slot + 1;
    if (slot >= 4) {
      const bits = (slot >> 1) - 1;
      distance = 1 + (2 | (slot & 1)) * 2 ** bits;
      if (bits < 4) distance += input.bits(bits);
      else distance += input.longBits(bits - 4) * 16 + this.#codes.lows.read(input);
    }
    const length = told + (distance > 0x100 ? 1 : 0) + (distance > 0x2000 ? 1 : 0) + (distance > 0x40000 ? 1 : 0);
    this.#last.add(distance);
    this.#lastLength = length;
    this.#window.copy(length, distance);
  }

  #readFilter(): void {
    const from = this.#window.position + this.#readNumber();
    const length = this.#readNumber();
    const kind = this.#input.bits(3);
    const channels = kind === 0 ? this.#input.bits(5) + 1 : 0;
    if (length > mostFiltered) throw new RarDamage("it has a filter that is too long");
    addFilter(this.filters, { from, length, undo: undoOf(kind, channels) });
  }

  #readNumber(): number {
    const bytes = this.#input.bits(2) + 1;
    let number = 0;
    for (let i = 0; i < bytes; i++) number += this.#input.bits(8) * 2 ** (8 * i);
    return number;
  }
}

function undoOf(kind: number, channels: number): Undo | undefined {
  if (kind === 0) return delta(channels);
  if (kind < 3) return x86(kind === 2, true);
  return kind === 3 ? arm : undefined;
}
