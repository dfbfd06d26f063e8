import type { ChunkReader } from "./chunk-reader.ts";
import { Xxh32, xxh32 } from "./xxh32.ts";

export interface Lz4Outcome {
  fault?: { readonly code: "archive-corrupt" | "unsupported"; readonly message: string };
}

export const lz4Magic = 0x184d2204;
/** The form of the first programs, which kernels and initial file systems still have: blocks of eight megabytes, and nothing but their lengths. */
export const legacyMagic = 0x184c2102;
const legacyBlockBytes = 8 << 20;
/** Frames that hold nothing of the content have sixteen marks. */
const skippableMagic = 0x184d2a50;
const flag = { dictionary: 1, contentSum: 4, contentSize: 8, blockSum: 16 } as const;
/** How far back matches may lie. */
const windowBytes = 1 << 16;
const storedBit = 0x80000000;

class Damage extends Error {}

/** Expands LZ4 frames (LZ4 Frame Format 1.6), those of the legacy form too. What is wrong is told in `outcome`; all before it is given. A piece is valid until the next one is asked for. */
export function* unlz4(reader: ChunkReader, outcome: Lz4Outcome): Generator<Uint8Array, void> {
  try {
    let magic: number | undefined;
    for (let isFirst = true; magic !== undefined || !reader.isAtEnd; isFirst = false) {
      magic ??= need(reader, 4).readUInt32LE(0);
      if (magic === legacyMagic) {
        magic = yield* legacyFrame(reader);
        continue;
      }
      if ((magic & 0xfffffff0) >>> 0 === skippableMagic) reader.skip(need(reader, 4).readUInt32LE(0));
      else if (magic === lz4Magic) yield* frame(reader, outcome);
      else throw new Damage(isFirst ? "a header is damaged" : "bytes behind the LZ4 stream were not read");
      magic = undefined;
    }
  } catch (error) {
    if (error instanceof Damage)
      outcome.fault = { code: "archive-corrupt", message: `the LZ4 stream is cut off or damaged (${error.message})` };
    else if (error instanceof Unsupported) outcome.fault = { code: "unsupported", message: error.message };
    else throw error;
  }
}

class Unsupported extends Error {}

/** What is not as its sum says is damaged, even where all could be read. */
function prove(isRight: boolean, outcome: Lz4Outcome): void {
  if (!isRight)
    outcome.fault ??= { code: "archive-corrupt", message: "the LZ4 stream is damaged (a checksum is wrong)" };
}

/** Gives the mark that follows, or nothing at the end. */
function* legacyFrame(reader: ChunkReader): Generator<Uint8Array, number | undefined> {
  const block = new Block(legacyBlockBytes);
  let total = 0;
  while (!reader.isAtEnd) {
    const length = need(reader, 4).readUInt32LE(0);
    if (length === lz4Magic || length === legacyMagic || (length & 0xfffffff0) >>> 0 === skippableMagic) return length;
    // Kernels have their size behind themselves.
    if (reader.isAtEnd && length === total % 2 ** 32) return undefined;
    if (length > legacyBlockBytes + (legacyBlockBytes >> 7)) throw new Damage("a block is too large");
    const damage = block.expand(need(reader, length), false);
    total += block.made().length;
    yield block.made();
    if (damage !== undefined) throw new Damage(damage);
  }
  return undefined;
}

