import type { ChunkReader } from "./chunk-reader.ts";
import type { InflateOutcome } from "./inflate.ts";

const windowBytes = 1 << 16;
const mostBits = 15;
const [literals, distances] = [288, 32];
const endOfBlock = 256;
/** In which order lengths of codes for lengths stand (RFC 1951, 3.2.7). */
const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Lengths and distances as RFC 1951 has them (3.2.5), but that the last length has sixteen bits of its own, and that there are two distances more. */
const lengthBits = Array.from({ length: 29 }, (_, i) => (i === 28 ? 16 : i < 8 ? 0 : (i >> 2) - 1));
const lengthBase = lengthBits.map((_, i) => (i === 28 ? 3 : i < 8 ? 3 + i : 3 + ((4 + (i & 3)) << ((i >> 2) - 1))));
const distanceBits = Array.from({ length: distances }, (_, i) => (i < 4 ? 0 : (i >> 1) - 1));
const distanceBase = distanceBits.map((bits, i) => (i < 4 ? i + 1 : 1 + ((2 + (i & 1)) << bits)));

class Damage extends Error {}

/** A code as a table: for each run of bits the symbol and, in the lowest four bits, how long its code is; 0: no code begins so. */
interface Code {
  readonly table: Uint16Array;
  readonly bits: number;
}

/**
 * Expands Deflate64, which zlib does not know: deflate with a window of 64 KiB and longer matches, as Windows packs large ZIP files. What is wrong is told in `outcome`; a piece is valid until
 * the next one is asked for.
 */
export function* inflate64(reader: ChunkReader, outcome: InflateOutcome): Generator<Uint8Array, void> {
  const window = Buffer.alloc(windowBytes);
  const bits = new Bits(reader);
  let at = 0;
  let isFull = false;
  try {
    for (let isLast = false; !isLast;) {
      isLast = bits.take(1) === 1;
      const type = bits.take(2);
      if (type === 3) throw new Damage("a block has no type");
      if (type === 0) {
        for (let left = bits.storedLength(); left > 0; left--) {
          window[at++] = bits.take(8);
          if (at < windowBytes) continue;
          yield window;
          at = 0;
          isFull = true;
        }
        continue;
      }
      const [literal, distance] = type === 1 ? fixedCodes : readCodes(bits);
      for (let symbol = bits.symbol(literal); symbol !== endOfBlock; symbol = bits.symbol(literal)) {
        let left = 1;
        let back = 0;
        if (symbol > endOfBlock) {
          const length = symbol - endOfBlock - 1;
          if (length >= lengthBits.length) throw new Damage("a length is none");
          left = lengthBase[length]! + bits.take(lengthBits[length]!);
          const far = bits.symbol(distance);
          back = distanceBase[far]! + bits.take(distanceBits[far]!);
          if (back > windowBytes || (!isFull && back > at)) throw new Damage("a match lies outside");
        }
        for (; left > 0; left--) {
          window[at] = back === 0 ? symbol : window[(at - back) & (windowBytes - 1)]!;
          if (++at < windowBytes) continue;
          yield window;
          at = 0;
          isFull = true;
        }
      }
    }
    outcome.isWhole = true;
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    outcome.fault = error.message;
  }
  if (at > 0) yield window.subarray(0, at);
}

/** Bits from the lowest one on. Takes no byte before it is needed. */
class Bits {
  readonly #reader: ChunkReader;
  #held = 0;
  #count = 0;

  constructor(reader: ChunkReader) {
    this.#reader = reader;
  }

  take(count: number): number {
    while (this.#count < count) this.#fill();
    const bits = this.#held & (2 ** count - 1);
    this.#held >>>= count;
    this.#count -= count;
    return bits;
  }

  symbol({ table, bits }: Code): number {
    for (;;) {
      const entry = table[this.#held & (2 ** bits - 1)]!;
      const length = entry & 15;
      if (length > 0 && length <= this.#count) {
        this.#held >>>= length;
        this.#count -= length;
        return entry >> 4;
      }
      if (this.#count >= bits) throw new Damage("a code is none");
      this.#fill();
    }
  }

  /** What is left of a byte is passed over; then a length stands twice. */
  storedLength(): number {
    this.take(this.#count & 7);
    const length = this.take(16);
    if ((length ^ this.take(16)) !== 0xffff) throw new Damage("a stored block's length");
    return length;
  }

  #fill(): void {
    const byte = this.#reader.byte();
    if (byte < 0) throw new Damage("it is cut off");
    this.#held |= byte << this.#count;
    this.#count += 8;
  }
}

/** A code by the lengths of its symbols' codes (3.2.2). */
function codeOf(sizes: Uint8Array): Code {
  const counts = new Uint16Array(mostBits + 2);
  for (const size of sizes) counts[size]!++;
  counts[0] = 0;
  let bits = mostBits;
  while (bits > 1 && counts[bits] === 0) bits--;
  const next = new Uint32Array(mostBits + 2);
  for (let size = 1; size <= mostBits; size++) next[size + 1] = (next[size]! + counts[size]!) << 1;
  const table = new Uint16Array(2 ** bits);
  for (const [symbol, size] of sizes.entries()) {
    if (size === 0) continue;
    const code = next[size]!++;
    if (code >= 2 ** size) throw new Damage("codes are too many");
    let reversed = 0;
    for (let bit = 0; bit < size; bit++) reversed |= ((code >> bit) & 1) << (size - 1 - bit);
    for (let at = reversed; at < table.length; at += 2 ** size) table[at] = (symbol << 4) | size;
  }
  return { table, bits };
}

function readCodes(bits: Bits): readonly [Code, Code] {
  const [literalCount, distanceCount, count] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
  const sizes = new Uint8Array(order.length);
  for (let i = 0; i < count; i++) sizes[order[i]!] = bits.take(3);
  const code = codeOf(sizes);
  const all = new Uint8Array(literalCount + distanceCount);
  for (let at = 0; at < all.length;) {
    const symbol = bits.symbol(code);
    if (symbol < 16) {
      all[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) throw new Damage("lengths of codes");
    const size = symbol === 16 ? all[at - 1]! : 0;
    const repeated = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    if (at + repeated > all.length) throw new Damage("lengths of codes");
    all.fill(size, at, at + repeated);
    at += repeated;
  }
  return [codeOf(all.subarray(0, literalCount)), codeOf(all.subarray(literalCount))];
}

const fixedCodes = [
  codeOf(Uint8Array.from({ length: literals }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  codeOf(new Uint8Array(distances).fill(5)),
] as const;
