import type { Wrapping } from "../model/unit.ts";
import { unbzip2 } from "./containers/bzip2.ts";
import { unxz, type XzOutcome } from "./containers/xz.ts";
import { gunzip, type StreamDamage } from "./gzip.ts";
import { decodeAhead } from "./read-ahead.ts";
import { unzstd } from "./zstd.ts";

export type { StreamDamage } from "./gzip.ts";

export type Compression = "none" | Wrapping;

/** How many bytes `sniffCompression` wants to see. */
export const COMPRESSION_MAGIC_BYTES = 6;

/** When expanding stops. */
export interface ExpandLimits {
  /** Expanded bytes after which nothing more is read, whatever the ratio. */
  readonly maxBytes: number;
  /** Expanded bytes for each stored byte … */
  readonly maxRatio: number;
  /** … looked at only beyond this many expanded bytes. */
  readonly ratioFromBytes: number;
}

/**
 * For whole layers. Memory does not grow with them, so the limits guard time alone. The largest real layers (models, CUDA) have some
 * tens of GiB; database and disk images in layers are mostly zeros, hence no look at the ratio below 4 GiB; deflate reaches 1032.
 */
export const layerLimits: ExpandLimits = {
  maxBytes: 2 ** 37,
  maxRatio: 250,
  ratioFromBytes: 2 ** 32,
};

/** Tells the compression from the first bytes; media types and file names are never asked. */
export function sniffCompression(head: Uint8Array): Compression {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  if (a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) return "zstd";
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58 && head[4] === 0x5a && head[5] === 0) return "xz";
  const level = head[3] ?? 0;
  if (a === 0x42 && b === 0x5a && c === 0x68 && level >= 0x31 && level <= 0x39) return "bzip2";
  return "none";
}

/**
 * Expands stored bytes. `open` starts them from their beginning and may be called more than once (see `gunzip`). Yields chunks that
 * are never written to again. Damage and limits end the stream and are reported once; everything before was yielded. `skipped`: stored bytes that decoders
 * pass over (of zstd).
 */
export async function* expand(
  open: () => AsyncIterable<Uint8Array>,
  compression: Compression,
  limits: ExpandLimits,
  report: (damage: StreamDamage) => void,
  skipped?: (at: number, length: number) => void,
): AsyncGenerator<Uint8Array, void> {
  if (compression === "none") {
    yield* open();
    return;
  }
  let stored = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    let offset = 0;
    for await (const chunk of open()) {
      offset += chunk.length;
      stored = Math.max(stored, offset);
      yield chunk;
    }
  };
  let expanded = 0;
  for await (const chunk of decoded(counted, compression, report, skipped)) {
    expanded += chunk.length;
    const ratio = expanded / Math.max(1, stored);
    if (expanded > limits.maxBytes || (expanded > limits.ratioFromBytes && ratio > limits.maxRatio)) {
      report({
        kind: "bomb",
        message: `expands to more than ${expanded - chunk.length} bytes (${Math.round(ratio)} to 1): reading stopped`,
      });
      return;
    }
    yield chunk;
  }
}

/** What bytes at hand expand to, compressed or not; undefined where they are damaged, or more than the limits allow. */
export async function expandPiece(stored: Uint8Array, limits: ExpandLimits): Promise<Buffer | undefined> {
  const open = async function* (): AsyncGenerator<Uint8Array, void> {
    yield stored;
  };
  const parts: Uint8Array[] = [];
  let isWhole = true;
  for await (const part of expand(open, sniffCompression(stored), limits, () => (isWhole = false))) parts.push(part);
  return isWhole ? Buffer.concat(parts) : undefined;
}

/** What one result of the decoder can need: a block of bzip2 whose every byte takes a longest code. */
const bzip2AheadBytes = 3 << 20;
/** A chunk of LZMA2 with the headers around it takes less than a quarter of that. */
const xzAheadBytes = 1 << 18;

function decoded(
  open: () => AsyncIterable<Uint8Array>,
  compression: Wrapping,
  report: (damage: StreamDamage) => void,
  skipped?: (at: number, length: number) => void,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case "gzip":
      return gunzip(open, report);
    case "zstd":
      return unzstd(open(), report, skipped);
    case "bzip2":
      return decodeAhead(open(), bzip2AheadBytes, (pieces) =>
        unbzip2(pieces, (message, at) =>
          report(at === undefined ? { kind: "corrupt", message } : { kind: "trailing", message, at }),
        ),
      );
    case "xz":
      return decodeAhead(open(), xzAheadBytes, (pieces) => expandXz(pieces, report));
  }
}

function* expandXz(pieces: Iterable<Uint8Array>, report: (damage: StreamDamage) => void): Generator<Uint8Array, void> {
  const outcome: XzOutcome = {};
  yield* unxz(pieces, outcome);
  if (outcome.fault === undefined) return;
  const { code, message, behind } = outcome.fault;
  if (behind !== undefined) report({ kind: "trailing", message, at: behind });
  else report({ kind: code === "unsupported" ? code : "corrupt", message });
}