function* frame(reader: ChunkReader, outcome: Lz4Outcome): Generator<Uint8Array, void> {
  const head = need(reader, 2);
  const [flags = 0, size = 0] = head;
  const blockBytes = 1 << (8 + 2 * ((size >> 4) & 7));
  if (flags >> 6 !== 1 || blockBytes < 1 << 16) throw new Damage("a header is damaged");
  if ((flags & flag.dictionary) !== 0) throw new Unsupported("the LZ4 stream needs a dictionary that is not in it");
  const rest = need(reader, ((flags & flag.contentSize) === 0 ? 0 : 8) + 1);
  const headSum = (xxh32(Buffer.concat([head, rest.subarray(0, -1)])) >>> 8) & 0xff;
  prove(headSum === rest.at(-1), outcome);
  const whole = (flags & flag.contentSum) === 0 ? undefined : new Xxh32();
  const block = new Block(blockBytes);
  for (;;) {
    const length = need(reader, 4).readUInt32LE(0);
    if (length === 0) break;
    const stored = length & ~storedBit;
    if (stored > blockBytes) throw new Damage("a block is too large");
    const bytes = need(reader, stored);
    const sum = (flags & flag.blockSum) === 0 ? undefined : xxh32(bytes);
    const damage = length >= storedBit ? block.copy(bytes) : block.expand(bytes, true);
    whole?.update(block.made());
    yield block.made();
    if (damage !== undefined) throw new Damage(damage);
    if (sum !== undefined) prove(need(reader, 4).readUInt32LE(0) === sum, outcome);
  }
  if (whole !== undefined) prove(need(reader, 4).readUInt32LE(0) === whole.digest(), outcome);
}

/** Expands a block that stands alone to `mostBytes` at most, and says what is wrong with it. */
export function unlz4Block(
  input: Buffer,
  mostBytes: number,
): { readonly data: Buffer; readonly damage: string | undefined } {
  const block = new Block(mostBytes);
  const damage = block.expand(input, false);
  return { data: block.made(), damage };
}

/** The block that is being expanded, behind what came before it. */
class Block {
  readonly #bytes: Buffer;
  #from = 0;
  #at = 0;

  constructor(blockBytes: number) {
    this.#bytes = Buffer.alloc(windowBytes + blockBytes);
  }

  made(): Buffer {
    return this.#bytes.subarray(this.#from, this.#at);
  }

  /** Bytes that are stored as they are. */
  copy(bytes: Buffer): undefined {
    this.#begin();
    this.#at += bytes.copy(this.#bytes, this.#at);
  }

  /** Keeps as much of what came before as matches may lie back. */
  #begin(): void {
    const kept = Math.min(this.#at, windowBytes);
    this.#bytes.copyWithin(0, this.#at - kept, this.#at);
    this.#from = this.#at = kept;
  }

  /** Sequences of literals and a match (LZ4 Block Format). Gives what is wrong. `isLinked`: matches may lie in what came before. */
  expand(input: Buffer, isLinked: boolean): string | undefined {
    if (!isLinked) this.#at = 0;
    this.#begin();
    const output = this.#bytes;
    const end = this.#from + output.length - windowBytes;
    let next = 0;
    const lengthOf = (nibble: number): number => {
      let length = nibble;
      if (nibble < 15) return length;
      for (let byte = 255; byte === 255; length += byte) byte = input[next++] ?? 0;
      return length;
    };
    while (next < input.length) {
      const token = input[next++]!;
      const literals = lengthOf(token >> 4);
      if (literals > input.length - next || literals > end - this.#at) return "literals are too long";
      this.#at += input.copy(output, this.#at, next, next + literals);
      next += literals;
      if (next >= input.length) return undefined;
      if (next + 2 > input.length) return "it ends too early";
      const distance = input.readUInt16LE(next);
      next += 2;
      const length = lengthOf(token & 15) + 4;
      if (distance === 0 || distance > this.#at) return "a match lies outside";
      if (length > end - this.#at) return "a match is too long";
      // Where they overlap, what is copied is copied again.
      if (distance >= length) output.copyWithin(this.#at, this.#at - distance, this.#at - distance + length);
      else for (let i = 0; i < length; i++) output[this.#at + i] = output[this.#at + i - distance]!;
      this.#at += length;
    }
    return "it ends too early";
  }
}

function need(reader: ChunkReader, length: number): Buffer {
  const bytes = reader.take(length);
  if (bytes === undefined) throw new Damage("it ends too early");
  return bytes;
}
