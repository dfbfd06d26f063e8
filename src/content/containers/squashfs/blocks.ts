import { constants, inflateSync } from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { ChunkReader } from "../chunk-reader.ts";
import { unlz4Block } from "../lz4.ts";
import { LzoDamage, unlzo } from "../lzo.ts";
import { unlzmaAlone, type LzmaOutcome } from "../lzma-alone.ts";
import { unxz, type XzOutcome } from "../xz.ts";
import { unzstdChunks, type ZstdOutcome } from "../zstd.ts";

/** Something of a file system that cannot be read. */
export class SquashDamage extends Error {}
/** More was expanded than a file system of this size may ask for. */
export class SquashBomb extends Error {}

/** Methods by their numbers in the superblock. */
export const compressor = { zlib: 1, lzma: 2, lzo: 3, xz: 4, lz4: 5, zstd: 6 } as const;

/** What a block of tables comes to, at most. */
const tableBytes = 8192;
/** The highest bit of a table block's length: it is stored as it is. */
const storedTable = 0x8000;
/** The same of a block of data. */
export const storedBit = 1 << 24;
/** Blocks of tables that are kept. */
const mostTables = 256;
/** Blocks of ends of files that are kept: files that follow each other have theirs in one, as a rule. */
const mostFragments = 8;

export interface TableBlock {
  readonly data: Buffer;
  /** Where the next one stands. */
  readonly next: number;
}

/**
 * Blocks of a squashfs file system, each packed for itself. Those that are asked for time and again are kept; what was expanded in all is bounded by `mostExpanded`, for
 * a thousand files can ask for the same block, each time anew.
 */
export class SquashBlocks {
  readonly #bytes: Bytes;
  readonly #method: number;
  readonly #blockBytes: number;
  readonly #tables = new Map<number, TableBlock>();
  readonly #fragments = new Map<number, Buffer>();
  #left: number;

  constructor(bytes: Bytes, method: number, blockBytes: number, mostExpanded: number) {
    this.#bytes = bytes;
    this.#method = method;
    this.#blockBytes = blockBytes;
    this.#left = mostExpanded;
  }

  /** The block of a table at an offset. Throws where it cannot be read. */
  table(at: number): TableBlock {
    const known = this.#tables.get(at);
    if (known !== undefined) return known;
    const head = this.#read(at, 2).readUInt16LE(0);
    const length = head & (storedTable - 1);
    const stored = this.#read(at + 2, length);
    const data = (head & storedTable) === 0 ? this.#expand(stored, tableBytes) : Buffer.from(stored);
    const block = { data, next: at + 2 + length };
    remember(this.#tables, at, block, mostTables);
    return block;
  }

  /** The block of ends of files at an offset. */
  fragment(at: number, size: number): Buffer {
    const known = this.#fragments.get(at);
    if (known !== undefined) return known;
    const data = this.data(at, size);
    remember(this.#fragments, at, data, mostFragments);
    return data;
  }

  /** A block of data. `size`: as tables tell it, the bit with it that says that it is stored as it is. */
  data(at: number, size: number): Buffer {
    const length = size & (storedBit - 1);
    if (length > this.#blockBytes) throw new SquashDamage("a block is too large");
    const stored = this.#read(at, length);
    return (size & storedBit) === 0 ? this.#expand(stored, this.#blockBytes) : Buffer.from(stored);
  }

  #read(at: number, length: number): Buffer {
    const read = at >= 0 && at + length <= this.#bytes.size ? this.#bytes.read(at, length) : undefined;
    if (read === undefined || read.length < length) throw new SquashDamage("a block lies outside of it");
    return read;
  }

  #expand(stored: Buffer, most: number): Buffer {
    // What cannot be expanded costs as much.
    this.#left -= most;
    if (this.#left < 0) throw new SquashBomb();
    switch (this.#method) {
      case compressor.zlib:
        return inflated(stored, most);
      case compressor.lzo:
        return lzoExpanded(stored, most);
      case compressor.lz4: {
        const { data, damage } = unlz4Block(stored, most);
        if (damage !== undefined) throw new SquashDamage(damage);
        return data;
      }
      case compressor.lzma: {
        const outcome: LzmaOutcome = {};
        return gathered(unlzmaAlone(new ChunkReader([stored]), outcome), most, outcome);
      }
      case compressor.xz: {
        const outcome: XzOutcome = {};
        return gathered(unxz([stored], outcome), most, outcome);
      }
      default: {
        const outcome: ZstdOutcome = {};
        return gathered(unzstdChunks([stored], outcome), most, outcome);
      }
    }
  }
}

function remember<T>(kept: Map<number, T>, at: number, block: T, most: number): void {
  if (kept.size >= most) for (const oldest of kept.keys()) return void (kept.delete(oldest), kept.set(at, block));
  kept.set(at, block);
}

function inflated(stored: Buffer, most: number): Buffer {
  try {
    return inflateSync(stored, { maxOutputLength: most, chunkSize: Math.max(constants.Z_MIN_CHUNK, most) });
  } catch (error) {
    throw new SquashDamage(error instanceof RangeError ? "a block makes too much" : "a block cannot be expanded");
  }
}

function lzoExpanded(stored: Buffer, most: number): Buffer {
  try {
    return unlzo(stored, most);
  } catch (error) {
    throw error instanceof LzoDamage ? new SquashDamage(error.message) : error;
  }
}

function gathered(
  pieces: Generator<Uint8Array, void>,
  most: number,
  outcome: { readonly fault?: { readonly message: string } },
): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    size += piece.length;
    if (size > most) throw new SquashDamage("a block makes too much");
    parts.push(Buffer.from(piece));
  }
  if (outcome.fault !== undefined) throw new SquashDamage(outcome.fault.message);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
