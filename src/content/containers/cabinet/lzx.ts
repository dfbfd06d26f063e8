/** What of a stream of LZX cannot be read. */
export class LzxDamage extends Error {}

const frameBytes = 32_768;
const [letters, lengthSymbols, alignedSymbols, preSymbols] = [256, 249, 8, 20];
const mostBits = 16;
const block = { verbatim: 1, aligned: 2, stored: 3 } as const;
/** Distances have so many numbers at most: those of the largest window. */
const mostSlots = 50;
/** Numbers of distances by the logarithm of the window. */
const slotsOf: Readonly<Record<number, number>> = { 15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50 };
const slotBits = Array.from({ length: mostSlots }, (_, i) => (i < 4 ? 0 : Math.min(17, (i >> 1) - 1)));
const slotBase = slotBits.map((_, i) => slotBits.slice(0, i).reduce((sum, bits) => sum + 2 ** bits, 0));
/** Frames in which addresses of calls are told from the begin of the file. */
const callFrames = 32_768;
const leastCallFrame = 10;

/** Bytes beyond the end that are taken for zeros. */
const mostPadding = 4;

interface Code {
  readonly table: Uint16Array;
  readonly bits: number;
}

const noCode: Code = { table: new Uint16Array(1), bits: 0 };

/**
 * Expands LZX as cabinets have it ("LZX Compression Format" in Microsoft's Cabinet SDK; [MS-PATCH] 2), a frame of 32 KiB at a time. The window and the codes go on from one to the
 * next; each frame begins at a word of the input.
 */
export class LzxDecoder {
  readonly #window: Buffer;
  readonly #mask: number;
  readonly #mainSizes: Uint8Array;
  readonly #lengthSizes = new Uint8Array(lengthSymbols);
  #main: Code = noCode;
  #length: Code = noCode;
  #aligned: Code = noCode;
  /** The last three distances. */
  #recent = [1, 1, 1];
  #type = 0;
  /** What is left of a block. */
  #left = 0;
  /** Whether a stored block has an odd length, and so a byte behind it. */
  #isOdd = false;
  #made = 0;
  /** The size from which addresses of calls were told; 0: they were not. Undefined until it was read. */
  #callSize: number | undefined;
  readonly #more: () => Buffer | undefined;
  #input: Buffer = Buffer.alloc(0);
  #next = 0;
  #padding = mostPadding;
  #held = 0;
  #count = 0;

  /** `more` gives the input piece by piece. Throws where the logarithm of the window is none that LZX has. */
  constructor(windowLog: number, more: () => Buffer | undefined) {
    const slots = slotsOf[windowLog];
    if (slots === undefined) throw new LzxDamage("its window has no size");
    this.#window = Buffer.alloc(2 ** windowLog);
    this.#mask = 2 ** windowLog - 1;
    this.#mainSizes = new Uint8Array(letters + 8 * slots);
    this.#more = more;
  }

