import { crc32 } from "node:zlib";
import { ChunkReader } from "./chunk-reader.ts";
import { effectOf, undoFilter } from "./code-filters.ts";
import { LzmaDamage } from "./lzma/decoder.ts";
import { DecoderLoan, mostDictionary } from "./lzma/loan.ts";
import { expandLzma2, inputOf, lzma2Dictionary, need, type ByteInput } from "./lzma/streams.ts";
import { startCheck } from "./xz-check.ts";

export interface XzOutcome {
  fault?: {
    readonly code: "archive-corrupt" | "unsupported";
    readonly message: string;
    /** It stands behind the end of a stream, from here on, and so costs none of it. */
    readonly behind?: number | undefined;
  };
}

const headerMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const lzma2Filter = 0x21;
/** Bytes of the check behind each block, by its kind (The .xz File Format, 2.1.1.2). */
const checkBytes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;

/** Given where much was read that holds no bytes. */
const nothing = new Uint8Array(0);
const recordsAtOnce = 4096;

class Unsupported extends Error {}

/**
 * Expands xz: any number of streams and blocks, behind filters for machine code too. Gives all before damage; what is wrong is told in `outcome`.
 * Between two results it takes some hundred kilobytes of input at most; where there is nothing to give for long, the result is empty.
 */
export function* unxz(input: Iterable<Uint8Array>, outcome: XzOutcome): Generator<Uint8Array, void> {
  const reader = new ChunkReader(input);
  const loan = new DecoderLoan();
  let behind: number | undefined;
  try {
    for (let isFirst = true; !reader.isAtEnd; isFirst = false) {
      // Streams are padded with zeros, four at a time (2.2).
      const padding = isFirst ? undefined : reader.peek(4);
      if (padding?.length === 4 && padding.readUInt32LE(0) === 0) {
        reader.skip(4);
        yield nothing;
        continue;
      }
      behind = isFirst ? undefined : reader.position;
      const header = need(reader, 12);
      if (!header.subarray(0, 6).equals(headerMagic))
        throw new LzmaDamage(isFirst ? "a header is damaged" : "bytes behind the xz stream were not read");
      behind = undefined;
      const onFault: OnFault = (code, message) => {
        outcome.fault ??= { code, message };
      };
      prove(header.subarray(6, 8), header.readUInt32LE(8), onFault);
      yield* blocks(reader, header[7]! & 15, loan, onFault);
      const footer = need(reader, 12);
      prove(footer.subarray(4, 10), footer.readUInt32LE(0), onFault);
      if (footer.toString("latin1", 10) !== "YZ") throw new LzmaDamage("its end is damaged");
      yield nothing;
    }
  } catch (error) {
    if (error instanceof LzmaDamage) {
      const message = `the xz stream is cut off or damaged (${error.message})`;
      outcome.fault = { code: "archive-corrupt", message, behind };
    } else if (error instanceof Unsupported) outcome.fault = { code: "unsupported", message: error.message };
    else throw error;
  } finally {
    loan.giveBack();
  }
}

type OnFault = (code: "archive-corrupt" | "unsupported", message: string) => void;

/** What is not as its sum says is damaged, even where all could be read. */
function prove(bytes: Uint8Array, sum: number, onFault: OnFault): void {
  if (crc32(bytes) !== sum) onFault("archive-corrupt", "the xz stream is damaged (the checksum of a header is wrong)");
}

/** `onFault`: what a block gives is not what was packed; it is given all the same. */
function* blocks(
  reader: ChunkReader,
  checkKind: number,
  loan: DecoderLoan,
  onFault: OnFault,
): Generator<Uint8Array, void> {
  for (;;) {
    const start = reader.position;
    const size = reader.byte();
    if (size < 0) throw new LzmaDamage("it ends too early");
    if (size === 0) return yield* skipIndex(reader, start);
    const header = need(reader, size * 4 + 3);
    prove(Buffer.concat([Buffer.of(size), header.subarray(0, -4)]), header.readUInt32LE(header.length - 4), onFault);
    const { dictionaryBytes, filters } = readBlockHeader(header);
    if (filters.some(({ id }) => effectOf(id) === "changes-texts"))
      onFault("unsupported", "the xz stream uses a filter that is not undone: texts may not be as they were packed");
    const from = reader.position;
    const decoder = loan.decoder(dictionaryBytes);
    // The sum is one of the bytes before they were filtered.
    const isProved = filters.every(({ id }) => effectOf(id) === "undone");
    const check = isProved ? startCheck(checkKind, filters.length === 0 ? decoder : undefined) : undefined;
    let pieces: Iterable<Uint8Array> = expandLzma2(reader, decoder);
    for (const { id, properties } of filters.toReversed())
      if (effectOf(id) === "undone") pieces = undoFilter(id, properties, pieces);
    for (const piece of pieces) {
      check?.add(piece);
      yield piece;
    }
    need(reader, (4 - ((reader.position - from) & 3)) & 3);
    const stored = need(reader, checkBytes[checkKind]!);
    if (check?.isRight(stored) === false)
      onFault("archive-corrupt", "the xz stream is damaged (its checksum is wrong)");
    yield nothing;
  }
}

interface Filter {
  readonly id: number;
  readonly properties: Buffer;
}

/** The size of the dictionary, out of a block's header, and the filters that came before LZMA2. */
function readBlockHeader(header: Buffer): { dictionaryBytes: number; filters: readonly Filter[] } {
  const flags = header[0]!;
  const rest = inputOf(new ChunkReader([header.subarray(1)]));
  if ((flags & 0x40) !== 0) readNumber(rest);
  if ((flags & 0x80) !== 0) readNumber(rest);
  const filters: Filter[] = [];
  for (let filter = 0; filter <= (flags & 3); filter++) {
    const id = readNumber(rest);
    const properties = Buffer.alloc(Math.min(readNumber(rest), header.length));
    for (let i = 0; i < properties.length; i++) properties[i] = rest.byte();
    if (id === lzma2Filter) return { dictionaryBytes: dictionaryOf(properties[0] ?? 0), filters };
    if (effectOf(id) === "unknown") throw new Unsupported("the xz stream uses a filter that is not read");
    filters.push({ id, properties });
  }
  throw new Unsupported("the xz stream uses a compression that is not read");
}

function dictionaryOf(byte: number): number {
  const bytes = lzma2Dictionary(byte);
  if (bytes > mostDictionary) throw new Unsupported("the xz stream needs too large a dictionary");
  return bytes;
}

/** Passes over the index of a stream (4): its records, padding and sum. */
function* skipIndex(reader: ChunkReader, start: number): Generator<Uint8Array, void> {
  const input = inputOf(reader);
  // Each record takes two bytes at least, so a count that lies ends with the input.
  for (let left = 2 * readNumber(input); left > 0; left--) {
    readNumber(input);
    if (left % recordsAtOnce === 0) yield nothing;
  }
  need(reader, (4 - ((reader.position - start) & 3)) & 3);
  need(reader, 4);
}

/** A number of at most 63 bits, seven a byte (1.2). */
function readNumber(input: ByteInput): number {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = input.byte();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value;
  }
  throw new LzmaDamage("a number is damaged");
}
