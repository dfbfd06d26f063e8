import { BlockMd5 } from "./md5-block.ts";

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

const md5 = new BlockMd5();
const nothing = new Uint8Array(0);
/** A hash is met at each of its keywords. */
let last = { value: "", isOfNothing: false };

/** Whether a value is md5crypt's hash of no password at all. Compilers of Flash films write one into each film that may be debugged. */
export function isHashOfNothing(value: string): boolean {
  if (value !== last.value) last = { value, isOfNothing: isOfNothing(value) };
  return last.isOfNothing;
}

function isOfNothing(value: string): boolean {
  const [, kind, given = "", hash] = form.exec(value) ?? [];
  if (kind === undefined) return false;
  const salt = Buffer.from(given);
  const { sum } = md5;
  md5.hash(Buffer.from(`$${kind}$`), salt);
  for (let round = 0; round < 1000; round++) {
    const salted = round % 3 === 0 ? nothing : salt;
    if (round % 2 === 0) md5.hash(sum, salted);
    else md5.hash(salted, sum);
  }
  const words = triples.map(([high, middle, low]) => (sum[high]! << 16) | (sum[middle]! << 8) | sum[low]!);
  return [...words.map((word) => inDigits(word, 4)), inDigits(sum[11]!, 2)].join("") === hash;
}

/** The lowest six bits first. */
function inDigits(word: number, count: number): string {
  return Array.from({ length: count }, (_, i) => digits[(word >> (6 * i)) & 63]!).join("");
}
