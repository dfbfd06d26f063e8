/** Cabinets that are packed by LZX, of which no free program makes any: enough of the method to ask for each thing that a reader has to know. */

/** A letter, or so many bytes from so far back. */
export type Token = number | { readonly length: number; readonly distance: number };

export interface LzxBlock {
  readonly kind: "verbatim" | "aligned" | "stored";
  readonly tokens: readonly Token[];
}

const windowLog = 16;
const slots = 32;
const mainSymbols = 256 + 8 * slots;
const lengthSymbols = 249;
const slotBits = Array.from({ length: slots }, (_, i) => (i < 4 ? 0 : (i >> 1) - 1));
const slotBase = slotBits.map((_, i) => slotBits.slice(0, i).reduce((sum, bits) => sum + 2 ** bits, 0));

/** Words of sixteen bits, the highest first. */
class Words {
  readonly bytes: number[] = [];
  #held = 0n;
  #count = 0;

  put(value: number, count: number): void {
    this.#held = (this.#held << BigInt(count)) | BigInt(value);
    this.#count += count;
    while (this.#count >= 16) {
      const word = Number((this.#held >> BigInt(this.#count - 16)) & 0xffffn);
      this.bytes.push(word & 255, word >> 8);
      this.#count -= 16;
    }
    this.#held &= (1n << BigInt(this.#count)) - 1n;
  }

  /** Up to the next word; `whole`: a whole one where it stands at one. */
  align(whole = false): void {
    if (this.#count > 0 || whole) this.put(0, 16 - this.#count);
  }
}

/** Codes of two lengths that use up all bits: `short` symbols have `bits` bits, the others one more. */
function evenSizes(count: number): number[] {
  const bits = Math.floor(Math.log2(count));
  const short = 2 ** (bits + 1) - count;
  return Array.from({ length: count }, (_, i) => (i < short ? bits : bits + 1));
}

function codesOf(sizes: readonly number[]): (readonly [code: number, bits: number])[] {
  const codes: (readonly [number, number])[] = sizes.map(() => [0, 0]);
  let next = 0;
  for (let size = 1; size <= 16; size++) {
    for (const [symbol, length] of sizes.entries()) if (length === size) codes[symbol] = [next++, size];
    next <<= 1;
  }
  return codes;
}

/** The input of each frame of 32 KiB, for blocks that end with one. `callSize`: from which addresses of calls are told; 0: they are not. */
export function packLzx(blocks: readonly LzxBlock[], callSize = 0): Buffer[] {
  const words = new Words();
  const frames: number[] = [];
  words.put(callSize === 0 ? 0 : 1, 1);
  if (callSize > 0) {
    words.put(callSize >>> 16, 16);
    words.put(callSize & 0xffff, 16);
  }
  let mainSizes: number[] = Array.from({ length: mainSymbols }, () => 0);
  let lengthSizes: number[] = Array.from({ length: lengthSymbols }, () => 0);
  let recent = [1, 1, 1];
  let made = 0;
  const sizeOf = (token: Token): number => (typeof token === "number" ? 1 : token.length);
  const afterToken = (token: Token): void => {
    made += sizeOf(token);
    if (made % 32_768 !== 0) return;
    words.align();
    frames.push(words.bytes.length);
  };
  /** Lengths as differences, in a code that knows those that there are. */
  const putSizes = (before: readonly number[], sizes: readonly number[], from: number, to: number): void => {
    const symbols = sizes.slice(from, to).map((size, i) => (before[from + i]! + 17 - size) % 17);
    const used = [...new Set(symbols)];
    const sizesOfCode = Array.from({ length: 20 }, () => 0);
    const even = used.length === 1 ? [1] : evenSizes(used.length);
    for (const [i, symbol] of used.entries()) sizesOfCode[symbol] = even[i]!;
    // A code of one symbol leaves bits over.
    if (used.length === 1) sizesOfCode[used[0] === 0 ? 1 : 0] = 1;
    for (const size of sizesOfCode) words.put(size, 4);
    const codes = codesOf(sizesOfCode);
    for (const symbol of symbols) words.put(...codes[symbol]!);
  };
  for (const { kind, tokens } of blocks) {
    const size = tokens.reduce<number>((sum, token) => sum + sizeOf(token), 0);
    words.put({ verbatim: 1, aligned: 2, stored: 3 }[kind], 3);
    words.put(size >> 8, 16);
    words.put(size & 255, 8);
    if (kind === "stored") {
      words.align(true);
      for (const distance of recent) for (let i = 0; i < 4; i++) words.bytes.push((distance >> (8 * i)) & 255);
      for (const token of tokens) {
        words.bytes.push(token as number);
        afterToken(token);
      }
      if (size % 2 === 1) words.bytes.push(0);
      continue;
    }
    const alignedSizes = [3, 3, 3, 3, 3, 3, 3, 3];
    if (kind === "aligned") for (const bits of alignedSizes) words.put(bits, 3);
    const [main, length] = [evenSizes(mainSymbols), evenSizes(lengthSymbols)];
    // The second half of the codes is longer in one block and the first one in the next.
    if (kind === "aligned") length.reverse();
    putSizes(mainSizes, main, 0, 256);
    putSizes(mainSizes, main, 256, mainSymbols);
    putSizes(lengthSizes, length, 0, lengthSymbols);
    [mainSizes, lengthSizes] = [main, length];
    const [mainCodes, lengthCodes, alignedCodes] = [main, length, alignedSizes].map(codesOf);
    for (const token of tokens) {
      if (typeof token === "number") words.put(...mainCodes![token]!);
      else {
        const known = recent.indexOf(token.distance);
        const slot = known >= 0 ? known : slotBase.findLastIndex((base) => base - 2 <= token.distance);
        const short = Math.min(7, token.length - 2);
        words.put(...mainCodes![256 + 8 * slot + short]!);
        if (short === 7) words.put(...lengthCodes![token.length - 9]!);
        if (known >= 0) {
          recent[known] = recent[0]!;
          recent[0] = token.distance;
        } else {
          const [bits, rest] = [slotBits[slot]!, token.distance - slotBase[slot]! + 2];
          if (kind === "aligned" && bits >= 3) {
            words.put(rest >> 3, bits - 3);
            words.put(...alignedCodes![rest & 7]!);
          } else words.put(rest, bits);
          recent = [token.distance, recent[0]!, recent[1]!];
        }
      }
      afterToken(token);
    }
  }
  words.align();
  if (made % 32_768 !== 0) frames.push(words.bytes.length);
  const bytes = Buffer.from(words.bytes);
  return frames.map((end, i) => bytes.subarray(frames[i - 1] ?? 0, i === frames.length - 1 ? bytes.length : end));
}

/** A cabinet of one folder with files that follow each other. `type`: how its blocks are packed; `flags` and `folderOf` make it one of a set. */
export function madeCabinet(
  files: readonly { readonly name: string; readonly size: number; readonly folder?: number }[],
  blocks: readonly { readonly packed: Buffer; readonly size: number }[],
  type: number = 3 | (windowLog << 8),
): Buffer {
  const names = files.map(({ name }) => Buffer.from(`${name}\0`));
  const filesAt = 36 + 8;
  const blocksAt = filesAt + names.reduce((sum, name) => sum + 16 + name.length, 0);
  const head = Buffer.alloc(filesAt);
  head.write("MSCF");
  head.writeUInt32LE(blocksAt + blocks.reduce((sum, { packed }) => sum + 8 + packed.length, 0), 8);
  head.writeUInt32LE(filesAt, 16);
  head.set([3, 1], 24);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(files.length, 28);
  head.writeUInt32LE(blocksAt, 36);
  head.writeUInt16LE(blocks.length, 40);
  head.writeUInt16LE(type, 42);
  let at = 0;
  const list = files.map(({ size, folder = 0 }, i) => {
    const file = Buffer.alloc(16);
    file.writeUInt32LE(size, 0);
    file.writeUInt32LE(at, 4);
    file.writeUInt16LE(folder, 8);
    at += size;
    return Buffer.concat([file, names[i]!]);
  });
  const data = blocks.map(({ packed, size }) => {
    const block = Buffer.alloc(8);
    block.writeUInt16LE(packed.length, 4);
    block.writeUInt16LE(size, 6);
    return Buffer.concat([block, packed]);
  });
  return Buffer.concat([head, ...list, ...data]);
}
