/** How long a small stream may take, in milliseconds. Who gives a byte now and then is never silent, and never done. */
const longest = 300_000;

/** Reads a small stream whole; undefined where it is larger than `maxBytes`. Throws what the stream throws, and Error where it takes too long. */
export async function readWhole(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  within: number = longest,
): Promise<Buffer | undefined> {
  const end = Date.now() + within;
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > maxBytes) return undefined;
    if (Date.now() > end) throw new Error("it comes too slowly");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
