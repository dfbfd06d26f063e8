import { gunzip, type StreamDamage } from "./gzip.ts";
import { unzstd } from "./zstd.ts";

export type { StreamDamage } from "./gzip.ts";

export type Compression = "none" | "gzip" | "zstd" | "xz" | "bzip2";

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
 * are never written to again. Damage and limits end the stream and are reported once; everything before was yielded.
 */
export async function* expand(
  open: () => AsyncIterable<Uint8Array>,
  compression: Compression,
  limits: ExpandLimits,
  report: (damage: StreamDamage) => void,
): AsyncGenerator<Uint8Array, void> {
  if (compression === "none") {
    yield* open();
    return;
  }
  if (compression === "xz" || compression === "bzip2") {
    report({
      kind: "unsupported",
      message: `compressed with ${compression}, which is not read yet`,
    });
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
  for await (const chunk of compression === "gzip" ? gunzip(counted, report) : unzstd(counted(), report)) {
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
