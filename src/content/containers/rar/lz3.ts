import type { BitReader } from "./bit-reader.ts";
import { addFilter, Distances, type Decoder, type Filter } from "./decoder.ts";
import { RarDamage } from "./entry.ts";
import { BlockCodes } from "./huffman.ts";
import { PpmdBlocks } from "./ppmd3.ts";
import { Programs } from "./programs3.ts";
import type { Window } from "./window.ts";

/** How many numbers each code has. */
const codeSizes = [299, 60, 17, 28] as const;
/** Among the letters. */
const [endMark, filterMark, lastCopy, firstDistance, firstShort, firstLength] = [256, 257, 258, 259, 263, 271] as const;
/** Among the low bits: those of the distance before, so many times. */
const [sameLow, sameLowTimes] = [16, 16] as const;

const lengthBases = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224],
] as const;
const lengthBits = [...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]] as const;
const shortBases = [0, 4, 8, 16, 32, 64, 128, 192] as const;
const shortBits = [2, 2, 3, 4, 5, 6, 6, 6] as const;
/** How many distances have 0, 1, 2 … bits of their own. */
const distanceCounts = [4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 14, 0, 12] as const;
const distanceBits = distanceCounts.flatMap((count, bits) => Array.from({ length: count }, () => bits));
const distanceBases = distanceBits.map((_, slot) =>
  distanceBits.slice(0, slot).reduce((sum, bits) => sum + 2 ** bits, 0),
);

/** The compression of RAR 2.9 to 4: blocks of LZ77 and of PPMd. */
export class Lz3 implements Decoder {
  readonly filters: Filter[] = [];
  readonly #window: Window;
  readonly #codes = new BlockCodes(codeSizes);
  readonly #last = new Distances();
  readonly #programs = new Programs();
  #lastLength = 0;
  #lastLow = 0;
  #lowTimes = 0;
  readonly #ppmd = new PpmdBlocks();
  #isPpmd = false;
  /** Whether the head of a block comes next. */
  #needsHead = true;
  /** Whether a file that goes on with this one does without a head: it has the codes of LZ77. */
  #hasCodes = false;
  #input!: BitReader;

  constructor(window: Window) {
    this.#window = window;
  }

  start(input: BitReader, isSolid: boolean): void {
    this.#input = input;
    this.#ppmd.goOn(input);
    this.filters.length = 0;
    this.#needsHead = !isSolid || !this.#hasCodes;
    if (isSolid) return;
    this.#last.clear();
    this.#lastLength = 0;
    this.#codes.clear();
    this.#programs.clear();
    this.#ppmd.clear();
  }

  end(): void {
    this.#ppmd.end();
  }

  run(until: number): boolean {
    const window = this.#window;
    const input = this.#input;
    if (this.#needsHead) this.#readHead();
    if (this.#isPpmd) return this.#runPpmd(until);
    while (window.position < until) {
      const number = this.#codes.letters.read(input);
      if (number < endMark) window.put(number);
      else if (number >= firstLength) this.#copyNew(number - firstLength);
      else if (number >= firstShort) this.#copyShort(number - firstShort);
      else if (number >= firstDistance) {
        const distance = this.#last.again(number - firstDistance);
        const slot = this.#codes.repeats.read(input);
        this.#lastLength = lengthBases[slot]! + 2 + input.bits(lengthBits[slot]!);
        window.copy(this.#lastLength, distance);
      } else if (number === lastCopy) window.copy(this.#lastLength, this.#last.newest);
      else if (number === filterMark) this.#readFilter(() => input.bits(8));
      else return this.#goesOn();
    }
    return true;
  }

  #runPpmd(until: number): boolean {
    const window = this.#window;
    const ppmd = this.#ppmd;
    while (window.position < until) {
      const step = ppmd.next();
      if (step.kind === "byte") window.put(ppmd.byte);
      else if (step.kind === "copy") window.copy(step.length, step.distance);
      else if (step.kind === "filter") this.#readFilter(ppmd.takeByte);
      else {
        this.#needsHead = step.kind === "end of block";
        return this.#needsHead;
      }
    }
    return true;
  }

  finish(): void {
    try {
      while (this.#takeEnd());
    } catch (error) {
      // No mark, and nothing is lost.
      if (!(error instanceof RarDamage)) throw error;
    }
  }

  /** Takes the mark of a block's end, where it is the next; whether a further block of the file follows. */
  #takeEnd(): boolean {
    if (this.#needsHead) this.#readHead();
    if (!this.#isPpmd) return this.#codes.letters.read(this.#input) === endMark && this.#goesOn();
    this.#needsHead = this.#ppmd.next().kind === "end of block";
    return this.#needsHead;
  }

  /** What stands at the end of a block: whether the file goes on, and whether new codes follow. */
  #goesOn(): boolean {
    this.#needsHead = this.#input.bits(1) === 1;
    this.#hasCodes = !this.#needsHead && this.#input.bits(1) === 0;
    return this.#needsHead;
  }

  #readHead(): void {
    const input = this.#input;
    input.toNextByte();
    this.#isPpmd = input.peek() >= 0x8000;
    if (this.#isPpmd) this.#ppmd.start();
    else this.#readCodes();
    this.#needsHead = false;
  }

  #readCodes(): void {
    const input = this.#input;
    input.skip(1);
    this.#lastLow = 0;
    this.#lowTimes = 0;
    if (input.bits(1) === 0) this.#codes.clear();
    this.#codes.read(input, true);
    this.#hasCodes = true;
  }

  #copyNew(slot: number): void {
    const input = this.#input;
    const told = lengthBases[slot]! + 3 + input.bits(lengthBits[slot]!);
    const place = this.#codes.distances.read(input);
    const bits = distanceBits[place]!;
    let distance = distanceBases[place]! + 1;
    if (place > 9) distance += (bits > 4 ? input.bits(bits - 4) << 4 : 0) + this.#lowBits();
    else distance += input.bits(bits);
    const length = told + (distance >= 0x2000 ? 1 : 0) + (distance >= 0x40000 ? 1 : 0);
    this.#last.add(distance);
    this.#lastLength = length;
    this.#window.copy(length, distance);
  }

  #lowBits(): number {
    if (this.#lowTimes > 0) this.#lowTimes--;
    else {
      const low = this.#codes.lows.read(this.#input);
      if (low === sameLow) this.#lowTimes = sameLowTimes - 1;
      else this.#lastLow = low;
    }
    return this.#lastLow;
  }

  #copyShort(slot: number): void {
    const distance = shortBases[slot]! + 1 + this.#input.bits(shortBits[slot]!);
    this.#last.add(distance);
    this.#lastLength = 2;
    this.#window.copy(2, distance);
  }

  #readFilter(next: () => number): void {
    const flags = next();
    const told = (flags & 7) + 1;
    const length = told < 7 ? told : told === 7 ? next() + 7 : (next() << 8) | next();
    if (length === 0) throw new RarDamage("it has a filter that is damaged");
    const code = Buffer.alloc(length);
    for (let i = 0; i < length; i++) code[i] = next();
    const filter = this.#programs.read(flags, code, this.#window.position, () => {
      this.filters.length = 0;
    });
    addFilter(this.filters, filter);
  }
}
