import { inflateNatively, isNativeKnown } from "./gzip-native.ts";
import { inflateStreaming } from "./gzip-stream.ts";

/** Input written at once, and in the passes that look for damage in a piece: each searches the piece in which the one before failed. */
const PIECE_BYTES = [128 << 10, 512, 1] as const;

/** What is wrong with a compressed stream; everything before it was delivered. */
export interface StreamDamage {
  readonly kind: "truncated" | "corrupt" | "trailing" | "bomb" | "unsupported";
  readonly message: string;
  /** Where what follows the stream begins, in the stored bytes; of `trailing` alone. */
  readonly at?: number;
}

/** How far an attempt to expand a stream came. */
export interface Expanding {
  /** Bytes of input that zlib took without complaint. */
  accepted: number;
  /** Bytes of input that it was given. */
  offered: number;
  /** Whether that was all there is. */
  isAll: boolean;
  ended: boolean;
  /** What zlib complained about, with its code (`Z_DATA_ERROR` …). */
  error: { readonly message: string; readonly code?: string | undefined } | undefined;
}

function begin(): Expanding {
  return { accepted: 0, offered: 0, isAll: false, ended: false, error: undefined };
}

/**
 * Expands gzip of any number of members (RFC 1952). `open` starts the stored bytes from their beginning; it is called again when a
 * piece fails, because zlib drops what a failing piece had expanded already: later passes feed that piece in ever smaller ones, down
 * to single bytes, so nothing before the damage is lost. `way`: both give the same; the documented one is slower. Damage is reported, never thrown; errors of `open` are thrown.
 */
export async function* gunzip(
  open: () => AsyncIterable<Uint8Array>,
  report: (damage: StreamDamage) => void,
  way: "native" | "streaming" = isNativeKnown() ? "native" : "streaming",
): AsyncGenerator<Uint8Array, void> {
  let delivered = 0;
  let run = begin();
  for (const size of PIECE_BYTES) {
    const fineFrom = run.accepted;
    run = begin();
    let seen = 0;
    const input = pieces(open(), fineFrom, size);
    for await (const chunk of way === "native" ? inflateNatively(input, run) : inflateStreaming(input, run, size > 1)) {
      seen += chunk.length;
      if (seen <= delivered) continue;
      const fresh = Math.min(chunk.length, seen - delivered);
      delivered = seen;
      yield chunk.subarray(chunk.length - fresh);
    }
    if (run.error === undefined || run.error.code === "Z_BUF_ERROR") break;
  }
  if (run.error === undefined) {
    const isRead = run.isAll && run.accepted === run.offered;
    if (!isRead && (await hasMoreThanZeros(open(), run.accepted))) {
      report(behind(run.accepted));
    }
  } else if (run.error.code === "Z_BUF_ERROR") {
    report({ kind: "truncated", message: "the gzip stream is cut off" });
  } else if (run.error.message === "incorrect header check" && delivered > 0) {
    // The last pass goes byte by byte, and two of them make a header.
    report(behind(Math.max(0, run.accepted - 1)));
  } else {
    report({ kind: "corrupt", message: `the gzip stream is damaged (${run.error.message})` });
  }
}

function behind(at: number): StreamDamage {
  return { kind: "trailing", message: "bytes behind the gzip stream were not read", at };
}

/** Cuts input into pieces: large ones, and from offset `fineFrom` on pieces of `size`. */
async function* pieces(
  input: AsyncIterable<Uint8Array>,
  fineFrom: number,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  for await (const chunk of input) {
    let at = 0;
    while (at < chunk.length) {
      const left = fineFrom - offset;
      const wanted = left <= 0 ? size : Math.min(PIECE_BYTES[0], left);
      const piece = chunk.subarray(at, at + wanted);
      yield piece;
      at += piece.length;
      offset += piece.length;
    }
  }
}

async function hasMoreThanZeros(input: AsyncIterable<Uint8Array>, from: number): Promise<boolean> {
  let offset = 0;
  for await (const chunk of input) {
    const start = Math.max(0, from - offset);
    for (let i = start; i < chunk.length; i++) if (chunk[i] !== 0) return true;
    offset += chunk.length;
  }
  return false;
}
