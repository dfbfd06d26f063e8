/** Shortest run that can hold a secret worth decoding: sixteen characters of it. */
export const leastRun = 20;
/** A run is decoded in pieces of this many characters (a multiple of four), each overlapping the one before. */
export const pieceLength = 16_384;
export const pieceOverlap = 2_048;

/** Value of each base64 digit (RFC 4648 sections 4 and 5), 255 for other bytes. */
const digits = new Uint8Array(256).fill(255);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let value = 0; value < 64; value++) digits[alphabet.charCodeAt(value)] = value;
digits["-".charCodeAt(0)] = 62;
digits["_".charCodeAt(0)] = 63;

/** Not 0 for the bytes of base64 text, for `Kernel.findRuns`. */
export const base64Members: Uint8Array = digits.map((value) => (value === 255 ? 0 : 1));

/** Whether bytes can stand in text: tab, line ends, printable ASCII, and the bytes of UTF-8 sequences. */
const textual = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if (byte === 9 || byte === 10 || byte === 13 || (byte >= 0x20 && byte < 0x7f) || byte >= 0x80) textual[byte] = 1;
}

/**
 * Whether the run at `[from, to)` starts like encoded text: its first bytes decode to printable ASCII. A twentieth of a microsecond,
 * and it turns away nearly everything that only looks like base64: identifiers, paths, hashes, images.
 */
export function startsLikeText(bytes: Uint8Array, from: number, to: number): boolean {
  const quads = Math.min(4, (to - from) >> 2);
  for (let quad = 0; quad < quads; quad++) {
    const at = from + quad * 4;
    const value =
      (digits[bytes[at]!]! << 18) |
      (digits[bytes[at + 1]!]! << 12) |
      (digits[bytes[at + 2]!]! << 6) |
      digits[bytes[at + 3]!]!;
    const a = (value >> 16) & 255;
    const b = (value >> 8) & 255;
    const c = value & 255;
    if (a >= 0x80 || b >= 0x80 || c >= 0x80 || textual[a] === 0 || textual[b] === 0 || textual[c] === 0) return false;
  }
  return true;
}

/** Decodes `[from, to)`, up to the first byte that cannot stand in text. Empty when less than `least` bytes are text. */
export function decodeText(bytes: Buffer, from: number, to: number, least: number): Buffer {
  const decoded = Buffer.from(bytes.toString("latin1", from, to), "base64");
  let end = 0;
  while (end < decoded.length && textual[decoded[end]!] === 1) end++;
  return end < least ? decoded.subarray(0, 0) : decoded.subarray(0, end);
}
