import { createReadStream } from "node:fs";

/** Reads a file, or standard input (`-`), whole; undefined once it is larger than `maxBytes`. Throws what the operating system says. */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of (path === "-" ? process.stdin : createReadStream(path)) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
