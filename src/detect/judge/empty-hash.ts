import { createHash } from "node:crypto";

const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const form = /^\$?\$(1|apr1)\$\$?([./0-9A-Za-z]{1,8})\$\$?([./0-9A-Za-z]{22})$/;
/** Places of the bytes that make four digits each (crypt of FreeBSD, "MD5 crypt"). */
const triples = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/** Whether a value is md5crypt's hash of no password at all. Compilers of Flash films write one into each film that may be debugged. */
export function isHashOfNothing(value: string): boolean {
  const [, kind, salt = "", hash] = form.exec(value) ?? [];
  if (kind === undefined) return false;
  let final = md5(`$${kind}$`, salt);
  for (let round = 0; round < 1000; round++) {
    const salted = round % 3 === 0 ? "" : salt;
    final = round % 2 === 0 ? md5(final, salted) : md5(salted, final);
  }
  const words = triples.map(([high, middle, low]) => (final[high]! << 16) | (final[middle]! << 8) | final[low]!);
  return [...words.map((word) => inDigits(word, 4)), inDigits(final[11]!, 2)].join("") === hash;
}

function md5(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The lowest six bits first. */
function inDigits(word: number, count: number): string {
  return Array.from({ length: count }, (_, i) => digits[(word >> (6 * i)) & 63]!).join("");
}
