import { inflateSync } from "node:zlib";

/** Inflates a zlib stream of known size. Throws Error when it is damaged, or when it holds more or less than `size` bytes. */
export function inflateExact(compressed: Uint8Array, size: number): Buffer {
  // One byte more than expected, so that a stream that goes on is noticed; chunkSize spares zlib its growing.
  const inflated = inflateSync(compressed, { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
  if (inflated.length !== size) throw new Error(`inflates to ${inflated.length} bytes instead of ${size}`);
  return inflated;
}
