import { pieceLength, textual, type Decoded, type Encoding, type Piece } from "./encoding.ts";

/** Bytes of the shortest run that can hold a secret: sixteen characters. */
export const leastWide = 32;
/** The same of text in UTF-32. */
export const leastWider = 64;

/**
 * Text in UTF-16, whether it is the whole content or a string in a program. Runs of ASCII are what can hold secrets; what stands between two of them
 * is written in other letters.
 */
export const wideText: Encoding = wideEncoding("wide-text", 2, ["utf-16"]);
/** The same in UTF-32. */
export const widerText: Encoding = wideEncoding("wider-text", 4, ["utf-32"]);

function wideEncoding(name: Encoding["name"], width: 2 | 4, kinds: readonly string[]): Encoding {
  return {
    name,
    isPlaced: true,
    before: 0,
    behind: 0,
    context: 0,
    gap: 64 * width,
    leastMarks: 1,
    // The letters of both stand at places of one kind: even or odd ones.
    joins: (bytes, _start, end, next) => (letterFrom(bytes, next) - lastLetter(bytes, end)) % width === 0,
    decode: (piece) => [decodeWide(piece, width, kinds)],
  };
}

/** The first letter from `at` on: no more zeros are before it than belong to one letter. */
function letterFrom(bytes: Buffer, at: number): number {
  let from = at;
  while (from < at + 3 && bytes[from] === 0) from++;
  return from;
}

/** The last letter of a run that ends before `end`. */
function lastLetter(bytes: Buffer, end: number): number {
  let at = end - 1;
  while (at > end - 4 && bytes[at] === 0) at--;
  return at;
}

/** Of each letter the byte that is ASCII among zeros; a question mark for other letters. */
function decodeWide({ bytes, from, to }: Piece, width: 2 | 4, kinds: readonly string[]): Decoded {
  const first = letterFrom(bytes, from);
  const text = Buffer.allocUnsafe(Math.floor(Math.min(pieceLength, to - first + width - 1) / width));
  let length = 0;
  for (let at = first; at < to && length < text.length; at += width) {
    const byte = bytes[at]!;
    const isAscii = byte < 0x80 && textual[byte] === 1 && ((at + 1 < to && bytes[at + 1] === 0) || bytes[at - 1] === 0);
    text[length++] = isAscii ? byte : 0x3f;
  }
  return {
    text: text.subarray(0, length),
    kindsIn: () => kinds,
    placeOf: (start, end) => [first + width * start, Math.min(to, first + width * end)],
  };
}
