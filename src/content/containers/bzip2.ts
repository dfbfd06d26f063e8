import { ChunkReader } from "./chunk-reader.ts";

/** Thrown inside this file at the first bit that cannot be right. */
class Damage extends Error {}

const blockMagic = 0x314159265359;
const endMagic = 0x177245385090;
/** Codes are at most this long (bzip2 writes up to 17, and reads up to 20). */
const longestCode = 20;
const groupLength = 50;

/**
 * Expands bzip2: any number of streams, block by block (900 kB at most). Gives all blocks before damage; what is wrong comes back (`behind`: it stands behind the
 * end of a stream, from there on, and so costs none of it). Between two results it takes three megabytes of input at most; where there is nothing to give for long, the result is empty. Of our own, because
 * the packages there are either want the whole file in memory or must be awaited, and none stops at a limit.
 */
export function* unbzip2(
  input: Iterable<Uint8Array>,
  damaged: (message: string, behind: number | undefined) => void,
): Generator<Uint8Array, void> {
  const bits = new BitReader(new ChunkReader(input));
  let isFirst = true;
  let behind: number | undefined;
  const tell = (message: string, at: number | undefined): void =>
    damaged(`the bzip2 stream is cut off or damaged (${message})`, at);
  let isWrong = false;
  try {
    while (isFirst || !bits.isAtEnd()) {
      behind = isFirst ? undefined : bits.position;
      if (bits.read(24) !== 0x425a68)
        throw new Damage(isFirst ? "no bzip2 stream" : "bytes behind the bzip2 stream were not read");
      const level = bits.read(8) - 0x30;
      if (level < 1 || level > 9) throw new Damage("its header is damaged");
      isFirst = false;
      behind = undefined;
      for (;;) {
        const magic = bits.read(24) * 2 ** 24 + bits.read(24);
        if (magic === endMagic) break;
        if (magic !== blockMagic) throw new Damage("a block is damaged");
        if (!(yield* block(bits, level * 100_000))) isWrong = true;
      }
      bits.read(32);
      bits.toByte();
      yield new Uint8Array(0);
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return tell(error.message, behind);
  }
  // Of a block of which the sum is wrong all that came out was given, and the blocks behind it too.
  if (isWrong) tell("a checksum is wrong", undefined);
}

class BitReader {
  readonly #reader: ChunkReader;
  #held = 0;
  #count = 0;

  constructor(reader: ChunkReader) {
    this.#reader = reader;
  }

  /** The next `count` bits, at most 32, the first one highest. */
  read(count: number): number {
    if (count > 16) return this.read(count - 16) * 65_536 + this.read(16);
    while (this.#count < count) {
      const byte = this.#reader.byte();
      if (byte < 0) throw new Damage("it ends too early");
      this.#held = ((this.#held << 8) | byte) & 0xffffff;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#held >>> this.#count) & ((1 << count) - 1);
  }

  /** Whole bytes that were read. */
  get position(): number {
    return this.#reader.position - Math.floor(this.#count / 8);
  }

  toByte(): void {
    this.#count &= ~7;
  }

  isAtEnd(): boolean {
    return this.#count === 0 && this.#reader.isAtEnd;
  }
}

/** One block: Huffman codes, move to front, the inverse of Burrows and Wheeler's transform, runs. Gives whether its checksum is right. */
function* block(bits: BitReader, most: number): Generator<Uint8Array, boolean> {
  const told = bits.read(32);
  if (bits.read(1) === 1) throw new Damage("it is of a kind that was given up");
  const origin = bits.read(24);
  const symbols = usedSymbols(bits);
  const tables = bits.read(3);
  const selectorCount = bits.read(15);
  if (tables < 2 || tables > 6 || selectorCount < 1) throw new Damage("its tables are damaged");
  const selectors = readSelectors(bits, selectorCount, tables);
  const codes = Array.from({ length: tables }, () => readCode(bits, symbols.length + 2));
  const column = spare ?? new Uint32Array(mostBlock);
  // Streams lie inside of others: whoever opens one meanwhile makes its own.
  spare = undefined;
  try {
    const length = readColumn(bits, symbols, selectors, codes, column.subarray(0, most));
    if (origin >= length) throw new Damage("its origin lies outside");
    let sum = -1;
    for (const piece of runs(inverse(column, length), column, length, origin)) {
      for (const byte of piece) sum = (sum << 8) ^ sums[(sum >>> 24) ^ byte]!;
      yield piece;
    }
    return ~sum >>> 0 === told;
  } finally {
    spare = column;
  }
}

const mostBlock = 900_000;
/** Room for a block that nobody uses now: to make it takes longer than to read a small one. */
let spare: Uint32Array | undefined;

/** CRC-32 as bzip2 has it: of the same polynomial as zlib's, with the bits the other way round. */
const sums = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = (sum << 1) ^ (sum < 0 ? 0x04c11db7 : 0);
  return sum;
});

