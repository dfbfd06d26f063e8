import type { ChunkReader } from "./chunk-reader.ts";

export interface Lz4Outcome {
  fault?: { readonly code: "archive-corrupt" | "unsupported"; readonly message: string };
}

export const lz4Magic = 0x184d2204;
/** Frames that hold nothing of the content have sixteen marks. */
const skippableMagic = 0x184d2a50;
const flag = { dictionary: 1, contentSum: 4, contentSize: 8, blockSum: 16 } as const;
/** How far back matches may lie. */
const windowBytes = 1 << 16;
const storedBit = 0x80000000;

class Damage extends Error {}

/** Expands LZ4 frames (LZ4 Frame Format 1.6). What is wrong is told in `outcome`; all before it is given. A piece is valid until the next one is asked for. */
export function* unlz4(reader: ChunkReader, outcome: Lz4Outcome): Generator<Uint8Array, void> {
  try {
    for (let isFirst = true; !reader.isAtEnd; isFirst = false) {
      const magic = need(reader, 4).readUInt32LE(0);
      if ((magic & 0xfffffff0) >>> 0 === skippableMagic) reader.skip(need(reader, 4).readUInt32LE(0));
      else if (magic === lz4Magic) yield* frame(reader);
      else throw new Damage(isFirst ? "a header is damaged" : "bytes behind the LZ4 stream were not read");
    }
  } catch (error) {
    if (error instanceof Damage)
      outcome.fault = { code: "archive-corrupt", message: `the LZ4 stream is cut off or damaged (${error.message})` };
    else if (error instanceof Unsupported) outcome.fault = { code: "unsupported", message: error.message };
    else throw error;
  }
}

class Unsupported extends Error {}

function* frame(reader: ChunkReader): Generator<Uint8Array, void> {
  const [flags = 0, size = 0] = need(reader, 2);
  const blockBytes = 1 << (8 + 2 * ((size >> 4) & 7));
  if (flags >> 6 !== 1 || blockBytes < 1 << 16) throw new Damage("a header is damaged");
  if ((flags & flag.dictionary) !== 0) throw new Unsupported("the LZ4 stream needs a dictionary that is not in it");
  need(reader, ((flags & flag.contentSize) === 0 ? 0 : 8) + 1);
  const block = new Block(blockBytes);
  for (;;) {
    const length = need(reader, 4).readUInt32LE(0);
    if (length === 0) break;
    const stored = length & ~storedBit;
    if (stored > blockBytes) throw new Damage("a block is too large");
    const bytes = need(reader, stored);
    if (length >= storedBit) yield block.copy(bytes);
    else {
      const damage = block.expand(bytes);
      yield block.made();
      if (damage !== undefined) throw new Damage(damage);
    }
    if ((flags & flag.blockSum) !== 0) need(reader, 4);
  }
  if ((flags & flag.contentSum) !== 0) need(reader, 4);
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

  copy(bytes: Buffer): Buffer {
    this.#begin();
    this.#at += bytes.copy(this.#bytes, this.#at);
    return this.made();
  }

  /** Keeps as much of what came before as matches may lie back. */
  #begin(): void {
    const kept = Math.min(this.#at, windowBytes);
    this.#bytes.copyWithin(0, this.#at - kept, this.#at);
    this.#from = this.#at = kept;
  }

  /** Sequences of literals and a match (LZ4 Block Format). Gives what is wrong. */
  expand(input: Buffer): string | undefined {
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
