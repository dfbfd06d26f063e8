import { readSync } from "node:fs";

/** Bytes that can be read at any place, as often as one likes: memory, or an open file. */
export interface Bytes {
  readonly size: number;
  /** The bytes at `at`; fewer where the end comes before. Not to be written to. */
  read(at: number, length: number): Buffer;
}

/** Bytes of a file that are read at once when much of it is gone through, and at first: nobody may want more. */
const chunkBytes = 1 << 18;
const firstBytes = 1 << 14;

export function bytesInMemory(bytes: Uint8Array): Bytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: buffer.length, read: (at, length) => buffer.subarray(at, at + length) };
}

/** Bytes of a block; all but the last of some blocks have so many. */
const blockBytes = 1 << 20;

/** Bytes of an end that are kept: the end record of a ZIP file has 22. */
const lastBytes = 64;

/** Gathers bytes that come in pieces, in blocks: to put hundreds of megabytes into one piece of memory takes them twice. */
export class BlockList implements Bytes {
  readonly blocks: Buffer[] = [];
  #parts: Buffer[] = [];
  #inParts = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes a copy of a piece. */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const part = Buffer.from(piece.subarray(at, at + blockBytes - this.#inParts));
      this.#parts.push(part);
      this.#inParts += part.length;
      this.#size += part.length;
      at += part.length;
      if (this.#inParts === blockBytes) this.end();
    }
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#inParts > 0) this.blocks.push(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#inParts = 0;
  }

  read(at: number, length: number): Buffer {
    const first = Math.floor(at / blockBytes);
    const start = at - first * blockBytes;
    const block = this.blocks[first] ?? Buffer.alloc(0);
    if (start + length <= block.length || first === this.blocks.length - 1)
      return block.subarray(start, start + length);
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - at)));
    for (let filled = 0; filled < bytes.length;) {
      const block = Math.floor((at + filled) / blockBytes);
      filled += this.blocks[block]!.copy(bytes, filled, at + filled - block * blockBytes);
    }
    return bytes;
  }
}

/** Keeps the end of what goes by. */
export class LastBytes implements Bytes {
  #last: Buffer = Buffer.alloc(0);

  take(chunk: Uint8Array): void {
    this.#last = Buffer.concat([this.#last, chunk.subarray(-lastBytes)]).subarray(-lastBytes);
  }

  /** Takes pieces, and gives them as they are. */
  *watch(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
    for (const chunk of chunks) {
      this.take(chunk);
      yield chunk;
    }
  }

  get size(): number {
    return this.#last.length;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  read(at: number, length: number): Buffer {
    return this.#last.subarray(at, at + length);
  }
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
  let step = firstBytes;
  for (let at = from; at < to; step = Math.min(chunkBytes, 2 * step)) {
    const chunk = bytes.read(at, Math.min(step, to - at));
    if (chunk.length === 0) return;
    yield chunk;
    at += chunk.length;
  }
}

/** Pieces, and then others. */
export function* chain(parts: readonly Uint8Array[], rest: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  yield* parts;
  yield* rest;
}
