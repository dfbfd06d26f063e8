/**
 * What the encodings have in common. An encoded text is a **chain**: marks (a run of base64 digits, a `%2F`, `" + "`) that stand near each other. Where a
 * chain begins and ends is a function of the bytes near its borders, and its text is one of the bytes in it and shortly around it; so
 * chains are the same for a content that is scanned whole, as a stream, or as a version of another one.
 */
export interface Encoding {
  readonly name: "text-runs" | "escapes" | "byte-list" | "wide-text" | "wider-text";
  /** Whether each letter has a place of its own among the encoded bytes. Where not, a chain tells a value once. */
  readonly isPlaced: boolean;
  /** Bytes that belong to a chain before its first and behind its last mark: the text that encoded bytes stand in. */
  readonly before: number;
  readonly behind: number;
  /** Bytes beyond the chain that its text is a function of, too. */
  readonly context: number;
  /** Most bytes between two marks of one chain; no less than `behind`. */
  readonly gap: number;
  /** A chain of fewer marks is none. */
  readonly leastMarks: number;
  /** Whether two neighbouring marks, no more than `gap` bytes apart, belong together; all places are addresses. */
  joins(bytes: Buffer, start: number, end: number, next: number, nextEnd: number): boolean;
  /** The texts of one piece of a chain. */
  decode(piece: Piece): readonly Decoded[];
}

/** Part of a chain: addresses in the kernel's memory. */
export interface Piece {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** Whether the chain begins and ends with this piece. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Where the content begins and ends, as far as it is in memory. */
  readonly low: number;
  readonly high: number;
}

/** A text with what was encoded in clear, and what stands around it as it was. */
export interface Decoded {
  readonly text: Buffer;
  /** True where packed text grows too much, and was left. */
  readonly isCut?: boolean;
  /** Names of the encodings that were taken off within `[from, to)` of the text; undefined where all of it stands in the content as it is. */
  kindsIn(from: number, to: number): readonly string[] | undefined;
  /** Addresses of the bytes that `[from, to)` of the text was made of. */
  placeOf(from: number, to: number): readonly [number, number];
  /** Gives back the memory of the text, once, when nothing is asked of it any more. */
  release?(): void;
}

/** A chain is decoded in pieces of so many bytes, so that a long one needs no more memory, each overlapping the one before. */
export const pieceLength = 1 << 18;
export const pieceOverlap = 1 << 13;

/** Whether bytes can stand in text: tab, line ends, printable ASCII, and the bytes of UTF-8 sequences. */
export const textual = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if (byte === 9 || byte === 10 || byte === 13 || (byte >= 0x20 && byte < 0x7f) || byte >= 0x80) textual[byte] = 1;
}

/** Values of hex digits, 255 for other bytes. */
export const hexDigits = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexDigits[digit.charCodeAt(0)] = value;
  hexDigits[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * A text that was encoded as one: whatever is found in it stands where all of it stands. `inFront` and `atBack` are the bytes around, as
 * they are.
 */
export function wholeText(
  inFront: Buffer,
  text: Buffer,
  atBack: Buffer,
  kinds: readonly string[],
  place: readonly [number, number],
): Decoded {
  const first = inFront.length;
  const last = first + text.length;
  return {
    text: inFront.length + atBack.length === 0 ? text : Buffer.concat([inFront, text, atBack]),
    kindsIn: (from, to) => (from < last && to > first ? kinds : undefined),
    placeOf: () => place,
  };
}
