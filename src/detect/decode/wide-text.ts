import { pieceLength, textual, type Decoded, type Encoding, type Piece } from "./encoding.ts";

/** Bytes of the shortest run that can hold a secret: sixteen characters. */
export const leastWide = 32;

const kinds: readonly string[] = ["utf-16"];

/**
 * Text in UTF-16, whether it is the whole content or a string in a program. Runs of ASCII are what can hold secrets; what stands between two of them
 * is written in other letters.
 */
export const wideText: Encoding = {
  name: "wide-text",
  before: 0,
  behind: 0,
  context: 0,
  gap: 128,
  leastMarks: 1,
  // The letters of both stand at even or both at odd places.
  joins: (bytes, _start, end, next) => ((end - (bytes[end - 1] === 0 ? 0 : 1) - letterFrom(bytes, next)) & 1) === 0,
  decode: (piece) => [decodeWide(piece)],
};

function letterFrom(bytes: Buffer, at: number): number {
  return bytes[at] === 0 ? at + 1 : at;
}

/** Of each pair of bytes the one that is ASCII beside a zero; a question mark for a pair of other letters. */
function decodeWide({ bytes, from, to }: Piece): Decoded {
  const first = letterFrom(bytes, from);
  const text = Buffer.allocUnsafe(Math.min(pieceLength, to - first + 1) >> 1);
  let length = 0;
  for (let at = first; at < to && length < text.length; at += 2) {
    const byte = bytes[at]!;
    const isAscii = byte < 0x80 && textual[byte] === 1 && ((at + 1 < to && bytes[at + 1] === 0) || bytes[at - 1] === 0);
    text[length++] = isAscii ? byte : 0x3f;
  }
  return {
    text: text.subarray(0, length),
    kindsIn: () => kinds,
    placeOf: (start, end) => [first + 2 * start, Math.min(to, first + 2 * end)],
  };
}
