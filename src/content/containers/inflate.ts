import {
  constants,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from "node:zlib";
import { isNativeKnown } from "../gzip-native.ts";

/** `raw`: deflate alone (RFC 1951); `zlib`: with its header and sum (RFC 1950); `gzip`: any number of members (RFC 1952). */
export type DeflateForm = "raw" | "zlib" | "gzip";

/** How far an expansion came. */
export interface InflateOutcome {
  /** Bytes of the input that were used. */
  used: number;
  /** Whether the compressed data came to their own end. */
  isWhole: boolean;
  /** What zlib complained about. */
  fault?: string;
}

const outputBytes = 1 << 16;
/** What a failing call had expanded is lost with it, so that calls are kept small. */
const inputBytes = 1 << 13;
/** Where zlib's native stream is not what we know, contents are expanded at once, and only up to here. */
const mostAtOnce = 64 << 20;

/** The native stream under zlib's classes, as far as we use it; gzip-native.ts tells more and tries it. */
interface Native {
  readonly handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void;
    reset(): void;
    onerror: (message: string, errno: number, code: string) => void;
  };
  readonly state: Uint32Array;
  readonly output: Buffer;
}

/** Streams that nobody uses now. Contents lie inside of others, so that several are in use at once. */
const idle: Record<DeflateForm, Native[]> = { raw: [], zlib: [], gzip: [] };

/**
 * Expands deflated bytes in the calling thread, in bounded memory. A piece that it gives is valid until the next one is asked for. What is wrong is
 * told in `outcome`, never thrown; all that was expanded before is given.
 */
export function* inflate(
  input: Iterable<Uint8Array>,
  form: DeflateForm,
  outcome: InflateOutcome,
): Generator<Uint8Array, void> {
  if (!isNativeKnown()) {
    yield* inflateAtOnce(input, form, outcome);
    return;
  }
  const native = idle[form].pop() ?? open(form);
  native.handle.reset();
  native.handle.onerror = (message) => (outcome.fault = message);
  try {
    for (const chunk of input) {
      for (let at = 0; at < chunk.length; at += inputBytes) {
        yield* expand(native, chunk.subarray(at, at + inputBytes), constants.Z_NO_FLUSH, outcome);
        if (outcome.isWhole || outcome.fault !== undefined) return;
      }
    }
    yield* expand(native, new Uint8Array(0), constants.Z_FINISH, outcome);
    // At the end of all input zlib complains of whatever is missing.
    outcome.isWhole = outcome.fault === undefined;
  } finally {
    idle[form].push(native);
  }
}

function* expand(
  native: Native,
  piece: Uint8Array,
  flush: number,
  outcome: InflateOutcome,
): Generator<Uint8Array, void> {
  const { handle, state, output } = native;
  let left = piece.length;
  for (;;) {
    handle.writeSync(flush, piece, piece.length - left, left, output, 0, outputBytes);
    if (outcome.fault !== undefined) return;
    const [room = 0, rest = 0] = state;
    outcome.used += left - rest;
    left = rest;
    if (room < outputBytes) yield output.subarray(0, outputBytes - room);
    if (room > 0) break;
  }
  // zlib had room and left input: the data ended before it.
  outcome.isWhole = left > 0;
}

function open(form: DeflateForm): Native {
  const stream = form === "raw" ? createInflateRaw() : form === "zlib" ? createInflate() : createGunzip();
  const { _handle: handle, _writeState: state } = stream as unknown as {
    // `isNativeKnown` tried that they are such.
    _handle: Native["handle"];
    _writeState: Uint32Array;
  };
  return { handle, state, output: Buffer.allocUnsafeSlow(outputBytes) };
}

function* inflateAtOnce(
  input: Iterable<Uint8Array>,
  form: DeflateForm,
  outcome: InflateOutcome,
): Generator<Uint8Array, void> {
  const bytes = Buffer.concat([...input].map((chunk) => Buffer.from(chunk)));
  const options = { maxOutputLength: mostAtOnce };
  try {
    const all =
      form === "raw"
        ? inflateRawSync(bytes, options)
        : form === "zlib"
          ? inflateSync(bytes, options)
          : gunzipSync(bytes, options);
    outcome.used = bytes.length;
    outcome.isWhole = true;
    yield all;
  } catch (error) {
    outcome.fault = error instanceof Error ? error.message : "it cannot be expanded";
  }
}
