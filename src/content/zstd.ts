import { ZSTDDecoder } from "zstddec/stream";
import type { StreamDamage } from "./gzip.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** Input handed to the decoder at once. What a failing call had expanded is lost with it, so calls are kept small. */
const PIECE_BYTES = 8 << 10;
/** The decoder drops what it could not flush when its input ends; fed byte by byte, the tail leaves nothing behind (a block needs four). */
const TAIL_BYTES = 8;
/** The smallest unit of a zstd stream that may legally expand to nothing (a skippable frame): more empty results than this allows mean that the decoder is stuck. */
const MIN_FRAME_BYTES = 8;
/** Empty results granted beside those. */
const MAX_EMPTY_RESULTS = 32;

/**
 * Expands zstd: any number of frames and skippable frames (RFC 8878), of which it tells, windows up to 128 MiB. Damage is reported, never thrown;
 * everything before it was delivered, but for the last 8 KiB of stored bytes at most. Node's own decoder (22 and later) is not used:
 * it takes the end of a frame in the middle of a chunk for the end of all, and so would drop what follows without a word.
 */
export async function* unzstd(
  input: AsyncIterable<Uint8Array>,
  report: (damage: StreamDamage) => void,
  skipped: (at: number, length: number) => void = () => {},
): AsyncGenerator<Uint8Array, void> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const frames = zstdFrames(input, {
    skipped,
    behind: (at) => report({ kind: "trailing", message: "bytes behind the zstd stream were not read", at }),
  });
  const pieces = piecesWithTail(frames)[Symbol.asyncIterator]();
  let next = await pieces.next();
  let granted = MAX_EMPTY_RESULTS;
  let taken = false;
  // The decoder pulls synchronously, and takes one piece at most for each result: a piece is laid ready before each.
  const feed = (function* (): Generator<Uint8Array, void> {
    while (next.done !== true) {
      const piece = next.value;
      taken = true;
      granted = MAX_EMPTY_RESULTS + piece.length / MIN_FRAME_BYTES;
      yield piece;
    }
  })();
  const output = decoder.decodeStreaming(feed);
  try {
    for (;;) {
      let result: IteratorResult<Uint8Array>;
      try {
        result = output.next();
      } catch {
        report({ kind: "truncated", message: "the zstd stream is cut off or damaged" });
        return;
      }
      if (result.done === true) return;
      if (result.value.length > 0) {
        granted = Math.max(granted, MAX_EMPTY_RESULTS);
        yield result.value;
      } else if (--granted < 0) {
        report({
          kind: "corrupt",
          message: "the zstd stream is damaged, or followed by other bytes",
        });
        return;
      }
      if (taken) {
        taken = false;
        next = await pieces.next();
      }
    }
  } finally {
    await pieces.return?.();
  }
}

async function* piecesWithTail(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array | undefined;
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      if (held !== undefined) yield held;
      held = chunk.subarray(at, at + PIECE_BYTES);
    }
  }
  if (held === undefined) return;
  const body = Math.max(0, held.length - TAIL_BYTES);
  if (body > 0) yield held.subarray(0, body);
  for (let i = body; i < held.length; i++) yield held.subarray(i, i + 1);
}
