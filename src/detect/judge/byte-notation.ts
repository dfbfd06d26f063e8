/** Lists of numbers: `0x8f, 0xa2`, `143, -94`. */
const NUMBER = /0[xX]([0-9a-fA-F]{1,2})|-?\d{1,3}/g;
/** Strings: escapes of bytes, and letters that stand for themselves. */
const LETTER = /\\x([0-9a-fA-F]{2})|\\?[\x21-\x7e]/g;

/** A list of letters, each in quotes. */
const LETTERS = /^(["'])\\?[^\\]\1\s*,/;
const QUOTED_LETTER = /(["'])\\?([\x20-\x7e])\1/g;

/** The bytes of a list of numbers, a string with escapes, or digits with colons, in hex; the text of a list of letters as it is. @param text without what stands around it */
export function hexOfBytes(text: string): string {
  if (LETTERS.test(text)) return [...text.matchAll(QUOTED_LETTER)].map(([, , letter]) => letter).join("");
  if (/^(?:[0-9a-fA-F]{2}[:,])+[0-9a-fA-F]{2}$/.test(text)) return text.replaceAll(/[:,]/g, "").toLowerCase();
  if (text.includes("\\x"))
    return [...text.matchAll(LETTER)].map(([all, hex]) => hex ?? all.charCodeAt(all.length - 1).toString(16)).join("");
  // Bytes of Java are signed.
  return [...text.matchAll(NUMBER)]
    .map(([all, hex]) => (hex ?? ((Number(all) + 256) % 256).toString(16)).padStart(2, "0"))
    .join("")
    .toLowerCase();
}
