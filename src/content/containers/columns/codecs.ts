import { brotliDecompressSync, gunzipSync, inflateRawSync } from "node:zlib";
import { unbzip2 } from "../bzip2.ts";
import { unlz4Block } from "../lz4.ts";
import { SnappyDamage, unsnappy } from "../snappy.ts";
import { unxz, type XzOutcome } from "../xz.ts";
import { unzstdChunks, type ZstdOutcome } from "../zstd.ts";

/** How parts of a table are packed. */
export type Codec = "none" | "snappy" | "gzip" | "deflate" | "brotli" | "lz4" | "zstd" | "bzip2" | "xz";

/** What a byte of LZ4 makes at most. */
const mostOfLz4 = 255;

/** Expands a part of a table, to `mostBytes` at most. Undefined where it is damaged, or makes more. */
export function unpack(codec: Codec, packed: Buffer, mostBytes: number): Buffer | undefined {
  try {
    const options = { maxOutputLength: Math.max(1, mostBytes) };
    switch (codec) {
      case "none":
        return packed;
      case "snappy":
        return unsnappy(packed, mostBytes);
      case "gzip":
        return gunzipSync(packed, options);
      case "deflate":
        return inflateRawSync(packed, options);
      case "brotli":
        return brotliDecompressSync(packed, options);
      case "lz4": {
        const { data, damage } = unlz4Block(packed, Math.min(mostBytes, mostOfLz4 * packed.length));
        return damage === undefined ? data : undefined;
      }
      case "zstd": {
        const outcome: ZstdOutcome = {};
        return gathered(unzstdChunks([packed], outcome), mostBytes, () => outcome.fault !== undefined);
      }
      case "xz": {
        const outcome: XzOutcome = {};
        return gathered(unxz([packed], outcome), mostBytes, () => outcome.fault !== undefined);
      }
      case "bzip2": {
        let isDamaged = false;
        return gathered(
          unbzip2([packed], () => (isDamaged = true)),
          mostBytes,
          () => isDamaged,
        );
      }
    }
  } catch (error) {
    if (error instanceof SnappyDamage || (error instanceof Error && "code" in error)) return undefined;
    throw error;
  }
}

function gathered(pieces: Iterable<Uint8Array>, mostBytes: number, isDamaged: () => boolean): Buffer | undefined {
  const parts: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    size += piece.length;
    if (size > mostBytes) return undefined;
    parts.push(Buffer.from(piece));
  }
  return isDamaged() ? undefined : Buffer.concat(parts);
}
