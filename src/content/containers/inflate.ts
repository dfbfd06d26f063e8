import { constants, inflateRawSync, inflateSync } from "node:zlib";
import type { ChunkReader } from "./chunk-reader.ts";
import { isNativeKnown } from "../gzip-native.ts";
import { openNativeZlib, type NativeZlib, type ZlibForm } from "../native-zlib.ts";

/** Gzip is taken apart by whoever reads it: zlib gives nothing of what follows a member. */
export type DeflateForm = Exclude<ZlibForm, "gzip">;

/** How far an expansion came. */
export interface InflateOutcome {
  /** Whether the compressed data came to their own end; the reader then stands right behind them. */
  isWhole: boolean;
  /** What zlib complained about. */
  fault?: string;
}

const outputBytes = 1 << 16;
/** What a failing call had expanded is lost with it, so that calls are kept small. */
const inputBytes = 1 << 10;
/** Where zlib's native stream is not what we know, contents are expanded at once, and only up to here. */
const mostAtOnce = 64 << 20;

interface Native extends NativeZlib {
  readonly output: Buffer;
  /** Bytes of the output that nobody was given yet. */
  filled: number;
}

/** Streams that nobody uses now. Contents lie inside of others, so that several are in use at once. */
const idle: Record<DeflateForm, Native[]> = { raw: [], zlib: [] };

/**
 * Expands deflated bytes in the calling thread, in bounded memory. A piece that it gives is valid until the next one is asked for. What is wrong is
 * told in `outcome`, never thrown; all that was expanded before is given, but for what the last kilobyte of input made.
 */
export function* inflate(reader: ChunkReader, form: DeflateForm, outcome: InflateOutcome): Generator<Uint8Array, void> {
  const native = isNativeKnown() ? (idle[form].pop() ?? open(form)) : undefined;
  if (native === undefined) {
    yield* inflateAtOnce(reader, form, outcome);
    return;
  }
  native.handle.reset();
  native.handle.onerror = (message) => (outcome.fault = message);
  native.filled = 0;
  try {
    for (;;) {
      const piece = reader.peek(inputBytes);
      if (piece.length === 0) break;
      const used = yield* expand(native, piece, outcome);
      if (outcome.fault !== undefined) break;
      reader.skip(used);
      if (used === piece.length) continue;
      // zlib had room and left input: the data ended before it.
      outcome.isWhole = true;
      break;
    }
    // At the end of all input zlib complains of whatever is missing.
    if (!outcome.isWhole && outcome.fault === undefined) {
      yield* expand(native, new Uint8Array(0), outcome, constants.Z_FINISH);
      outcome.isWhole = outcome.fault === undefined;
    }
    if (native.filled > 0) yield native.output.subarray(0, native.filled);
  } finally {
    idle[form].push(native);
  }
}

/** Gives what fills the output, and how much of the piece was used; the rest of what came out waits for more. */
function* expand(
  native: Native,
  piece: Uint8Array,
  outcome: InflateOutcome,
  flush: number = constants.Z_NO_FLUSH,
): Generator<Uint8Array, number> {
  const { handle, state, output } = native;
  // Whoever takes what is given may read on, and so move the piece.
  const input = Buffer.from(piece);
  let left = input.length;
  for (;;) {
    const { filled } = native;
    handle.writeSync(flush, input, input.length - left, left, output, filled, outputBytes - filled);
    if (outcome.fault !== undefined) return 0;
    const [room = 0, rest = 0] = state;
    left = rest;
    native.filled = outputBytes - room;
    if (room > 0) return input.length - left;
    native.filled = 0;
    yield output;
  }
}

function open(form: DeflateForm): Native | undefined {
  const native = openNativeZlib(form);
  return native && { ...native, output: Buffer.allocUnsafeSlow(outputBytes), filled: 0 };
}

function* inflateAtOnce(reader: ChunkReader, form: DeflateForm, outcome: InflateOutcome): Generator<Uint8Array, void> {
  const bytes = Buffer.from(reader.peek(mostAtOnce));
  const options = { maxOutputLength: mostAtOnce, info: true };
  try {
    // With `info` both give the result with the stream that made it; the types do not say so.
    const { buffer, engine } = (form === "raw" ? inflateRawSync : inflateSync)(bytes, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    reader.skip(engine.bytesWritten);
    outcome.isWhole = true;
    yield buffer;
  } catch (error) {
    outcome.fault = error instanceof Error ? error.message : "it cannot be expanded";
  }
}
