import { crc32 } from "node:zlib";
import type { ChunkReader } from "./chunk-reader.ts";
import { LzmaDamage } from "./lzma/decoder.ts";
import { DecoderLoan, mostDictionary } from "./lzma/loan.ts";

const magic = Buffer.from("LZIP\x01", "latin1");
const headerBytes = 6;
/** CRC-32 and size of what was packed, and the size of the member. */
const trailerBytes = 20;
/** The properties of all its streams (lc 3, lp 0, pb 2). */
const properties = 0x5d;

export interface LzipOutcome {
  fault?: { readonly code: "archive-corrupt" | "unsupported"; readonly message: string };
}

export function isLzip(head: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}

/** Expands lzip of any number of members (Lzip manual, "File format"). What is wrong is told in `outcome`; all before it is given. A piece is valid until the next one is asked for. */
export function* unlzip(reader: ChunkReader, outcome: LzipOutcome): Generator<Uint8Array, void> {
  const input = new Pieces(reader.stream());
  const loan = new DecoderLoan();
  try {
    for (let isFirst = true; ; isFirst = false) {
      const header = input.take(headerBytes);
      if (header.length === 0 && !isFirst) return;
      if (!isLzip(header)) throw new LzmaDamage(isFirst ? "a header is damaged" : "bytes behind it were not read");
      const dictionary = 2 ** (header[5]! & 31) - 2 ** (header[5]! & 31) * ((header[5]! >> 5) / 16);
      if (dictionary > mostDictionary) {
        outcome.fault = { code: "unsupported", message: "the lzip stream needs too large a dictionary" };
        return;
      }
      yield* member(input, loan, dictionary);
    }
  } catch (error) {
    if (!(error instanceof LzmaDamage)) throw error;
    outcome.fault = { code: "archive-corrupt", message: `the lzip stream is cut off or damaged (${error.message})` };
  } finally {
    loan.giveBack();
  }
}

function* member(input: Pieces, loan: DecoderLoan, dictionary: number): Generator<Uint8Array, void> {
  const decoder = loan.decoder(dictionary, properties);
  decoder.resetDictionary();
  decoder.setProperties(properties);
  let sum = 0;
  let size = 0;
  const pieces = decoder.decode(() => input.next(), Infinity);
  let next = pieces.next();
  for (; next.done !== true; next = pieces.next()) {
    sum = crc32(next.value, sum);
    size += next.value.length;
    yield next.value;
  }
  input.giveBack(next.value.rest());
  if (!next.value.hasMarker) throw new LzmaDamage("it has no end");
  const trailer = input.take(trailerBytes);
  if (trailer.length < trailerBytes) throw new LzmaDamage("it ends too early");
  // What came out was scanned; what was packed is something else.
  if (trailer.readUInt32LE(0) !== sum || Number(trailer.readBigUInt64LE(4)) !== size)
    throw new LzmaDamage("its checksum is wrong");
}

/** Pieces of the input, of which the last ones may be given back. */
class Pieces {
  readonly #pieces: Iterator<Uint8Array, void>;
  readonly #back: Uint8Array[] = [];

  constructor(pieces: Iterator<Uint8Array, void>) {
    this.#pieces = pieces;
  }

  next(): Uint8Array | undefined {
    return this.#back.pop() ?? this.#pieces.next().value ?? undefined;
  }

  giveBack(pieces: readonly Uint8Array[]): void {
    this.#back.push(...pieces.toReversed());
  }

  /** So many bytes; fewer at the end. */
  take(length: number): Buffer {
    const parts: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const piece = this.next();
      if (piece === undefined) break;
      parts.push(Buffer.from(piece.subarray(0, left)));
      if (piece.length > left) this.#back.push(piece.subarray(left));
      left -= Math.min(left, piece.length);
    }
    return Buffer.concat(parts);
  }
}
