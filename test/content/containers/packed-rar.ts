/** Packs bytes by the methods of RAR 3 and RAR 5. */
import { crc32 } from "node:zlib";

/** A filter over a part of what is packed, told in front of the place where it begins. `packed`: its bytes are changed already. */
export interface MadeFilter {
  readonly from: number;
  readonly length: number;
  /** RAR 5: 0 differences, 1 calls, 2 calls and jumps, 3 ARM. RAR 3: the length and CRC-32 of its program. */
  readonly kind: number | readonly [length: number, sum: number];
  readonly channels?: number;
  /** RAR 3: the length that is told of its program, where that is another one. */
  readonly toldLength?: number;
}

/** Bits, the highest one of a byte first. */
class Bits {
  readonly #bytes: number[] = [];
  #left = 0;

  put(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      if (this.#left === 0) {
        this.#bytes.push(0);
        this.#left = 8;
      }
      this.#bytes[this.#bytes.length - 1]! |= (Math.floor(value / 2 ** i) & 1) << --this.#left;
    }
  }

  toNextByte(): void {
    this.#left = 0;
  }

  /** How many bits of the last byte are its own. */
  get lastBits(): number {
    return 8 - this.#left;
  }

  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** A number of one of the four codes, and bits behind it that are no code. */
interface Piece {
  readonly code: 0 | 1 | 2 | 3;
  readonly number: number;
  readonly bits?: readonly (readonly [value: number, count: number])[];
}

/** The lengths of a complete Huffman code, 15 at most; two numbers have one at least. */
function lengthsOf(counts: readonly number[]): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  let nodes = counts.flatMap((count, i) => (count === 0 ? [] : [{ count, leaves: [i] }]));
  for (let i = 0; nodes.length < 2; i++) if (counts[i] === 0) nodes.push({ count: 1, leaves: [i] });
  while (nodes.length > 1) {
    const [one, other, ...rest] = nodes.toSorted((a, b) => a.count - b.count);
    const leaves = [...one!.leaves, ...other!.leaves];
    for (const leaf of leaves) lengths[leaf]!++;
    nodes = [...rest, { count: one!.count + other!.count, leaves }];
  }
  return Math.max(...lengths) > 15 ? lengthsOf(counts.map((count) => Math.ceil(count / 2))) : lengths;
}

/** Codes whose lengths fit how often each number comes. */
function codesOf(pieces: readonly Piece[], sizes: readonly number[]): { lengths: Uint8Array; codes: Uint16Array[] } {
  const all: number[] = [];
  const codes = sizes.map((size, code) => {
    const counts = Array.from({ length: size }, () => 0);
    for (const piece of pieces) if (piece.code === code) counts[piece.number]!++;
    const lengths = lengthsOf(counts);
    all.push(...lengths);
    const values = new Uint16Array(size);
    for (let length = 1, value = 0; length <= 15; length++, value *= 2)
      for (let i = 0; i < size; i++) if (lengths[i] === length) values[i] = value++;
    return values;
  });
  return { lengths: Uint8Array.from(all), codes };
}

/** Lengths of codes, by a code of four bits for twelve numbers and five for eight; runs of zeros have two numbers of their own. */
function putLengths(out: Bits, lengths: Uint8Array): void {
  const put = (number: number): void => out.put(number < 12 ? number : 12 + number, number < 12 ? 4 : 5);
  for (let i = 0; i < 20; i++) out.put(i < 12 ? 4 : 5, 4);
  for (let i = 0; i < lengths.length;) {
    let zeros = 0;
    while (lengths[i + zeros] === 0 && i + zeros < lengths.length && zeros < 138) zeros++;
    if (zeros >= 11) {
      put(19);
      out.put(zeros - 11, 7);
    } else if (zeros >= 3) {
      put(18);
      out.put(zeros - 3, 3);
    } else {
      zeros = 1;
      put(lengths[i]!);
    }
    i += zeros;
  }
}

function putPieces(
  out: Bits,
  pieces: readonly Piece[],
  lengths: Uint8Array,
  codes: readonly Uint16Array[],
  sizes: readonly number[],
): void {
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  for (const { code, number, bits = [] } of pieces) {
    out.put(codes[code]![number]!, lengths[starts[code]! + number]!);
    for (const [value, count] of bits) out.put(value, count);
  }
}

export type Token =
  | { readonly byte: number }
  | { readonly length: number; readonly distance: number }
  | { readonly filter: MadeFilter };

