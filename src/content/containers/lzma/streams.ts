import type { ChunkReader } from "../chunk-reader.ts";
import { LzmaDamage, type LzmaDecoder } from "./decoder.ts";

/** The size of the dictionary that the property of LZMA2 tells. */
export function lzma2Dictionary(byte: number): number {
  return byte >= 40 ? 2 ** 32 : (2 | (byte & 1)) * 2 ** ((byte >> 1) + 11);
}

/** Expands LZMA2 (chunks of LZMA, some stored) to its end. Throws LzmaDamage. */
export function* expandLzma2(reader: ChunkReader, decoder: LzmaDecoder): Generator<Uint8Array, void> {
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

/** Expands LZMA to `size` bytes, or to the marker of its end. Throws LzmaDamage. */
export function* expandLzma(
  reader: ChunkReader,
  decoder: LzmaDecoder,
  properties: number,
  size: number,
): Generator<Uint8Array, void> {
  decoder.resetDictionary();
  decoder.setProperties(properties);
  const pieces = reader.stream();
  yield* decoder.decode(() => pieces.next().value ?? undefined, size);
}

function readPair(input: ByteInput): number {
  return (input.byte() << 8) | input.byte();
}

export function need(reader: ChunkReader, length: number): Buffer {
  const bytes = reader.take(length);
  if (bytes === undefined) throw new LzmaDamage("it ends too early");
  return bytes;
}

/** Bytes one by one; throws LzmaDamage where there are no more. */
export interface ByteInput {
  byte(): number;
}

export function inputOf(reader: ChunkReader): ByteInput {
  return {
    byte() {
      const byte = reader.byte();
      if (byte < 0) throw new LzmaDamage("it ends too early");
      return byte;
    },
  };
}
