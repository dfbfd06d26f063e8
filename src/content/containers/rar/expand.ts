import { crc32 } from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { chunksOf } from "../bytes.ts";
import { BitReader } from "./bit-reader.ts";
import type { Decoder, Filter } from "./decoder.ts";
import { NotUndone, RarDamage, type Entry } from "./entry.ts";
import { Lz3 } from "./lz3.ts";
import { Lz5 } from "./lz5.ts";
import { Window } from "./window.ts";

/** Bytes that are unpacked before some are given. */
const step = 1 << 16;
/** What a copy makes at most, and more. */
const longestCopy = 1 << 13;
/** The longest filter has half of it. */
const leastWindow = 8 << 20;
/** Dictionaries beyond this are memory that a few bytes ask for. */
const mostDictionary = 128 << 20;
/** Filters of the same bytes; RAR writes two. */
const mostChained = 8;

/** Given where much was read that holds no bytes. */
const nothing = new Uint8Array(0);

/** What became of a file. */
export interface Outcome {
  fault?: { readonly code: "archive-corrupt" | "unsupported"; readonly message: string };
}

/** Unpacks the files of one archive, in their order: each may go on with what the one before it left. */
export class Expander {
  readonly #bytes: Bytes;
  readonly #window = new Window();
  #lz3: Lz3 | undefined;
  #lz5: Lz5 | undefined;
  /** Whether what goes on with the last file cannot be unpacked. */
  #isBroken = true;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** Nothing more is unpacked. */
  end(): void {
    this.#lz3?.end();
  }

  /** The bytes of a file: all that come before damage. A piece is valid until the next one is asked for. */
  *expand(entry: Entry, outcome: Outcome): Generator<Uint8Array, void> {
    const { sum, size } = entry;
    let proved = 0;
    let made = 0;
    const pieces =
      entry.method === "stored"
        ? chunksOf(this.#bytes, entry.at, entry.at + entry.packedBytes)
        : this.#unpack(entry, outcome);
    for (const piece of pieces) {
      proved = crc32(piece, proved);
      made += piece.length;
      yield piece;
    }
    if (outcome.fault !== undefined) return;
    if (made < size && size !== Infinity && !entry.goesOn && !entry.isFromBefore)
      outcome.fault = { code: "archive-corrupt", message: "is cut off" };
    // What came out was scanned; what was packed is something else.
    else if (sum !== undefined && sum !== proved)
      outcome.fault = { code: "archive-corrupt", message: "has another checksum than the RAR archive says" };
  }

  *#unpack(entry: Entry, outcome: Outcome): Generator<Uint8Array, void> {
    if (entry.isSolid && this.#isBroken) {
      outcome.fault = { code: "archive-corrupt", message: "goes on with a file that could not be unpacked" };
      return;
    }
    this.#isBroken = true;
    try {
      if (!entry.isSolid) this.#window.position = 0;
      const decoder = this.#decoderOf(entry);
      decoder.start(new BitReader(this.#bytes, entry.at, entry.at + entry.packedBytes), entry.isSolid);
      yield* this.#run(decoder, entry, outcome);
      this.#isBroken = false;
    } catch (error) {
      if (error instanceof RarDamage)
        outcome.fault = { code: "archive-corrupt", message: `is cut off or damaged (${error.message})` };
      else if (error instanceof NotUndone) outcome.fault = { code: "unsupported", message: error.message };
      else throw error;
    }
  }

  #decoderOf({ method }: Entry): Decoder {
    if (method === "lz3") return (this.#lz3 ??= new Lz3(this.#window));
    if (method === "lz5") return (this.#lz5 ??= new Lz5(this.#window));
    throw new NotUndone("is packed by a method that is not undone");
  }

  *#run(decoder: Decoder, { size, dictionaryBytes }: Entry, outcome: Outcome): Generator<Uint8Array, void> {
    const window = this.#window;
    const mostKept = Math.max(dictionaryBytes, leastWindow);
    const start = window.position;
    const end = start + size;
    let given = start;
    let failure: unknown;
    let isEnded = false;
    for (let isOver = size === 0; !isOver;) {
      // As much as there is to be kept, and no more: sizes and dictionaries are what anybody says.
      const kept = Math.min(mostKept, window.position + step + longestCopy);
      if (kept > mostDictionary) throw new NotUndone("needs too large a dictionary");
      window.reserve(kept);
      try {
        isEnded = !decoder.run(Math.min(end, window.position + step));
      } catch (error) {
        failure = error;
      }
      isOver = isEnded || failure !== undefined || window.position >= end;
      const made = Math.min(window.position, end);
      while (given < made) {
        const filter = decoder.filters[0];
        const to = filter === undefined ? made : Math.min(made, filter.from);
        if (to > given) {
          const piece = window.piece(given, to);
          given += piece.length;
          yield piece;
        } else if (given > filter!.from || (isOver && filter!.from + filter!.length > made)) {
          // It begins before another one ends, or ends behind the file.
          decoder.filters.shift();
          outcome.fault ??= { code: "archive-corrupt", message: "is damaged (a filter is at a wrong place)" };
        } else if (filter!.from + filter!.length <= made) {
          const filtered = this.#undo(takeChain(decoder.filters), given - start, outcome);
          given += filtered.length;
          yield filtered;
        } else break;
      }
      yield nothing;
    }
    if (failure !== undefined) throw failure;
    if (given < end && size !== Infinity) throw new RarDamage("it ends too early");
    if (!isEnded) decoder.finish();
  }

  /** Undoes filters of the same bytes, one after another. */
  #undo(chain: readonly Filter[], offset: number, outcome: Outcome): Buffer {
    const { from, length } = chain[0]!;
    let bytes: Buffer = Buffer.allocUnsafe(length);
    for (let at = 0; at < length;) at += this.#window.piece(from + at, from + length).copy(bytes, at);
    for (const { undo } of chain) {
      if (undo === undefined)
        outcome.fault = {
          code: "unsupported",
          message: "has parts behind a filter that is not undone: texts in them may not be as they were packed",
        };
      bytes = undo?.(bytes, offset) ?? bytes;
    }
    return bytes;
  }
}

/** The first filter, and those behind it of the same bytes. */
function takeChain(filters: Filter[]): readonly Filter[] {
  const [{ from, length }] = filters as [Filter];
  let count = 1;
  while (filters[count]?.from === from && filters[count]?.length === length) count++;
  if (count > mostChained) throw new RarDamage("it has too many filters");
  return filters.splice(0, count);
}