/** What comes again in the last bytes, and what not. `history`: what was packed before, of a solid archive. */
export function tokensOf(history: Buffer, data: Buffer, filters: readonly MadeFilter[]): Token[] {
  const all = Buffer.concat([history, data]);
  const seen = new Map<number, number>();
  const waiting = [...filters];
  const tokens: Token[] = [];
  const note = (at: number): void => {
    if (at + 4 <= all.length) seen.set(all.readUInt32LE(at), at);
  };
  for (let at = 0; at < history.length; at++) note(at);
  for (let at = history.length; at < all.length;) {
    while (waiting[0] !== undefined && waiting[0].from <= at - history.length)
      tokens.push({ filter: { ...waiting.shift()!, from: 0 } });
    const before = at + 4 <= all.length ? seen.get(all.readUInt32LE(at)) : undefined;
    const next = waiting[0] === undefined ? all.length : history.length + waiting[0].from;
    let length = 0;
    if (before !== undefined)
      while (length < 250 && at + length < next && all[at + length] === all[before + length]) length++;
    // A copy of fewer would be none for the far distances, which make it longer.
    if (length >= 8) {
      tokens.push({ length, distance: at - before! });
      for (let i = 0; i < length; i++) note(at + i);
      at += length;
    } else {
      tokens.push({ byte: all[at]! });
      note(at);
      at++;
    }
  }
  return tokens;
}

const sizes5 = [306, 64, 16, 44] as const;

function pieces5(tokens: readonly Token[]): Piece[] {
  const pieces: Piece[] = [];
  const last = [0, 0, 0, 0];
  let lastLength = 0;
  const slotOf = (length: number): [slot: number, bits: readonly [number, number]] => {
    const rest = length - 2;
    if (rest < 8) return [rest, [0, 0]];
    const bits = 29 - Math.clz32(rest);
    return [4 * (bits + 1) + ((rest >> bits) & 3), [rest & (2 ** bits - 1), bits]];
  };
  const number = (value: number): readonly (readonly [number, number])[] => [
    [3, 2],
    ...[0, 8, 16, 24].map((shift) => [(value >>> shift) & 255, 8] as const),
  ];
  for (const token of tokens) {
    if ("byte" in token) pieces.push({ code: 0, number: token.byte });
    else if ("filter" in token) {
      const { from, length, kind, channels = 1 } = token.filter;
      const bits = [...number(from), ...number(length), [kind as number, 3] as const];
      pieces.push({ code: 0, number: 256, bits: kind === 0 ? [...bits, [channels - 1, 5]] : bits });
    } else {
      const { length, distance } = token;
      const known = last.indexOf(distance);
      if (known === 0 && length === lastLength) pieces.push({ code: 0, number: 257 });
      else if (known >= 0) {
        const [slot, bits] = slotOf(length);
        last.splice(known, 1);
        last.unshift(distance);
        pieces.push({ code: 0, number: 258 + known }, { code: 3, number: slot, bits: [bits] });
      } else {
        const shorter = length - [0x100, 0x2000, 0x40000].filter((far) => distance > far).length;
        const [slot, bits] = slotOf(shorter);
        pieces.push({ code: 0, number: 262 + slot, bits: [bits] });
        const rest = distance - 1;
        const wide = rest < 4 ? 0 : 30 - Math.clz32(rest);
        const place = rest < 4 ? rest : 2 * (wide + 1) + ((rest >> wide) & 1);
        if (wide < 4) pieces.push({ code: 1, number: place, bits: [[rest & (2 ** wide - 1), wide]] });
        else
          pieces.push(
            { code: 1, number: place, bits: [[(rest & (2 ** wide - 1)) >> 4, wide - 4]] },
            { code: 2, number: rest & 15 },
          );
        last.pop();
        last.unshift(distance);
      }
      lastLength = length;
    }
  }
  return pieces;
}

/** Blocks of so many numbers; the first one of each file has codes of its own, the others now and then. */
export function packed5(tokens: readonly Token[]): Buffer {
  const pieces = pieces5(tokens);
  const perBlock = Math.max(1, Math.ceil(pieces.length / 3));
  const { lengths, codes } = codesOf(pieces, sizes5);
  const blocks: Buffer[] = [];
  // A block ends behind whole numbers and what belongs to them.
  for (let at = 0; at === 0 || at < pieces.length;) {
    let end = Math.min(pieces.length, at + perBlock);
    while (end < pieces.length && pieces[end]!.code !== 0) end++;
    const out = new Bits();
    if (at === 0) putLengths(out, lengths);
    putPieces(out, pieces.slice(at, end), lengths, codes, sizes5);
    const body = out.bytes;
    const flags = (out.lastBits - 1) | (2 << 3) | (end === pieces.length ? 0x40 : 0) | (at === 0 ? 0x80 : 0);
    const size = [body.length & 255, (body.length >> 8) & 255, body.length >> 16];
    blocks.push(Buffer.from([flags, size.reduce((sum, byte) => sum ^ byte, 0x5a ^ flags), ...size]), body);
    if (end === at) break;
    at = end;
  }
  return Buffer.concat(blocks);
}

const sizes3 = [299, 60, 17, 28] as const;
const lengthBases = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224,
];
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5];
const distanceBits = [4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 14, 0, 12].flatMap((count, bits) =>
  Array<number>(count).fill(bits),
);
const distanceBases = distanceBits.map((_, i) => distanceBits.slice(0, i).reduce((sum, bits) => sum + 2 ** bits, 0));

