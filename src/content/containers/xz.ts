import { crc32 } from "node:zlib";
import { ChunkReader } from "./chunk-reader.ts";
import { LzmaDamage, LzmaDecoder } from "./lzma/decoder.ts";
import { startCheck } from "./xz-check.ts";
import { effectOf, undoFilter } from "./xz-filters.ts";

/** A dictionary beyond this is memory that a few bytes ask for; `xz -9` asks for 64 MiB. */
export const mostDictionary = 128 << 20;

export interface XzOutcome {
  fault?: {
    readonly code: "archive-corrupt" | "unsupported";
    readonly message: string;
    /** It stands behind the end of a stream, and so costs none of it. */
    readonly isBehind?: boolean;
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
  const loan = borrowDecoder();
  let isBehind = false;
  try {
    for (let isFirst = true; !reader.isAtEnd; isFirst = false) {
      // Streams are padded with zeros, four at a time (2.2).
      const padding = isFirst ? undefined : reader.peek(4);
      if (padding?.length === 4 && padding.readUInt32LE(0) === 0) {
        reader.skip(4);
        yield nothing;
        continue;
      }
      isBehind = !isFirst;
      const header = need(reader, 12);
      if (!header.subarray(0, 6).equals(headerMagic))
        throw new LzmaDamage(isFirst ? "a header is damaged" : "bytes behind the xz stream were not read");
      isBehind = false;
      const onFault: OnFault = (code, message) => {
        outcome.fault ??= { code, message };
      };
      prove(header.subarray(6, 8), header.readUInt32LE(8), onFault);
      yield* blocks(reader, header[7]! & 15, loan.decoderOf, onFault);
      const footer = need(reader, 12);
      prove(footer.subarray(4, 10), footer.readUInt32LE(0), onFault);
      if (footer.toString("latin1", 10) !== "YZ") throw new LzmaDamage("its end is damaged");
      yield nothing;
    }
  } catch (error) {
    if (error instanceof LzmaDamage) {
      const message = `the xz stream is cut off or damaged (${error.message})`;
      outcome.fault = { code: "archive-corrupt", message, isBehind };
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
  decoderOf: Loan["decoderOf"],
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
    const decoder = decoderOf(dictionaryBytes);
    // The sum is one of the bytes before they were filtered.
    const check = filters.length > 0 ? undefined : startCheck(checkKind, decoder);
    let pieces: Iterable<Uint8Array> = expandLzma2(reader, decoder);
    for (const { id, offset } of filters.toReversed())
      if (effectOf(id) === "undone") pieces = undoFilter(id, offset, pieces);
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

interface Made {
  readonly bytes: number;
  readonly decoder: LzmaDecoder;
}

interface Loan {
  /** One whose dictionary has so many bytes at least. */
  readonly decoderOf: (dictionaryBytes: number) => LzmaDecoder;
  readonly giveBack: () => void;
}

/** What `xz -6` asks for, as nearly all archives do; larger dictionaries are not kept. */
const mostKept = 8 << 20;
/** A decoder that nobody uses now. Each dictionary that is made and dropped leaves a hole in memory, and packages of a distribution come by the hundred. */
let idle: Made | undefined;

/** Blocks of some bytes can each ask for a dictionary of megabytes: one that is large enough is used again, also for later streams. */
function borrowDecoder(): Loan {
  let made: Made | undefined;
  return {
    decoderOf: (bytes) => {
      if (made === undefined) {
        made = idle;
        idle = undefined;
      }
      if (made === undefined || made.bytes < bytes) made = { bytes, decoder: new LzmaDecoder(bytes) };
      return made.decoder;
    },
    giveBack: () => {
      if (made !== undefined && made.bytes <= mostKept) idle = made;
    },
  };
}

interface Filter {
  readonly id: number;
  /** The address that its first byte is taken to have. */
  readonly offset: number;
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
    filters.push({ id, offset: properties.length === 4 ? properties.readUInt32LE(0) : 0 });
  }
  throw new Unsupported("the xz stream uses a compression that is not read");
}

/** Throws Error where it is more than is given. */
function dictionaryOf(byte: number): number {
  const bytes = byte >= 40 ? 2 ** 32 : (2 | (byte & 1)) * 2 ** ((byte >> 1) + 11);
  if (bytes > mostDictionary) throw new Unsupported("the xz stream needs too large a dictionary");
  return bytes;
}

/** Expands LZMA2 (xz's form of LZMA: chunks, some stored) to its end. Throws LzmaDamage. */
function* expandLzma2(reader: ChunkReader, decoder: LzmaDecoder): Generator<Uint8Array, void> {
  decoder.resetDictionary();
  const input = inputOf(reader);
  let hasProperties = false;
  for (;;) {
    const control = input.byte();
    if (control === 0) return;
    if (control === 1 || control >= 0xe0) decoder.resetDictionary();
    if (control < 0x80) {
      if (control > 2) throw new LzmaDamage("a chunk is of no known kind");
      yield* decoder.copy(need(reader, 1 + readPair(input)));
      continue;
    }
    const expanded = 1 + ((control & 0x1f) << 16) + readPair(input);
    const compressed = 1 + readPair(input);
    if (control >= 0xc0) {
      decoder.setProperties(input.byte());
      hasProperties = true;
    } else if (control >= 0xa0) decoder.resetState();
    if (!hasProperties) throw new LzmaDamage("a chunk has no properties");
    const pieces = reader.stream(compressed);
    const { hasMarker, isExact } = yield* decoder.decode(() => pieces.next().value ?? undefined, expanded);
    if (hasMarker) throw new LzmaDamage("a chunk ends too early");
    if (!isExact) throw new LzmaDamage("a chunk does not end as it has to");
  }
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

function readPair(input: ByteInput): number {
  return (input.byte() << 8) | input.byte();
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

function need(reader: ChunkReader, length: number): Buffer {
  const bytes = reader.take(length);
  if (bytes === undefined) throw new LzmaDamage("it ends too early");
  return bytes;
}

/** Bytes one by one; throws LzmaDamage where there are no more. */
interface ByteInput {
  byte(): number;
}

function inputOf(reader: ChunkReader): ByteInput {
  return {
    byte() {
      const byte = reader.byte();
      if (byte < 0) throw new LzmaDamage("it ends too early");
      return byte;
    },
  };
}
