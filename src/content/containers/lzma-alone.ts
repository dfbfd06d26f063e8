import type { ChunkReader } from "./chunk-reader.ts";
import { LzmaDamage } from "./lzma/decoder.ts";
import { DecoderLoan, mostDictionary } from "./lzma/loan.ts";
import { expandLzma } from "./lzma/streams.ts";

/** Properties, size of the dictionary, size of what was packed (-1: it has a mark at its end). */
const headerBytes = 13;
/** The properties that `xz --format=lzma` and `lzma` write unless told otherwise. */
const usualProperties = 0x5d;
const unknownSize = 2n ** 64n - 1n;
/** Nobody packs as much in a format that proves nothing. */
const mostSize = 2n ** 38n;

export interface LzmaOutcome {
  fault?: { readonly code: "archive-corrupt" | "unsupported"; readonly message: string };
}

/** It has no magic: usual properties, a dictionary that is a power of two or half as much more, a size, and the first byte of the data, which is zero. */
export function isLzmaAlone(head: Buffer): boolean {
  if (head[0] !== usualProperties || head[headerBytes] !== 0) return false;
  const size = head.readBigUInt64LE(5);
  const leading = 31 - Math.clz32(head.readUInt32LE(1));
  const rest = head.readUInt32LE(1) - 2 ** leading;
  return leading >= 12 && (rest === 0 || rest === 2 ** (leading - 1)) && (size === unknownSize || size < mostSize);
}

/** Expands `.lzma`. What is wrong is told in `outcome`; all before it is given. */
export function* unlzmaAlone(reader: ChunkReader, outcome: LzmaOutcome): Generator<Uint8Array, void> {
  const header = reader.take(headerBytes);
  if (header === undefined) return;
  const told = header.readBigUInt64LE(5);
  const size = told === unknownSize ? Infinity : Number(told);
  const dictionary = Math.min(header.readUInt32LE(1), size);
  if (dictionary > mostDictionary) {
    outcome.fault = { code: "unsupported", message: "the LZMA stream needs too large a dictionary" };
    return;
  }
  const loan = new DecoderLoan();
  try {
    yield* expandLzma(reader, loan.decoder(dictionary, header[0]), header[0]!, size);
  } catch (error) {
    if (!(error instanceof LzmaDamage)) throw error;
    const message = `the LZMA stream is cut off or damaged (${error.message})`;
    outcome.fault = { code: "archive-corrupt", message };
  } finally {
    loan.giveBack();
  }
}