function usedSymbols(bits: BitReader): number[] {
  const rows = bits.read(16);
  const symbols: number[] = [];
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >>> row)) === 0) continue;
    const used = bits.read(16);
    for (let i = 0; i < 16; i++) if ((used & (0x8000 >>> i)) !== 0) symbols.push(16 * row + i);
  }
  if (symbols.length === 0) throw new Damage("a block has no bytes");
  return symbols;
}

function readSelectors(bits: BitReader, count: number, tables: number): Uint8Array {
  const order = Array.from({ length: tables }, (_, i) => i);
  return Uint8Array.from({ length: count }, () => {
    let at = 0;
    while (bits.read(1) === 1) if (++at >= tables) throw new Damage("its tables are damaged");
    const [table] = order.splice(at, 1);
    order.unshift(table!);
    return table!;
  });
}

/** A canonical code: for each length the largest code and what to add to it for a position in `symbols`. */
interface Code {
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
  readonly shortest: number;
}

function readCode(bits: BitReader, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let i = 0; i < symbolCount; i++) {
    for (let steps = 0; ; steps++) {
      // A way there and back is what nobody writes, and could be made without end.
      if (steps > longestCode) throw new Damage("its codes are damaged");
      if (length < 1 || length > longestCode) throw new Damage("its codes are damaged");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  const limits = new Int32Array(longestCode + 2).fill(-1);
  const bases = new Int32Array(longestCode + 2);
  const symbols = new Uint16Array(symbolCount);
  let code = 0;
  let placed = 0;
  for (let size = 1; size <= longestCode; size++) {
    bases[size] = placed - code;
    for (let i = 0; i < symbolCount; i++) {
      if (lengths[i] !== size) continue;
      symbols[placed++] = i;
      code++;
    }
    limits[size] = code - 1;
    code <<= 1;
  }
  return { limits, bases, symbols, shortest: Math.min(...lengths) };
}

function readSymbol(bits: BitReader, { limits, bases, symbols, shortest }: Code): number {
  let size = shortest;
  let code = bits.read(size);
  while (code > limits[size]!) {
    if (++size > longestCode) throw new Damage("a code is none");
    code = (code << 1) | bits.read(1);
  }
  const at = code + bases[size]!;
  if (at < 0 || at >= symbols.length) throw new Damage("a code is none");
  return symbols[at]!;
}

/** Reads the last column of the transform, a byte each, and gives its length. */
function readColumn(
  bits: BitReader,
  symbols: number[],
  selectors: Uint8Array,
  codes: readonly Code[],
  column: Uint32Array,
): number {
  const most = column.length;
  const front = Uint8Array.from(symbols);
  const end = symbols.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; ; group++) {
    const selector = selectors[group];
    if (selector === undefined) throw new Damage("a block does not end");
    const code = codes[selector]!;
    for (let i = 0; i < groupLength; i++) {
      const symbol = readSymbol(bits, code);
      if (symbol <= 1) {
        run += weight << symbol;
        weight <<= 1;
        if (run > most) throw new Damage("a block is too long");
        continue;
      }
      if (run > 0) {
        if (length + run > most) throw new Damage("a block is too long");
        column.fill(front[0]!, length, length + run);
        length += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return length;
      if (length >= most) throw new Damage("a block is too long");
      const byte = front[symbol - 1]!;
      front.copyWithin(1, 0, symbol - 1);
      front[0] = byte;
      column[length++] = byte;
    }
  }
}

/** For each place of the sorted column the place that follows it, above the byte: as bzip2's own decoder keeps them. */
function inverse(column: Uint32Array, length: number): Uint32Array {
  const starts = new Uint32Array(256);
  for (let i = 0; i < length; i++) starts[column[i]! & 0xff]!++;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = starts[byte]!;
    starts[byte] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i++) {
    const at = starts[column[i]! & 0xff]!++;
    column[at] = (column[at]! | (i << 8)) >>> 0;
  }
  return column;
}

const outputBytes = 1 << 16;

/** Follows the links from `origin` on, and expands runs: four equal bytes are followed by the number of more. */
function* runs(links: Uint32Array, column: Uint32Array, length: number, origin: number): Generator<Uint8Array, void> {
  const output = Buffer.allocUnsafe(outputBytes + 256);
  let filled = 0;
  let at = links[origin]! >>> 8;
  let same = 0;
  let before = -1;
  for (let i = 0; i < length; i++) {
    const link = column[at]!;
    const byte = link & 0xff;
    at = link >>> 8;
    if (same === 4) {
      output.fill(before, filled, filled + byte);
      filled += byte;
      same = 0;
      before = -1;
    } else {
      same = byte === before ? same + 1 : 1;
      before = byte;
      output[filled++] = byte;
    }
    if (filled >= outputBytes) {
      yield output.subarray(0, filled);
      filled = 0;
    }
  }
  if (filled > 0) yield output.subarray(0, filled);
}
