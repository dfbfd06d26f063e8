import { readSync } from "node:fs";

/** Bytes that can be read at any place, as often as one likes: memory, or an open file. */
export interface Bytes {
  readonly size: number;
  /** The bytes at `at`; fewer where the end comes before. Not to be written to. */
  read(at: number, length: number): Buffer;
}

/** Bytes of a file that are read at once when all of it is gone through. */
const chunkBytes = 1 << 18;

export function bytesInMemory(bytes: Uint8Array): Bytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: buffer.length, read: (at, length) => buffer.subarray(at, at + length) };
}

/** What an open file holds; errors of the operating system are thrown by `read`. */
export function bytesOfFile(descriptor: number, size: number): Bytes {
  return {
    size,
    read(at, length) {
      const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - at)));
      return buffer.subarray(0, buffer.length === 0 ? 0 : readSync(descriptor, buffer, 0, buffer.length, at));
    },
  };
}

/** A part of some bytes, in pieces. */
export function* chunksOf(bytes: Bytes, from = 0, to: number = bytes.size): Generator<Buffer, void> {
  for (let at = from; at < to;) {
    const chunk = bytes.read(at, Math.min(chunkBytes, to - at));
    if (chunk.length === 0) return;
    yield chunk;
    at += chunk.length;
  }
}