/** Some bytes of a length and a CRC-32, the first of which is all others, one bit against the other: programs of RAR begin so. */
function withSum(length: number, sum: number): Buffer {
  const bytes = Buffer.alloc(length);
  const before = crc32(bytes);
  // Each bit of the last six bytes, with the one that it changes in the first byte, changes the sum by itself: elimination tells which are to be set.
  let columns = Array.from({ length: 48 }, (_, bit) => {
    const one = Buffer.alloc(length);
    one[length - 6 + (bit >> 3)] = one[0] = 1 << (bit & 7);
    return { effect: (crc32(one) ^ before) >>> 0, bits: 1n << BigInt(bit) };
  });
  let wanted = { effect: (sum ^ before) >>> 0, bits: 0n };
  for (let bit = 0; bit < 32; bit++) {
    const has = ({ effect }: { effect: number }): boolean => ((effect >>> bit) & 1) === 1;
    const pivot = columns.find(has);
    if (pivot === undefined) continue;
    const without = (column: typeof pivot): typeof pivot =>
      has(column) ? { effect: (column.effect ^ pivot.effect) >>> 0, bits: column.bits ^ pivot.bits } : column;
    columns = columns.filter((column) => column !== pivot).map(without);
    wanted = without(wanted);
  }
  bytes.writeUIntLE(Number(wanted.bits), length - 6, 6);
  bytes[0] = bytes.reduce((all, byte) => all ^ byte, 0);
  if (crc32(bytes) !== sum) throw new Error("no such bytes");
  return bytes;
}

function filterBits3({ length, kind, channels = 1, toldLength }: MadeFilter): (readonly [number, number])[] {
  const code = new Bits();
  const number = (value: number): void => {
    code.put(3, 2);
    code.put(value, 32);
  };
  number(0);
  number(0);
  number(length);
  code.put(1, 7);
  number(channels);
  const program = withSum(...(kind as [number, number]));
  number(toldLength ?? program.length);
  for (const byte of program) code.put(byte, 8);
  const bytes = code.bytes;
  // All is told anew: number, place, length and registers.
  return [
    [0x80 | 0x20 | 0x10 | 7, 8],
    [bytes.length >> 8, 8],
    [bytes.length & 255, 8],
    ...[...bytes].map((byte) => [byte, 8] as const),
  ];
}

function pieces3(tokens: readonly Token[]): Piece[] {
  const pieces: Piece[] = [];
  const last = [0, 0, 0, 0];
  let lastLength = 0;
  const slotOf = (length: number): number => lengthBases.findLastIndex((base) => base <= length);
  for (const token of tokens) {
    if ("byte" in token) pieces.push({ code: 0, number: token.byte });
    else if ("filter" in token) pieces.push({ code: 0, number: 257, bits: filterBits3(token.filter) });
    else {
      const { length, distance } = token;
      const known = last.indexOf(distance);
      if (known === 0 && length === lastLength) pieces.push({ code: 0, number: 258 });
      else if (known >= 0) {
        const slot = slotOf(length - 2);
        last.splice(known, 1);
        last.unshift(distance);
        pieces.push(
          { code: 0, number: 259 + known },
          { code: 3, number: slot, bits: [[length - 2 - lengthBases[slot]!, lengthBits[slot]!]] },
        );
      } else {
        const shorter = length - 3 - [0x2000, 0x40000].filter((far) => distance >= far).length;
        const slot = slotOf(shorter);
        pieces.push({ code: 0, number: 271 + slot, bits: [[shorter - lengthBases[slot]!, lengthBits[slot]!]] });
        const place = distanceBases.findLastIndex((base) => base < distance);
        const rest = distance - 1 - distanceBases[place]!;
        if (place > 9)
          pieces.push(
            { code: 1, number: place, bits: [[rest >> 4, distanceBits[place]! - 4]] },
            { code: 2, number: rest & 15 },
          );
        else pieces.push({ code: 1, number: place, bits: [[rest, distanceBits[place]!]] });
        last.pop();
        last.unshift(distance);
      }
      lastLength = length;
    }
  }
  return pieces;
}

/** Two blocks with codes of their own; at the end a mark says that a file that goes on begins with new ones. */
export function packed3(tokens: readonly Token[]): Buffer {
  const pieces = pieces3(tokens);
  let half = pieces.length >> 1;
  while (half < pieces.length && pieces[half]!.code !== 0) half++;
  const out = new Bits();
  for (const [i, part] of [pieces.slice(0, half), pieces.slice(half)].entries()) {
    const all: Piece[] = [
      ...part,
      {
        code: 0,
        number: 256,
        bits:
          i === 0
            ? [[1, 1]]
            : [
                [0, 1],
                [1, 1],
              ],
      },
    ];
    const { lengths, codes } = codesOf(all, sizes3);
    out.toNextByte();
    out.put(0, 2);
    putLengths(out, lengths);
    putPieces(out, all, lengths, codes, sizes3);
  }
  return out.bytes;
}
