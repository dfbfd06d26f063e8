/**
 * Marks: bytes that stand for another one (`%2F`, `&#x2f;`) or for none (`" + "`), as the kernel finds them. A mark is a function of the bytes from
 * `markBack` before its begin to `markAhead` behind it.
 */
export const markBack = 80;
export const markAhead = 72;

/** What is looked for in all of a content where the search for marks has seen a part of it: text of two and of four bytes a letter. Bits. */
export const wideKinds = { utf16: 1, utf32: 2 } as const;

/** What is told of a mark beside its begin: its length times two, plus one for a number in a list of bytes (`0x41, 0x4b`). */
export type MarkWord = number;

/** Bytes of a mark. */
export function markLength(word: MarkWord): number {
  return word >>> 1;
}

/** Whether a mark is a number in a list of bytes. */
export function isListed(word: MarkWord): boolean {
  return (word & 1) === 1;
}
