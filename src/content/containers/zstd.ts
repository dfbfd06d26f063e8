import { Decompress } from "fzstd";
import { ChunkReader } from "./chunk-reader.ts";
import { Xxh64 } from "./xxh64.ts";

const frameMagic = 0xfd2fb528;
/** Blocks are this long at most (RFC 8878, 3.1.1.2.4); one that says more is damaged. */
const mostBlock = 128 << 10;
/** What zstd itself accepts unless told otherwise: more is memory that a few bytes ask for. */
const mostWindow = 128 << 20;
/** The decoder moves its whole window for each block. Full blocks are worth that; a stream of empty ones with a large window is made to waste time. */
const freeMoves = 2 ** 32;
const movesForByte = mostWindow / mostBlock;

export interface ZstdOutcome {
  fault?: { readonly code: "archive-corrupt" | "unsupported" | "bomb"; readonly message: string };
}

/**
 * Expands zstd (RFC 8878): any number of frames and skippable frames. Frames are taken apart here, and their blocks expanded one by one, so that
 * a frame which asks for too much memory is refused before it gets any. All before damage is given. Layers are expanded by another decoder, quicker
 * but not ready before something was awaited; here nothing can be.
 */
export function* unzstdChunks(input: Iterable<Uint8Array>, outcome: ZstdOutcome): Generator<Uint8Array, void> {
  const reader = new ChunkReader(input);
  let moves = 0;
  const damaged = (message: string): void => {
    outcome.fault = { code: "archive-corrupt", message };
  };
  while (!reader.isAtEnd) {
    const magic = reader.take(4)?.readUInt32LE(0);
    if (magic === undefined) return damaged("the zstd stream is cut off");
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      const size = reader.take(4)?.readUInt32LE(0);
      if (size === undefined || !reader.skip(size)) return damaged("the zstd stream is cut off");
      continue;
    }
    if (magic !== frameMagic) return damaged("bytes behind the zstd stream were not read");
    const header = frameHeader(reader);
    if (header === undefined) return damaged("the zstd stream is cut off");
    if (header.window > mostWindow || header.hasDictionary) {
      const why = header.hasDictionary ? "needs a dictionary" : "needs too large a window";
      outcome.fault = { code: "unsupported", message: `the zstd stream ${why}` };
      return;
    }
    const ready: Uint8Array[] = [];
    const sum = header.hasSum ? new Xxh64() : undefined;
    let length = 0;
    const decoder = new Decompress((chunk) => {
      ready.push(chunk);
      length += chunk.length;
      sum?.update(chunk);
      moves += (stateOf(decoder)?.w.length ?? 0) - chunk.length * movesForByte;
    });
    try {
      decoder.push(smallFrame);
      for (let isLast = false; !isLast;) {
        const start = reader.take(3);
        if (start === undefined) return damaged("the zstd stream is cut off");
        const word = start.readUIntLE(0, 3);
        const size = ((word >> 1) & 3) === 1 ? 1 : word >>> 3;
        const body = word >>> 3 > mostBlock ? undefined : reader.take(size);
        if (body === undefined) return damaged("the zstd stream is cut off or damaged");
        isLast = (word & 1) === 1;
        // Before, since the block goes into the window when it is expanded.
        const state = stateOf(decoder);
        if (state !== undefined) widen(state, Math.min(header.window, length + mostBlock));
        decoder.push(Buffer.concat([start, body]), isLast);
        yield* ready.splice(0);
        if (moves > freeMoves) {
          outcome.fault = { code: "bomb", message: "the zstd stream holds too many small blocks" };
          return;
        }
      }
      if (sum !== undefined) {
        const told = reader.take(4)?.readUInt32LE(0);
        if (told === undefined) return damaged("the zstd stream is cut off");
        if (told !== sum.low()) return damaged("the zstd stream is damaged: its bytes are not those of its checksum");
      }
      if (header.size !== undefined && header.size !== length)
        return damaged("the zstd stream is damaged: it is not as long as it says");
    } catch {
      yield* ready.splice(0);
      return damaged("the zstd stream is damaged");
    }
  }
}

/** What the decoder (fzstd 0.1.1, which is pinned) keeps: the window, and its length. */
interface DecoderState {
  w: Uint8Array;
  e: number;
}

/** Undefined where a frame has come to its end. */
function stateOf(decoder: Decompress): DecoderState | undefined {
  const { s: state } = decoder as unknown as { readonly s: DecoderState | number | undefined };
  return typeof state === "object" ? state : undefined;
}

/**
 * The head of a frame with a window of one block. The decoder makes, and moves, all of the window that a frame asks for, and some bytes ask for megabytes: it is told of this one,
 * and its window grows with what comes out. Sums and sizes are looked at here. It has empty fields for a dictionary and a size, because the decoder waits for 18 bytes.
 */
const smallFrame = Buffer.from("28b52ffdc338".padEnd(36, "0"), "hex");

/** Makes room for `needed` bytes that came before; what is kept stands at the end of the window. */
function widen(state: DecoderState, needed: number): void {
  if (state.w.length >= needed) return;
  const wider = new Uint8Array(Math.min(mostWindow, 2 * needed));
  wider.set(state.w, wider.length - state.w.length);
  state.w = wider;
  state.e = wider.length;
}

interface FrameHeader {
  readonly window: number;
  /** Of what it expands to, where it is told. */
  readonly size?: number;
  readonly hasSum: boolean;
  readonly hasDictionary: boolean;
}

function frameHeader(reader: ChunkReader): FrameHeader | undefined {
  const descriptor = reader.take(1);
  if (descriptor === undefined) return undefined;
  const flags = descriptor[0]!;
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const rest = reader.take((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
  if (rest === undefined) return undefined;
  const sizeAt = rest.length - sizeBytes;
  const told =
    sizeBytes === 8 ? Number(rest.readBigUInt64LE(sizeAt)) : sizeBytes === 0 ? 0 : rest.readUIntLE(sizeAt, sizeBytes);
  // Two bytes tell what is beyond the reach of one.
  const size = sizeBytes === 2 ? told + 256 : told;
  const exponent = isSingle ? 0 : 10 + (rest[0]! >> 3);
  const window = isSingle ? size : 2 ** exponent + (2 ** exponent / 8) * (rest[0]! & 7);
  const dictionary = rest.subarray(sizeAt - dictionaryBytes, sizeAt);
  return {
    window,
    ...(sizeBytes === 0 ? {} : { size }),
    hasSum: (flags & 4) !== 0,
    hasDictionary: dictionary.some((byte) => byte !== 0),
  };
}