  /** The next frame, which is the caller's. Throws where it cannot be read. */
  frame(size: number): Buffer {
    if (size > frameBytes) throw new LzxDamage("a frame is too large");
    this.#callSize ??= this.#bits(1) === 1 ? this.#bits(16) * 65_536 + this.#bits(16) : 0;
    const from = this.#made;
    for (const end = from + size; this.#made < end;) {
      if (this.#left === 0) this.#begin();
      const part = Math.min(this.#left, end - this.#made);
      this.#left -= part;
      if (this.#type === block.stored) this.#copy(part);
      else this.#expand(this.#made + part);
    }
    this.#held &= 2 ** (this.#count & 16) - 1;
    this.#count &= 16;
    const at = from & this.#mask;
    const output = Buffer.concat([
      this.#window.subarray(at, at + size),
      this.#window.subarray(0, Math.max(0, at + size - this.#mask - 1)),
    ]);
    if (this.#callSize > 0 && from < callFrames * frameBytes) unmoveCalls(output, from, this.#callSize);
    return output;
  }

  #begin(): void {
    if (this.#isOdd) this.#byte();
    this.#isOdd = false;
    this.#type = this.#bits(3);
    this.#left = this.#bits(16) * 256 + this.#bits(8);
    if (this.#type === block.stored) {
      // To the next word; where it stands at one, a whole one.
      if (this.#count === 0) this.#fill();
      this.#held = this.#count = 0;
      this.#recent = [0, 0, 0].map(() => Buffer.from([0, 0, 0, 0].map(() => this.#byte())).readUInt32LE(0));
      this.#isOdd = (this.#left & 1) === 1;
      return;
    }
    if (this.#type !== block.verbatim && this.#type !== block.aligned) throw new LzxDamage("a block has no type");
    if (this.#type === block.aligned)
      this.#aligned = codeOf(Uint8Array.from({ length: alignedSymbols }, () => this.#bits(3)));
    this.#readSizes(this.#mainSizes, 0, letters);
    this.#readSizes(this.#mainSizes, letters, this.#mainSizes.length);
    this.#main = codeOf(this.#mainSizes);
    this.#readSizes(this.#lengthSizes, 0, lengthSymbols);
    this.#length = codeOf(this.#lengthSizes);
  }

  /** Lengths of codes, as differences from those of the block before, in a code of their own. */
  #readSizes(sizes: Uint8Array, from: number, to: number): void {
    const code = codeOf(Uint8Array.from({ length: preSymbols }, () => this.#bits(4)));
    for (let at = from; at < to;) {
      const symbol = this.#symbol(code);
      const count =
        symbol === 17 ? 4 + this.#bits(4) : symbol === 18 ? 20 + this.#bits(5) : symbol === 19 ? 4 + this.#bits(1) : 1;
      const difference = symbol === 19 ? this.#symbol(code) : symbol;
      if (difference > 16 && symbol !== 17 && symbol !== 18) throw new LzxDamage("lengths of codes");
      const size = difference > 16 ? 0 : (sizes[at]! + 17 - difference) % 17;
      // A run may say more than there are.
      for (const end = Math.min(to, at + count); at < end; at++) sizes[at] = size;
    }
  }

  #copy(length: number): void {
    for (const end = this.#made + length; this.#made < end; this.#made++)
      this.#window[this.#made & this.#mask] = this.#byte();
  }

  #expand(end: number): void {
    const [window, mask] = [this.#window, this.#mask];
    while (this.#made < end) {
      const symbol = this.#symbol(this.#main);
      if (symbol < letters) {
        window[this.#made++ & mask] = symbol;
        continue;
      }
      const short = (symbol - letters) & 7;
      const length = 2 + short + (short === 7 ? this.#symbol(this.#length) : 0);
      const distance = this.#distance((symbol - letters) >> 3);
      if (distance === 0 || distance > this.#made || distance > mask) throw new LzxDamage("a match lies outside");
      if (length > end - this.#made) throw new LzxDamage("a match is too long");
      for (let left = length; left > 0; left--, this.#made++)
        window[this.#made & mask] = window[(this.#made - distance) & mask]!;
    }
  }

  #distance(slot: number): number {
    const recent = this.#recent;
    if (slot < 3) {
      const distance = recent[slot]!;
      recent[slot] = recent[0]!;
      return (recent[0] = distance);
    }
    const bits = slotBits[slot]!;
    const isAligned = this.#type === block.aligned && bits >= 3;
    const rest = isAligned ? this.#bits(bits - 3) * 8 + this.#symbol(this.#aligned) : this.#bits(bits);
    const distance = slotBase[slot]! - 2 + rest;
    this.#recent = [distance, recent[0]!, recent[1]!];
    return distance;
  }

  #bits(count: number): number {
    while (this.#count < count) this.#fill();
    this.#count -= count;
    const bits = (this.#held >>> this.#count) & (2 ** count - 1);
    this.#held &= 2 ** this.#count - 1;
    return bits;
  }

  #symbol({ table, bits }: Code): number {
    while (this.#count < bits) {
      const entry = table[(this.#held << (bits - this.#count)) & (2 ** bits - 1)]!;
      if ((entry & 31) !== 0 && (entry & 31) <= this.#count) break;
      this.#fill();
    }
    const index = this.#count < bits ? this.#held << (bits - this.#count) : this.#held >>> (this.#count - bits);
    const entry = table[index & (2 ** bits - 1)]!;
    if (entry === 0) throw new LzxDamage("a code is none");
    this.#count -= entry & 31;
    this.#held &= 2 ** this.#count - 1;
    return entry >> 5;
  }

  /** Input comes in words, of which the highest bit is the first. */
  #fill(): void {
    const low = this.#byte();
    this.#held = ((this.#held << 16) | (this.#byte() << 8) | low) >>> 0;
    this.#count += 16;
  }

  #byte(): number {
    while (this.#next >= this.#input.length) {
      const input = this.#more();
      if (input === undefined) {
        // Who looks ahead looks beyond the end.
        if (--this.#padding < 0) throw new LzxDamage("it is cut off");
        return 0;
      }
      this.#input = input;
      this.#next = 0;
    }
    return this.#input[this.#next++]!;
  }
}

/** A code by the lengths of its symbols' codes: for each run of bits the symbol and, in five bits, how long its code is. */
function codeOf(sizes: Uint8Array): Code {
  let bits = 0;
  for (const size of sizes) bits = Math.max(bits, size);
  if (bits > mostBits) throw new LzxDamage("lengths of codes");
  const table = new Uint16Array(2 ** bits);
  let at = 0;
  for (let size = 1; size <= bits; size++) {
    const width = 2 ** (bits - size);
    for (const [symbol, length] of sizes.entries()) {
      if (length !== size) continue;
      if (at + width > table.length) throw new LzxDamage("codes are too many");
      table.fill((symbol << 5) | size, at, at + width);
      at += width;
    }
  }
  return { table, bits };
}

/** Machine code in which addresses of calls were made such from the begin of the file, and are made relative again. */
function unmoveCalls(frame: Buffer, from: number, size: number): void {
  if (frame.length <= leastCallFrame) return;
  for (let at = frame.indexOf(0xe8); at >= 0 && at < frame.length - leastCallFrame; at = frame.indexOf(0xe8, at + 5)) {
    const address = frame.readInt32LE(at + 1);
    const here = from + at;
    if (address >= -here && address < size)
      frame.writeInt32LE((address >= 0 ? address - here : address + size) | 0, at + 1);
  }
}
