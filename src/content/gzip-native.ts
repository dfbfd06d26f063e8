import { constants, gzipSync } from "node:zlib";
import type { Expanding } from "./gzip.ts";
import { openNativeZlib, type NativeZlib } from "./native-zlib.ts";

/** Results of one call. They are hashed, walked and copied while they lie in the processor's cache. */
const OUTPUT_CHUNK_BYTES = 256 << 10;

interface NativeGunzip extends NativeZlib {
  /** Where results go, and how many bytes of them lie there already. */
  output: Buffer;
  filled: number;
}

/**
 * Expands gzip in the calling thread, by the native stream that Node's own `Gunzip` works with: through that one, every chunk goes to another
 * thread and back, and the two of them wait for each other a third of the time. `isNativeKnown` tells whether that stream is what we know.
 * Errors of zlib go into `run`, errors of `input` are thrown.
 */
export async function* inflateNatively(
  input: AsyncIterable<Uint8Array>,
  run: Expanding,
): AsyncGenerator<Uint8Array, void> {
  const native = openNative();
  if (native === undefined) throw new Error("zlib is not what it was");
  try {
    for await (const piece of input) {
      run.offered += piece.length;
      yield* expandPiece(native, piece, constants.Z_NO_FLUSH, run);
      if (run.ended || run.error !== undefined) break;
    }
    yield* finish(native, run);
  } finally {
    native.close();
  }
}

function* expandPiece(
  native: NativeGunzip,
  piece: Uint8Array,
  flush: number,
  run: Expanding,
): Generator<Uint8Array, void> {
  const { handle, state } = native;
  handle.onerror = (message, _errno, code) => (run.error = { message, code });
  let inputLeft = piece.length;
  for (;;) {
    const { output, filled } = native;
    handle.writeSync(flush, piece, piece.length - inputLeft, inputLeft, output, filled, output.length - filled);
    // What a failing call made is not told; what was made before it stays.
    if (run.error !== undefined) return;
    const [outputLeft = 0, left = 0] = state;
    inputLeft = left;
    native.filled = output.length - outputLeft;
    if (outputLeft > 0) break;
    yield takeOutput(native);
  }
  run.accepted += piece.length - inputLeft;
  // zlib had room and left input: the stream ended before it, as it does where zeros are behind it.
  run.ended = inputLeft > 0;
}

/** Tells zlib that nothing follows, where it does not know that yet, and gives what is left. */
function* finish(native: NativeGunzip, run: Expanding): Generator<Uint8Array, void> {
  if (!run.ended && run.error === undefined) {
    run.isAll = true;
    yield* expandPiece(native, new Uint8Array(0), constants.Z_FINISH, run);
  }
  if (native.filled > 0) yield takeOutput(native);
}

/** Chunks are full but for the last: a tar's blocks then lie where copying is quick. */
function takeOutput(native: NativeGunzip): Uint8Array {
  const chunk = native.output.subarray(0, native.filled);
  native.output = Buffer.allocUnsafeSlow(OUTPUT_CHUNK_BYTES);
  native.filled = 0;
  return chunk;
}

function openNative(): NativeGunzip | undefined {
  const native = openNativeZlib("gzip");
  return native && { ...native, output: Buffer.allocUnsafeSlow(OUTPUT_CHUNK_BYTES), filled: 0 };
}

let isKnown: boolean | undefined;

/** Tries the native stream on two members with zeros behind them, on a cut-off and on a damaged stream. */
export function isNativeKnown(): boolean {
  return (isKnown ??= works());
}

function works(): boolean {
  const text = Buffer.from("the quick brown fox jumps over the lazy dog. ".repeat(20));
  const member = gzipSync(text);
  const damaged = Buffer.from(member);
  damaged[member.length - 6]! ^= 0x55;
  try {
    const whole = attempt([Buffer.concat([member, member, Buffer.alloc(8)])]);
    const cut = attempt([member.subarray(0, 30), member.subarray(30, member.length - 9)]);
    return (
      whole.bytes.equals(Buffer.concat([text, text])) &&
      whole.run.ended &&
      whole.run.accepted === 2 * member.length &&
      cut.run.error?.code === "Z_BUF_ERROR" &&
      attempt([damaged]).run.error?.code === "Z_DATA_ERROR"
    );
  } catch {
    return false;
  }
}

function attempt(input: readonly Uint8Array[]): { bytes: Buffer; run: Expanding } {
  const run: Expanding = { accepted: 0, offered: 0, isAll: false, ended: false, error: undefined };
  const native = openNative();
  if (native === undefined) throw new Error("no native stream");
  const parts: Uint8Array[] = [];
  for (const piece of input) parts.push(...expandPiece(native, piece, constants.Z_NO_FLUSH, run));
  parts.push(...finish(native, run));
  native.close();
  return { bytes: Buffer.concat(parts), run };
}
